"""How often the intervals of calibrated edges hold the truth, for docs/howto/calibration.md.

python -m gluteal_grade_lab measure calibration --draws 500      # one process, half an hour
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gluteal_grade.errors import Reason
from gluteal_grade.grading import Scales, load_scales
from gluteal_grade.review.agreement import Rater, Ratings, ScaleRatings
from gluteal_grade.review.agreement.scales import known
from gluteal_grade.review.calibration import CalibrationOptions, CalibrationReport, calibrate_scales
from gluteal_grade.review.calibration.fractions import Fractions, Measured
from gluteal_grade.statistics import Floats
from gluteal_grade_lab.validation.rows import markdown

MUSCLES = ("gluteus_maximus", "gluteus_medius", "gluteus_minimus")
SIDES = ("right", "left")
_NOISE = (0.03, 0.05, 0.07)  # of the readers; each reads the muscles of a study alike by another 0.02
_SHIFT, _EACH, _OF_STUDY = 0.02, 0.01, 0.02
_JUDGED = 50  # draws on which the bar is judged too, which takes as long as the edges
_SPREAD = 0.08  # of the muscles of one study


@dataclass(frozen=True)
class Reading:
    """What simulated readers gave, and the edges that they have: (readers, edges) by scale."""

    ratings: Ratings
    fractions: Fractions
    truth: dict[str, Floats]


def simulated(studies: int, readers: int, seed: int, scales: Scales, *, widening: float = 2.0, offset: float = 0.0) -> Reading:
    """Readers who differ in their own edges and make noise.

    Args:
        studies, readers: how many.
        seed: of all.
        scales: all are graded.
        widening: the noise at 100 % fat is larger than at 0 by so many times.
        offset: all readers' edges lie so much above those of the scales.
    """
    rng = np.random.default_rng([seed, studies, readers])
    units = [(f"s{n:04d}", muscle, side) for n in range(studies) for muscle in MUSCLES for side in SIDES]
    study = np.repeat(np.arange(studies), len(MUSCLES) * len(SIDES))
    fat = np.clip(rng.beta(1.0, 1.4, studies)[study] + rng.normal(0, _SPREAD, len(study)), 0, 1)
    seen = np.empty((len(study), readers))
    for r in range(readers):
        noise = rng.normal(0, _NOISE[r % 3], len(study)) + rng.normal(0, _OF_STUDY, studies)[study]
        seen[:, r] = fat + noise * (1 + widening * fat) / (1 + widening / 2)
    truth, tables = {}, []
    muscles, sides = (np.array([u[n] for u in units]) for n in (1, 2))
    raters = tuple(Rater("ABCDEF"[r], 1) for r in range(readers))
    for key, rule in scales.scales.items():
        middle = np.array([edge.at for edge in rule.active.edges]) + offset
        own = np.sort(middle + rng.normal(0, _SHIFT, (readers, 1)) + rng.normal(0, _EACH, (readers, len(middle))), axis=1)
        truth[key] = own
        grades = np.stack([np.digitize(seen[:, r], own[r]) for r in range(readers)], axis=1).astype(float)
        tables.append(ScaleRatings(known()[key], raters, study, muscles, sides, grades))
    ratings = Ratings(tuple(tables), studies, 0, 0, 0, 0, tuple(dict.fromkeys(u[0] for u in units)))
    measured = {u: Measured({"fat_fraction_core": float(v), "fat_fraction": float(v)}) for u, v in zip(units, fat, strict=True)}
    return Reading(ratings, Fractions(measured, "simulated"), truth)


@dataclass
class Told:
    """Of many draws of one size: what was said of one scale."""

    held: list[list[bool]] = field(default_factory=list)
    off: list[list[float]] = field(default_factory=list)
    width: list[list[float]] = field(default_factory=list)
    bar: list[bool] = field(default_factory=list)
    why: Counter[Reason] = field(default_factory=Counter)

    def add(self, report: CalibrationReport, key: str, truth: Floats) -> None:
        """One draw: intervals against the mean of the readers' edges."""
        (one,) = (f for f in report.found if f.key == key)
        if one.reason is not None:
            self.why[one.reason] += 1
            return
        middle = truth.mean(axis=0)
        self.held.append([bool(e.interval.low <= t <= e.interval.high) for e, t in zip(one.edges, middle, strict=True)])
        self.off.append([e.at - t for e, t in zip(one.edges, middle, strict=True)])
        self.width.append([e.interval.high - e.interval.low for e in one.edges])
        if one.bar is not None and one.bar.met is not None:
            self.bar.append(one.bar.met)

    def row(self) -> list[object]:
        """Given, held by edge, bias and width in points, bar met, why not."""
        given, why = len(self.held), ", ".join(f"`{reason}` {n}" for reason, n in self.why.most_common())
        if not given:
            return [0, "-", "-", "-", "-", why]
        cells = [" / ".join(f"{v:.1f}" for v in 100 * np.mean(values, axis=0)) for values in (self.held, self.off, self.width)]
        return [given, cells[0], cells[1], cells[2], f"{100 * np.mean(self.bar):.0f}", why or "-"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=500, help="simulated readings of each size")
    parser.add_argument("--studies", type=int, nargs="+", default=[10, 20, 30, 60, 120])
    parser.add_argument("--readers", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--scales", nargs="+", help="of grading.yaml; without it all")
    parser.add_argument("--widening", type=float, default=2.0, help="noise at 100 %% fat: so many times more than at 0")
    given = parser.parse_args(arguments)
    scales = load_scales()
    if given.scales:
        scales = scales.model_copy(update={"scales": {k: v for k, v in scales.scales.items() if k in given.scales}})
    lines: list[list[object]] = []
    for studies in given.studies:
        for readers in given.readers:
            told = {key: Told() for key in scales.scales}
            for seed in range(given.draws):
                reading = simulated(studies, readers, seed, scales, widening=given.widening)
                options = CalibrationOptions(draws=200, seed=seed, judge=seed < _JUDGED)
                report = calibrate_scales(reading.ratings, reading.fractions, scales, options)
                for key, one in told.items():
                    one.add(report, key, reading.truth[key])
                if (seed + 1) % 100 == 0:
                    print(studies, readers, seed + 1, {key: one.row() for key, one in told.items()}, file=sys.stderr, flush=True)
            lines += [[studies, readers, scales.scales[key].title, *one.row()] for key, one in told.items()]
    heads = ["studies", "readers", "scale", "edges given", "95 % interval holds the edge, %", "bias, points", "width, points", "bar met, %"]
    print(markdown([*heads, "not given"], lines))


if __name__ == "__main__":
    main()
