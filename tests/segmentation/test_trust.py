"""Outline trust falls with the doubt inside an outline, and is of glutei that a network drew."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.config import load_settings
from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.trust import outline_trust
from gluteal_grade.vocabulary import Muscle, Part, Region, Side, label_value

TRUST = load_settings().checks.trust
MEDIUS, TENSOR = ((Muscle.GLUTEUS_MEDIUS, Side.LEFT), (Muscle.TENSOR_FASCIAE_LATAE, Side.LEFT))


def labels() -> Volume:
    """Medius of two regions, and the tensor."""
    array = np.zeros((12, 8, 6), np.uint8)
    array[2:5] = label_value(Part(Muscle.GLUTEUS_MEDIUS, Region.ANTERIOR, Side.LEFT))
    array[5:8] = label_value(Part(Muscle.GLUTEUS_MEDIUS, Region.POSTERIOR, Side.LEFT))
    array[9:11] = label_value(Part(Muscle.TENSOR_FASCIAE_LATAE, Region.WHOLE, Side.LEFT))
    return Volume(array, np.eye(4))


def doubt(inside: float, outside: float = 0.9) -> Volume:
    """Of one amount in the medius, of another elsewhere."""
    array = np.full((12, 8, 6), outside, np.float32)
    array[2:8] = inside
    return Volume(array, np.eye(4))


@given(st.floats(0, 1), st.floats(0, 1))
def test_it_falls_with_the_doubt_of_the_whole_muscle_and_with_nothing_else(one: float, other: float) -> None:
    low, high = sorted((one, other))
    trusted, doubted = (outline_trust(labels(), doubt(d), None, TRUST)[MEDIUS] for d in (low, high))
    assert 0 <= doubted <= trusted <= 1
    assert outline_trust(labels(), doubt(low, 0.0), None, TRUST)[MEDIUS] == trusted


def test_it_is_half_at_the_settings_doubt_and_certain_of_none() -> None:
    half = doubt(TRUST.half_doubt[Muscle.GLUTEUS_MEDIUS])
    assert outline_trust(labels(), half, None, TRUST)[MEDIUS] == pytest.approx(0.5, abs=1e-5)
    assert outline_trust(labels(), half, labels(), TRUST)[MEDIUS] == pytest.approx(0.5, abs=1e-5)
    assert outline_trust(labels(), doubt(0.0), None, TRUST)[MEDIUS] == 1


def test_muscles_beside_the_glutei_and_given_labels_have_none() -> None:
    assert outline_trust(labels(), doubt(0.1), None, TRUST).keys() == {MEDIUS}
    assert not outline_trust(labels(), None, labels(), TRUST)


@given(st.integers(0, 6), st.integers(0, 6))
def test_a_muscle_that_outgrows_the_coarse_look_is_trusted_less(one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    trusts = [outline_trust(labels(), doubt(0.1), located(planes), TRUST)[MEDIUS] for planes in (more, fewer)]
    assert 0 <= trusts[1] <= trusts[0] <= 1
    if fewer < more:
        assert trusts[1] < trusts[0]


def test_the_coarse_look_counts_in_millilitres_on_its_own_grid() -> None:
    whole = labels().with_array((labels().array // 10 * 10).astype(np.uint8))
    half_as_fine = Volume(np.repeat(np.repeat(np.repeat(whole.array, 2, 0), 2, 1), 2, 2), np.diag([0.5, 0.5, 0.5, 1.0]))
    plain = outline_trust(labels(), doubt(0.11), whole, TRUST)[MEDIUS]
    assert outline_trust(labels(), doubt(0.11), half_as_fine, TRUST)[MEDIUS] == pytest.approx(plain)


def located(planes: int) -> Volume:
    """The coarse look: so many planes of the medius, 20 mm apart."""
    array = np.zeros((12, 8, 6), np.uint8)
    array[:planes] = label_value(Part(Muscle.GLUTEUS_MEDIUS, Region.WHOLE, Side.LEFT))
    return Volume(array, np.diag([20.0, 20.0, 20.0, 1.0]))
