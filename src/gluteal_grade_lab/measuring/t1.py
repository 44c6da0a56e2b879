"""Fat fraction from T1 against exact truth, with true labels: pooled and per-side anchors, `gmm3`, `kmeans3`, over shading and fat.

python -m scripts.measure_t1 --people 10 --bias 0 20 40 60 --cache FOLDER     # a body takes some 20 s to make, 4 s a shading
python -m scripts.measure_t1 --kind pd --bias 0 30                            # the makeshift contrasts

Bodies: `scripts/t1_cohort.py`; SNR 15-35, slices 3-7 mm, both sexes, 1.5 and 3 T. Errors are against the continuous anatomy.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from gluteal_grade.config import FatSettings, load_settings
from gluteal_grade.errors import RefusedInput
from gluteal_grade.fat.between_anchors import within_labels
from gluteal_grade.fat.clusters import clustered_by_muscle
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.pd import from_pd
from gluteal_grade.fat.t1 import from_t1
from gluteal_grade.fat.t2 import from_t2
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.measuring.t1_people import Person, people
from gluteal_grade_lab.phantom.truth import label_values

WAYS = {SeriesKind.T1: from_t1, SeriesKind.T2: from_t2, SeriesKind.PD: from_pd}
METHODS = ("anchors", "gmm3", "kmeans3")
STRATA = ((0.0, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 0.95))


@dataclass(frozen=True)
class Row:
    """One muscle of one body under one shading; NaN errors where the study was refused.

    Attributes:
        seed, bias_percent, slice_mm, sex, muscle: of what.
        truth: fat fraction of the continuous anatomy.
        truth_on_labels: of the labelled voxels, neighbours in border voxels included.
        found: method to measured fat fraction.
        offset_sd, gain_sd: what the map says of itself.
        refusal: why not.
    """

    seed: int
    bias_percent: float
    slice_mm: float
    sex: str
    muscle: str
    truth: float
    truth_on_labels: float
    found: dict[str, float]
    offset_sd: float = math.nan
    gain_sd: float = math.nan
    refusal: str = ""


def measured(one: Person, kind: SeriesKind, bias_percent: float, settings: FatSettings, run: int = 0) -> Iterator[Row]:
    """All muscles of one body, measured by every method."""
    image = one.image(kind, bias_percent, snr=15 + 5 * (one.seed % 5), run=run)
    series = Series("s1", kind, "phantom", lambda: image, grid=image.grid)
    try:
        fat: FatMap | None = within_labels(WAYS[kind](series, settings), one.labels, settings)
    except RefusedInput as error:
        fat, refusal = None, error.reason.value
    maps = {} if fat is None else {m: clustered_by_muscle(fat, one.labels, settings.t1.model_copy(update={"method": m})) for m in METHODS}
    for part, (exact, on_labels) in one.truth.items():
        mask = np.isin(one.labels.array, label_values(part))
        found = {method: float(np.nanmean(m.volume.array[mask], dtype=np.float64)) for method, m in maps.items()}
        facts = (one.seed, bias_percent, image.spacing_mm[2], "MF"[one.seed % 2], str(part), exact, on_labels)
        if fat is None:
            yield Row(*facts, dict.fromkeys(METHODS, math.nan), refusal=refusal)
        else:
            yield Row(*facts, found, fat.spread.offset_sd, fat.spread.gain_sd)


def rmse(rows: list[Row], method: str) -> str:
    """Root mean square error in points, `-` for none."""
    errors = [100 * (r.found[method] - r.truth) for r in rows if not r.refusal]
    return f"{math.sqrt(float(np.mean(np.square(errors)))):.2f}" if errors else "-"


def table(rows: list[Row]) -> str:
    """Markdown: RMSE by shading, method and stratum of true fat."""
    heads = [
        "bias",
        "method",
        *(f"FF {100 * a:.0f}-{100 * b:.0f} %" for a, b in STRATA),
        "all",
        "mean error",
        "worst",
        "muscles",
        "refused",
    ]
    lines = ["| " + " | ".join(heads) + " |", "| --- " * len(heads) + "|"]
    shadings: list[float | None] = [*sorted({r.bias_percent for r in rows}), None]
    for bias in shadings:
        some = [r for r in rows if bias is None or r.bias_percent == bias]
        for method in METHODS:
            e = np.array([100 * (r.found[method] - r.truth) for r in some if not r.refusal] or [math.nan])
            cells = ["all" if bias is None else f"{bias:g} %", method]
            cells += [rmse([r for r in some if a <= r.truth < b], method) for a, b in STRATA]
            cells += [rmse(some, method), f"{e.mean():+.2f}", f"{e[np.abs(e).argmax()]:+.1f}"]
            lines.append("| " + " | ".join([*cells, str(e.size), str(sum(bool(r.refusal) for r in some))]) + " |")
    return "\n".join(lines)


def honesty(rows: list[Row]) -> str:
    """How the anchors' own SD compares with the errors of the anchors method."""
    good = [r for r in rows if not r.refusal and not math.isnan(r.offset_sd)]
    z = [(r.found["anchors"] - r.truth) / max(math.hypot(r.offset_sd, r.gain_sd * r.truth), 1e-6) for r in good]
    inside = float(np.mean(np.abs(z) < 1.96))
    return f"error over the stated SD (anchors' drift alone): RMS {np.sqrt(np.mean(np.square(z))):.2f}, |z| < 1.96 in {inside:.0%}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; with `--rows` keep one JSON line a muscle."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--bias", type=float, nargs="+", default=[0, 20, 40, 60])
    parser.add_argument("--run", type=int, default=0, help="another field and noise on the same bodies")
    parser.add_argument("--kind", choices=[k.value for k in WAYS], default="t1")
    parser.add_argument("--cache", type=Path, help="folder that keeps the bodies")
    parser.add_argument("--rows", type=Path, help="file of JSON lines; what it holds is not measured again")
    chosen = parser.parse_args(arguments)
    rows: list[Row] = []
    if chosen.rows and chosen.rows.exists():
        rows = [Row(**json.loads(line)) for line in chosen.rows.read_text().splitlines()]
    done = {(r.seed, r.bias_percent) for r in rows}
    settings = load_settings().fat
    for one in people(chosen.first, chosen.people, chosen.cache):
        for bias in chosen.bias:
            if (one.seed, bias) in done:
                continue
            new = list(measured(one, SeriesKind(chosen.kind), bias, settings, chosen.run))
            rows += new
            print(
                one.seed,
                bias,
                np.round([100 * (r.found["anchors"] - r.truth) for r in new], 1),
                new[0].refusal,
                file=sys.stderr,
                flush=True,
            )
            if chosen.rows:
                with chosen.rows.open("a", encoding="utf-8") as stream:
                    stream.writelines(json.dumps(asdict(r)) + "\n" for r in new)
    print(table(rows))
    print(honesty(rows))
