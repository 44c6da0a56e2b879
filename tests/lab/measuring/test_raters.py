"""Outlines drawn on some slices become whole muscles, and sides are told by place."""

import numpy as np

from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Side
from gluteal_grade_lab.measuring.raters import filled, labels_of


def drawn() -> np.ndarray:
    """Two muscles side by side that grow and move from slice to slice; every third slice is drawn."""
    x, y, z = np.meshgrid(np.arange(40), np.arange(30), np.arange(11), indexing="ij")
    truth = np.where(np.hypot(x - 15 - z, y - 15) < 6 + z / 3, 1, 0) + np.where(np.hypot(x - 28 - z, y - 15) < 4, 2, 0)
    return np.minimum(truth, 2).astype(np.uint8)


def test_slices_between_are_filled_by_shape() -> None:
    truth = drawn()
    sparse = np.where(np.isin(np.arange(11), (1, 4, 7)), truth, 0).astype(np.uint8)
    found = filled(sparse, 3, (1.0, 1.0, 3.0))
    assert np.array_equal(found[:, :, [1, 4, 7]], truth[:, :, [1, 4, 7]])
    assert not found[:, :, [0, 8, 9, 10]].any()
    for z in (2, 3, 5, 6):
        for value in (1, 2):
            a, b = found[:, :, z] == value, truth[:, :, z] == value
            assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.9


def test_sides_by_place_or_the_right_alone() -> None:
    numbers = np.zeros((20, 10, 3), np.uint8)
    numbers[2:6, 3:6], numbers[14:18, 3:6] = 3, 3
    image = Volume(np.zeros(numbers.shape, np.float32), np.eye(4))
    for both, sides in ((True, {Side.LEFT: (2, 6), Side.RIGHT: (14, 18)}), (False, {Side.RIGHT: (2, 18)})):
        labels = labels_of(numbers, image, both).array
        told = {LABEL_VALUES[v] for v in np.unique(labels) if v}
        assert {part.muscle for part in told} == {Muscle.GLUTEUS_MINIMUS}
        assert {part.side for part in told} == set(sides)
        for v, part in LABEL_VALUES.items():
            if part in told:
                at = np.argwhere(labels == v)[:, 0]
                assert (at.min(), at.max() + 1) == sides[part.side]
