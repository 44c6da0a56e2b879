"""What is no hip is refused; a cut or a fatty one is not."""

import numpy as np
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.recognised import why_no_hip
from gluteal_grade.vocabulary import LABEL_VALUES, Region
from tests.segmentation.fakes import SETTINGS

CHECKS = SETTINGS.checks
WHOLE = [value for value, part in LABEL_VALUES.items() if part.region is Region.WHOLE]
AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])


def labels(count: int = 3, side: int = 14) -> Volume:
    """Cubes of 56 mm (176 ml) beside each other."""
    array = np.zeros((20, 20, 20 * count), np.uint8)
    for n, value in enumerate(WHOLE[:count]):
        array[2 : 2 + side, 2 : 2 + side, 20 * n + 2 : 20 * n + 2 + side] = value
    return Volume(array, AFFINE)


def doubt(given: Volume, value: float) -> Volume:
    return given.with_array(np.where(given.array > 0, np.float32(value), np.float32(0)))


def elsewhere(given: Volume, muscles: int) -> Volume:
    """The coarse look, without the first few muscles."""
    return given.with_array(np.where(np.isin(given.array, WHOLE[:muscles]), 0, given.array).astype(np.uint8))


@pytest.mark.parametrize(
    ("uncertainty", "missed", "refused"), [(0.1, 0, False), (0.1, 3, False), (0.3, 1, False), (0.3, 2, True), (0.3, 3, True)]
)
def test_only_disagreement_and_doubt_together_refuse(uncertainty: float, missed: int, refused: bool) -> None:
    given = labels()
    why = why_no_hip(given, doubt(given, uncertainty), elsewhere(given, missed), CHECKS)
    assert bool(why) == refused
    if refused:
        assert f"{missed} of 3 muscles" in why
        assert "0.30" in why


def test_next_to_nothing_is_refused_however_sure() -> None:
    given = labels(1, 9)  # 47 ml
    assert "47 ml" in why_no_hip(given, doubt(given, 0.0), given, CHECKS)
    assert not why_no_hip(labels(1), doubt(labels(1), 0.0), labels(1), CHECKS)


@pytest.mark.parametrize(
    ("bone_ml", "refused"), [((0.0,), True), ((3.0, 5.0), True), ((25.0, 20.0), False), ((float("nan"),), False), ((), False)]
)
def test_large_muscle_without_hip_bone_and_without_its_wings_muscles_is_a_thigh(bone_ml: tuple[float, ...], refused: bool) -> None:
    given = labels(1)  # maximus alone
    why = why_no_hip(given, doubt(given, 0.0), given, CHECKS, bone_ml)
    assert bool(why) == refused
    assert not refused or "thigh" in why


def test_medius_and_minimus_are_enough_where_no_bone_was_told() -> None:
    given = labels(3)
    assert not why_no_hip(given, doubt(given, 0.0), given, CHECKS, (0.0,))
