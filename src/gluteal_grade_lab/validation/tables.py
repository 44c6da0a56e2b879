"""The cohort's records as markdown tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from scipy.stats import beta

from gluteal_grade.grading import known_scales
from gluteal_grade.vocabulary import primary_scale
from gluteal_grade_lab.validation.error_tables import automatic, beside_metal, errors
from gluteal_grade_lab.validation.grade_tables import coverage, kappas, matrices, stated
from gluteal_grade_lab.validation.measured import Record
from gluteal_grade_lab.validation.rows import NAMES, is_plain, markdown


def every_table(records: list[Record]) -> str:
    """All tables that the records have data for, each under its heading."""
    primary = primary_scale(known_scales())
    parts = [f"{len(records)} studies."]
    for labels in ("true", "auto"):
        tables = [
            ("Fat fraction against truth", errors(records, labels)),
            ("Beside metal", beside_metal(records, labels)),
            ("Grades against truth", kappas(records, labels)),
            (f"{primary.title}, true (rows) against graded", matrices(records, labels)),
            ("95 % intervals", coverage(records, labels)),
            (f"Stated probability of the {primary.title} grade", stated(records, labels)),
            ("Not measured", refusals(records, labels)),
        ]
        parts += [f"### {title}, {labels} labels\n\n{text}" for title, text in tables if text]
    parts += [
        f"### {t}\n\n{text}" for t, text in (("Automatic against true labels", automatic(records)), ("Swaps", swaps(records))) if text
    ]
    return "\n\n".join(parts) + "\n"


def refusals(records: list[Record], labels: str) -> str:
    """Studies refused and muscles not measured, with their reasons; swaps and metal apart."""
    kinds: dict[str, Callable[[Record], bool]] = {
        "plain": is_plain,
        "metal": lambda r: r["design"]["metal"] != "none",
        "swap": lambda r: r["design"]["swap"] != "none",
    }
    lines = []
    for name in NAMES:
        for kind, fits in kinds.items():
            runs = [run for r in records if fits(r) for run in r["runs"] if (run["asked"], run["labels"]) == (name, labels)]
            if not runs or (kind == "swap" and name != "dixon"):
                continue
            refused = Counter(run["refusal"] for run in runs if run["refusal"])
            missing = Counter(m["reason"] for run in runs for m in run["rows"] if m["ff"] is None)
            of = sum(len(run["rows"]) for run in runs)
            lines.append(
                [
                    NAMES[name],
                    kind,
                    f"{sum(refused.values())} of {len(runs)}",
                    _counted(refused),
                    f"{sum(missing.values())} of {of}",
                    _counted(missing),
                ]
            )
    return markdown(["fat by", "studies", "refused", "why", "muscles without a number", "why"], lines) if lines else ""


def swaps(records: list[Record]) -> str:
    """Exchanged Dixon pairs: found, and the worst error of what was given a number nevertheless."""
    lines = []
    kinds = ("none", "whole", "leg", "slab", "leg_slab", "blob")
    for kind in kinds:
        runs = [
            (r, run)
            for r in records
            for run in r["runs"]
            if run["asked"] == "dixon" and run["labels"] == "true" and r["design"]["swap"] == kind
        ]
        if not runs:
            continue
        found = sum(run["refusal"] == "water_fat_swap" or "water_fat_swap" in run["notes"] for _, run in runs)
        low, high = exact_interval(found, len(runs))
        e = [100 * (m["ff"] - m["true"]) for _, run in runs for m in run["rows"] if m["ff"] is not None]
        worst = f"{max(e, key=abs):+.2f}" if e else "-"
        lines.append([kind, len(runs), found, f"{low:.0%} to {high:.0%}", len(e), worst])
    return markdown(["exchanged", "studies", "said so", "95 %", "muscles measured", "worst error, points"], lines) if lines else ""


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} {n}" for reason, n in reasons.most_common())


def exact_interval(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of `hits` of `n` (Clopper & Pearson 1934)."""
    if n == 0:
        return 0.0, 1.0
    low = float(beta.ppf(0.025, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    return low, high
