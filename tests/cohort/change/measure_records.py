"""How often two measurements of like muscles differ beyond the SDC though their truths are made equal (docs/longitudinal.md).

Pairs of the validation cohort (scripts/validate.py): two bodies, the same muscle, fat within the same ten points; the second is moved
so that the true fractions agree, so what is left is error. Usage:
    python -m tests.cohort.change.measure_records build/validation/records.jsonl true
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from gluteal_grade.cohort.change.compare import stated
from gluteal_grade.config import load_settings
from gluteal_grade.grading.scales import load_scales
from gluteal_grade.result.models import IntervalPart
from gluteal_grade.statistics.change import change_interval, smallest_detectable_change
from gluteal_grade.statistics.split_normal import SplitNormal
from gluteal_grade_lab.validation.measured import rows_of
from gluteal_grade_lab.validation.refit import refitted

PAIRS = 400  # drawn per muscle and ten points of fat


def measure(path: Path, labels: str, method: str) -> dict[str, tuple[int, int]]:
    """Pairs called changed, and all pairs, by muscle."""
    records = refitted([json.loads(line) for line in path.read_text().splitlines()], load_settings().uncertainty, load_scales())
    groups: dict[tuple[str, int], list[tuple[int, SplitNormal, float]]] = {}
    for record, run, row in rows_of(records, asked=method, labels=labels):
        if row["status"] == "graded" and "water_fat_swap" not in run["notes"]:
            found = stated(row["ff"], {k: IntervalPart(below=b, above=a) for k, (b, a) in row["parts"].items()})
            assert found is not None
            groups.setdefault((row["muscle"], min(int(10 * row["true"]), 6)), []).append((record["seed"], found, row["true"]))
    rng = np.random.default_rng(0)
    counts: dict[str, tuple[int, int]] = {}
    for (muscle, _), rows in sorted(groups.items()):
        for _ in range(PAIRS if len(rows) > 1 else 0):
            (seed, prior, true), (other, moved, its) = (rows[i] for i in rng.choice(len(rows), 2, replace=False))
            if seed == other:
                continue
            current = SplitNormal(moved.mode - its + true, moved.below, moved.above)
            low, high = change_interval(prior, current)
            beyond = abs(current.mode - prior.mode) > smallest_detectable_change(prior, current) and not low <= 0 <= high
            changed, pairs = counts.get(muscle, (0, 0))
            counts[muscle] = changed + beyond, pairs + 1
    return counts


if __name__ == "__main__":
    for name in ("dixon", "t1"):
        found = measure(Path(sys.argv[1]), sys.argv[2], name)
        total = [sum(n) for n in zip(*found.values(), strict=True)]
        words = ", ".join(f"{m} {100 * c / n:.1f} %" for m, (c, n) in found.items())
        print(f"{name}: {100 * total[0] / total[1]:.1f} % of {total[1]} ({words})")  # noqa: T201
