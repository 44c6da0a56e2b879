"""The curve of outline trust: recovered where it is known, fitted without the person it is asked about; poses move no voxel."""

import numpy as np
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import GLUTEI
from gluteal_grade_lab.training.evaluate import real, trust

EACH = 150


def rows(persons: int = 12, each: int = EACH, shift: float = 1.0) -> list[dict]:
    """Outlines whose chance to be bad is known: half at 0.10, 0.08, 0.12, steepness 9, outgrowth 3; the last doubts `shift` times more."""
    rng = np.random.default_rng(1)
    half = dict(zip(GLUTEI, (0.10, 0.08, 0.12), strict=True))
    found = []
    for person in range(persons):
        for n in range(each):
            muscle = GLUTEI[n % 3]
            doubt = half[muscle] * float(np.exp(rng.normal(-0.2, 0.3)))
            larger = float(np.exp(rng.normal(0.0, 0.4)))
            bad = rng.random() > 1 / (1 + (doubt / half[muscle]) ** 9 * larger**3)
            doubt *= shift if person == persons - 1 else 1.0
            told = {"doubt": doubt, "outgrowth": larger, "dice": 0.5 if bad else 0.9}
            found.append({"person": f"p{person}", "muscle": muscle.value, "learnt": person > 1} | told)
    return found


def test_a_known_curve_is_found() -> None:
    curve = trust.fitted(rows())
    assert curve.half == pytest.approx([0.10, 0.08, 0.12], rel=0.06)
    assert curve.steepness == pytest.approx(9, rel=0.15)
    assert curve.outgrowth == pytest.approx(3, rel=0.2)


def test_nobody_is_judged_by_a_curve_of_their_own() -> None:
    plain, odd = (trust.without_the_person(rows(shift=shift)) for shift in (1.0, 3.0))
    others = trust.fitted(rows()[:-EACH]).trust(rows(shift=3.0)[-EACH:])
    assert odd[-EACH:] == pytest.approx(others)
    assert (odd[-EACH:] < plain[-EACH:]).all()


def test_auroc_counts_pairs_in_order() -> None:
    bad = np.array([True, False, False, True])
    assert trust.auroc(np.array([0.1, 0.9, 0.5, 0.5]), bad) == pytest.approx(3.5 / 4)
    assert np.isnan(trust.auroc(np.array([0.1, 0.2]), np.array([True, True])))


def test_the_table_names_each_person_that_was_not_learnt() -> None:
    text = trust.render(rows())
    assert f"| p0 | {EACH} |" in text
    assert "| p5 |" not in text
    assert "steepness" in text


@pytest.mark.parametrize("turn", trust._TURNS)
def test_a_pose_turns_about_the_middle(turn) -> None:
    image = Volume(np.zeros((5, 7, 9), np.float32), np.diag([2.0, 2.0, 4.0, 1.0]))
    posed = trust._pose(image, trust.Posed(real.CASES[0], *turn))
    middle = np.append((np.array(image.shape) - 1) / 2, 1)
    assert posed.affine @ middle == pytest.approx(image.affine @ middle)
    assert np.abs(np.linalg.det(posed.affine[:3, :3])) == pytest.approx(16 * turn[2] ** 3)
    assert posed.array is image.array
