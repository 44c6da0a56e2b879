from collections import Counter
from dataclasses import replace

import pytest

from gluteal_grade_lab.phantom.swapped import SwapKind
from gluteal_grade_lab.validation.design import CALIBRATION, design, spec

COHORT = [design(seed) for seed in range(300)]


def test_the_cohort_covers_what_it_should():
    assert {d.sex for d in COHORT} == {"M", "F"}
    assert {d.slice_mm for d in COHORT} == {3, 4, 5, 6, 7}
    assert min(d.snr for d in COHORT) < 9
    assert max(d.snr for d in COHORT) > 55
    assert min(d.bias_percent for d in COHORT) < 3
    assert max(d.bias_percent for d in COHORT) > 57
    means = [fat.mean for d in COHORT[:60] for *_, fat in spec(d).fat]
    assert min(means) < 0.05
    assert max(means) > 0.85
    assert Counter(d.metal for d in COHORT) == {"none": 180, "plain": 60, "mars": 60}
    assert Counter(d.swap is SwapKind.NONE for d in COHORT) == {True: 240, False: 60}
    assert not any(d.metal != "none" and d.swap is not SwapKind.NONE for d in COHORT)


@pytest.mark.parametrize("seed", [0, 3, 4, CALIBRATION + 9])
def test_a_seed_makes_the_same_study_again(seed):
    assert design(seed) == design(seed)
    one, again = spec(design(seed)), spec(design(seed))
    assert replace(one, grid=again.grid) == again
    assert one.grid.matches(again.grid)
    assert (spec(design(seed)).alloy is None) == (design(seed).metal == "none")


def test_calibration_and_verification_share_no_study():
    assert not {spec(design(seed)).name for seed in range(400)} & {spec(design(CALIBRATION + seed)).name for seed in range(400)}
