"""How often the intervals of agreement hold the truth, for docs/howto/agreement.md.

python -m scripts.measure_agreement
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gluteal_grade.review.agreement.compute import compute_agreement
from gluteal_grade.review.agreement.ratings import Rater, Ratings, ScaleRatings
from gluteal_grade.review.agreement.report import AgreementOptions
from gluteal_grade.review.agreement.scales import known

_SIMULATIONS, _LARGE = 500, 60_000
_UNITS = 6  # muscles and sides of a study
_EDGES = (0.10, 0.25, 0.50, 0.75)
_RATERS = (Rater("A", 1), Rater("B", 1), Rater("C", 1))
_WANTED = {
    "quartile": ("percent_agreement", "kappa", "kappa_quadratic", "gwet_ac2_quadratic", "krippendorff_alpha_ordinal", "fleiss_kappa"),
    "fat_fraction": ("icc_2_1", "icc_3_1", "bias", "sd_of_differences", "loa_low", "loa_high"),
}
# what differs: (noise of a reader, offset of reader B)
_READERS = {"readers alike": (0.05, 0.0), "one reads higher": (0.08, 0.05)}


def simulated(studies: int, units: int, noise: float, offset: float, seed: int) -> Ratings:
    """Fractions of three readers; the units of a study share most of what they are. Their Quartile grades."""
    rng = np.random.default_rng(seed)
    study = np.repeat(np.arange(studies), units)
    truth = rng.beta(1.2, 3.0, studies)[study] + rng.normal(0, 0.08, len(study))
    seen = np.clip(truth[:, None] + rng.normal(0, noise, (len(study), 3)) + [0.0, offset, 0.0], 0, 1)
    grades = np.digitize(seen, _EDGES).astype(float)
    return Ratings(tuple(_scale(name, study, v) for name, v in (("quartile", grades), ("fat_fraction", seen))), studies, 0, 0, 0, 0)


def _scale(name: str, study: npt.NDArray[np.intp], values: npt.NDArray[np.float64]) -> ScaleRatings:
    nothing = np.full(len(study), "")
    return ScaleRatings(known()[name], _RATERS, study, nothing, nothing, values)


def numbers(ratings: Ratings, seed: int, draws: int) -> dict[str, tuple[float, float, float]]:
    """Value and limits of A against B, and of all three."""
    rows = compute_agreement(ratings, AgreementOptions(draws, seed)).rows
    return {
        f"{r.scale} {r.statistic}": (r.value, r.low, r.high)
        for r in rows
        if r.comparison in ("A vs B", "all readers") and r.statistic in _WANTED[r.scale]
        if not (r.comparison == "all readers" and r.statistic in ("percent_agreement", "icc_2_1", "icc_3_1"))
    }


def main() -> None:
    """Print a line for each setting, size and statistic."""
    for units, what in ((_UNITS, "6 units a study, bootstrap"), (1, "1 unit a study, fat fraction by formula")):
        for name, (noise, offset) in _READERS.items():
            truth = numbers(simulated(_LARGE, units, noise, offset, 1), 0, 200)
            for studies in (10, 20, 50, 100):
                held: dict[str, list[bool]] = {key: [] for key in truth}
                for k in range(_SIMULATIONS):
                    for key, (_, low, high) in numbers(simulated(studies, units, noise, offset, 1000 * studies + k), k, 1000).items():
                        if low == low:
                            held[key].append(low <= truth[key][0] <= high)
                told = "; ".join(f"{key} {truth[key][0]:.2f}: {np.mean(h):.3f} of {len(h)}" for key, h in held.items())
                print(f"{what}, {name}, {studies} studies: {told}", flush=True)
