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
    trusted, doubted = (outline_trust(labels(), doubt(d), TRUST)[MEDIUS] for d in (low, high))
    assert 0 <= doubted <= trusted <= 1
    assert outline_trust(labels(), doubt(low, 0.0), TRUST)[MEDIUS] == trusted


def test_it_is_half_at_the_settings_doubt_and_certain_of_none() -> None:
    assert outline_trust(labels(), doubt(TRUST.half_doubt[Muscle.GLUTEUS_MEDIUS]), TRUST)[MEDIUS] == pytest.approx(0.5, abs=1e-5)
    assert outline_trust(labels(), doubt(0.0), TRUST)[MEDIUS] == 1


def test_muscles_beside_the_glutei_and_given_labels_have_none() -> None:
    assert outline_trust(labels(), doubt(0.1), TRUST).keys() == {MEDIUS}
    assert not outline_trust(labels(), None, TRUST)
