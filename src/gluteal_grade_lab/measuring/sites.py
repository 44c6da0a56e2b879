"""Cohorts of several sites with known effects: what `cohort sites` finds and what ComBat leaves, for docs/howto/sites.md.

python -m gluteal_grade_lab measure sites [--simulations N]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gluteal_grade.cohort.sites.combat import harmonised
from gluteal_grade.cohort.sites.compare import compared
from gluteal_grade.cohort.sites.options import QUANTITIES, SitesOptions
from gluteal_grade.cohort.sites.studies import Made
from gluteal_grade.vocabulary import GLUTEI, Side

_SITES = 3
_OPTIONS = SitesOptions(by=("site",), harmonise="site", keep=("sex", "age"))
_OWN, _NOISE = 4.0, 1.5  # SD of a person's fat over all muscles, and of one muscle and side, points
_SLOPE, _WOMEN = 0.2, 2.0  # points a year, and points more of women
_FAT_SHIFT, _SPREAD = 2.0, 0.15  # SD of a site's shift, points, and of its spread, of itself
_PARTS = [(str(muscle), str(side)) for muscle in GLUTEI for side in Side]


@dataclass(frozen=True)
class Found:
    """One cohort.

    Attributes:
        before, after: RMS over sites of the error of a site's mean, measured and harmonised, points; what all sites share does not count.
        moved: RMS of what one person's value was moved by, points.
        slope: of age in harmonised values, points a year.
        told: share of the muscles' tests with p_holm below 0.05.
    """

    before: float
    after: float
    moved: float
    slope: float
    told: float


def simulated(each: int, *, effects: bool, apart_years: float, seed: int) -> Found:
    """A cohort of three sites, all of Dixon fat fractions.

    Args:
        each: people of a site.
        effects: do sites differ?
        apart_years: between the mean ages of the first and the last site.
        seed: start of the generator.
    """
    rng = np.random.default_rng([seed, each, effects, int(apart_years)])
    people = _SITES * each
    site = np.repeat(np.arange(_SITES), each)
    age = rng.uniform(40, 80, people) + apart_years * (site / (_SITES - 1) - 0.5)
    women = rng.random(people) < 0.5
    shift = rng.normal(0, _FAT_SHIFT, _SITES) if effects else np.zeros(_SITES)
    spread = np.exp(rng.normal(0, _SPREAD, _SITES)) if effects else np.ones(_SITES)
    mean = 25 + _SLOPE * (age - 60) + _WOMEN * women
    own = _OWN * rng.normal(size=(people, 1)) + _NOISE * rng.normal(size=(people, len(_PARTS)))
    true = mean[:, None] + own
    measured = mean[:, None] + shift[site][:, None] + spread[site][:, None] * own
    made = _made(measured, site, age, women)
    effects_found = compared(made.studies, made.rows, ("site",), _OPTIONS.keep)[1]
    done = harmonised(made, _OPTIONS).values["fat_fraction_core_harmonised"].to_numpy(float).reshape(people, len(_PARTS))
    left = [np.array([(values - true)[site == s].mean() for s in range(_SITES)]) for values in (measured, done)]
    before, after = (float(np.sqrt(np.mean((x - x.mean()) ** 2))) for x in left)
    held = np.column_stack([np.ones(people), age, women])
    slope = np.linalg.lstsq(held, done.mean(axis=1), rcond=None)[0][1]
    told = [e.p_holm < 0.05 for e in effects_found if e.place.quantity == "fat_fraction_core"]
    return Found(before, after, float(np.sqrt(np.mean((done - measured) ** 2))), float(slope), float(np.mean(told)))


def _made(values: np.ndarray, site: np.ndarray, age: np.ndarray, women: np.ndarray) -> Made:
    names = [f"{n:05d}" for n in range(len(values))]
    studies = pd.DataFrame({"study": names, "site": [f"s{s}" for s in site], "age": age, "sex": np.where(women, "F", "M")})
    rows = pd.DataFrame(
        {
            "study": np.repeat(names, len(_PARTS)),
            "muscle": [muscle for muscle, _ in _PARTS] * len(names),
            "side": [side for _, side in _PARTS] * len(names),
            "region": "whole",
            "method": "dixon",
            "labels": "automatic",
        }
        | dict.fromkeys(QUANTITIES, np.nan)
        | {"fat_fraction_core": values.ravel()}
    )
    return Made(studies, rows, ("site",), ())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each kind of cohort."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=200)
    simulations = parser.parse_args(arguments).simulations
    print(
        "| sites | people of each | ages | a site's mean off, measured | harmonised | a person moved by | slope of age | sites told apart |"
    )
    print("| --- " * 8 + "|")
    for effects, apart in ((True, 0.0), (True, 15.0), (False, 0.0)):
        for each in (20, 50, 100):
            found = [simulated(each, effects=effects, apart_years=apart, seed=seed) for seed in range(simulations)]
            before, after, moved = (np.sqrt(np.mean([getattr(f, name) ** 2 for f in found])) for name in ("before", "after", "moved"))
            slope, told = np.mean([f.slope for f in found]), np.mean([f.told for f in found])
            print(
                f"| {'differ' if effects else 'alike'} | {each} | {f'{apart:.0f} years apart' if apart else 'alike'} | {before:.2f} | "
                f"{after:.2f} | {moved:.2f} | {slope:.3f} | {100 * told:.0f} % |",
                flush=True,
            )
