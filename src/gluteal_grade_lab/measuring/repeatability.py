"""How often the intervals of `cohort repeatability` hold the truth, for docs/howto/statistics.md.

python -m gluteal_grade_lab measure repeatability [--simulations N]
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

import numpy as np

from gluteal_grade.statistics import repeated

_MEAN, _BETWEEN, _CV = 20.0, 0.3, 0.05  # of a fat fraction in points: mean, CV between subjects, CV within


def coverage(*, subjects: int, repeats: int, power: float, simulations: int, seed: int) -> dict[str, float]:
    """Share of 95 % intervals that hold the truth, of repeats whose within-subject SD is known.

    Args:
        subjects, repeats: how many.
        power: of the mean with which the SD grows: 0, the same SD for all; 1, the same coefficient of variation.
        simulations: how many.
        seed: start of the generator.
    """
    rng = np.random.default_rng([seed, subjects, repeats])
    held: Counter[str] = Counter()
    for _ in range(simulations):
        mean = _MEAN * np.maximum(1 + _BETWEEN * rng.normal(size=subjects), 0.2)
        sd = _CV * _MEAN * (mean / _MEAN) ** power
        found = repeated(list(mean[:, None] + sd[:, None] * rng.normal(size=(subjects, repeats))), range(subjects))
        wsd, between = float(np.sqrt(np.mean(sd**2))), _MEAN**2 * _BETWEEN**2
        truths = {
            "wsd": (found.wsd, wsd),
            "rc": (found.rc, 1.96 * np.sqrt(2) * wsd),
            "rms_cv": (found.rms_cv, 100 * float(np.sqrt(np.mean((sd / mean) ** 2)))),
            "bias": (found.bias, 0.0),
            "loa_high": (found.loa_high, 1.96 * np.sqrt(2) * wsd),
            "icc_2_1": (found.icc_2_1, between / (between + wsd**2)),
        }
        held.update(name for name, (one, truth) in truths.items() if one.low <= truth <= one.high)
    return {name: held[name] / simulations for name in ("wsd", "rc", "rms_cv", "bias", "loa_high", "icc_2_1")}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=2000)
    simulations = parser.parse_args(arguments).simulations
    print("| spread within | subjects x repeats | wSD, RC | RMS-CV | bias | limit of agreement | ICC(2,1) |\n| --- " + "| --- " * 6 + "|")
    for power, words in ((0.0, "the same SD"), (1.0, "grows with the mean")):
        for subjects, repeats in ((5, 2), (10, 2), (20, 2), (40, 2), (20, 3)):
            held = coverage(subjects=subjects, repeats=repeats, power=power, simulations=simulations, seed=1)
            numbers = (f"{100 * held[name]:.1f} %" for name in ("wsd", "rms_cv", "bias", "loa_high", "icc_2_1"))
            print(f"| {words} | {subjects} x {repeats} | {' | '.join(numbers)} |", flush=True)
