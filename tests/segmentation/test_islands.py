"""Pieces of one gluteus within another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.islands import without_islands
from gluteal_grade.vocabulary import Muscle, Part, Region, Side, label_value

MAXIMUS, MEDIUS, TENSOR = (
    label_value(Part(m, Region.WHOLE, Side.RIGHT)) for m in (Muscle.GLUTEUS_MAXIMUS, Muscle.GLUTEUS_MEDIUS, Muscle.TENSOR_FASCIAE_LATAE)
)
OTHER_SIDE = label_value(Part(Muscle.GLUTEUS_MAXIMUS, Region.WHOLE, Side.LEFT))


def joined(labels: Volume, least_share: float) -> Volume:
    sure = labels.with_array(np.full(labels.shape, 0.1, np.float32))
    found, uncertainty = without_islands(labels, sure, least_share)
    moved = found.array != labels.array
    assert np.allclose(uncertainty.array, np.where(moved, 0.9, 0.1))  # whoever is told another muscle than the network's is told the doubt
    return found


def _two(spacing: tuple[float, float, float] = (1.0, 1.0, 5.0)) -> Volume:
    """Maximus beside medius in six slices, 20 x 20 pixels each."""
    array = np.zeros((48, 24, 6), np.uint8)
    array[2:22, 2:22], array[22:42, 2:22] = MAXIMUS, MEDIUS
    return Volume(array, np.diag([*spacing, 1.0]))


def test_a_piece_of_medius_within_maximus_is_maximus() -> None:
    labels = _two()
    wanted = labels.array.copy()
    labels.array[8:12, 8:12, 2:4] = MEDIUS
    assert np.array_equal(joined(labels, 0.4).array, wanted)


def test_it_is_an_island_in_a_slice_though_it_hangs_together_through_others() -> None:
    labels = _two()
    wanted = labels.array.copy()
    labels.array[16:20, 8:12, 2] = MEDIUS
    labels.array[16:22, 8:12, 3] = wanted[16:22, 8:12, 3] = MEDIUS  # a tongue, one slice further
    assert np.array_equal(joined(labels, 0.4).array, wanted)


@pytest.mark.parametrize(("rim", "joins"), [(0.3, True), (0.55, False)])
def test_the_share_of_the_rim_decides(rim: float, joins: bool) -> None:
    """A strip at the edge of maximus: half of its rim is fat."""
    labels = _two()
    labels.array[8:14, 2:5, 2] = MEDIUS
    labels.array[8:14, 4, 2] = 0
    labels.array[8:14, 2:4, 2] = MEDIUS  # 6 x 2: 2 + 2 faces against maximus, 12 against fat
    assert not (joined(labels, 0.4).array[8:14, 2:4, 2] == MAXIMUS).any()
    labels.array[8:14, 2:5, 2] = MEDIUS  # 6 x 3: 3 + 3 + 6 against maximus, 6 against fat
    labels.array[8:14, 5:8, 2] = 0
    labels.array[8:10, 5:8, 2] = MAXIMUS  # 3 + 3 + 2 of 18
    found = joined(labels, rim).array[8:14, 2:5, 2]
    assert (found == (MAXIMUS if joins else MEDIUS)).all()


def test_the_largest_piece_stays_and_so_does_what_touches_nothing() -> None:
    labels = _two()
    labels.array[22:42, 2:22] = 0
    labels.array[8:12, 8:12] = MEDIUS  # all there is of it
    labels.array[44:46, 8:12] = MEDIUS  # apart, in fat
    assert np.array_equal(joined(labels, 0.4).array, labels.array)


def test_neither_tensor_nor_the_other_side_takes_an_island() -> None:
    for value in (TENSOR, OTHER_SIDE):
        labels = _two()
        labels.array[labels.array == MAXIMUS] = value
        labels.array[8:12, 8:12, 2] = MEDIUS
        assert np.array_equal(joined(labels, 0.4).array, labels.array)


def test_empty_labels_stay_empty() -> None:
    assert not joined(Volume(np.zeros((4, 5, 6), np.uint8), np.eye(4)), 0.4).array.any()


@given(st.permutations([0, 1, 2]), st.integers(0, 100))
def test_slices_of_any_direction(order: list[int], seed: int) -> None:
    labels = _two()
    rng = np.random.default_rng(seed)
    for _ in range(4):
        x, y, z = rng.integers(0, (40, 20, 6))
        labels.array[x : x + 4, y : y + 3, z] = rng.choice((MAXIMUS, MEDIUS, 0))
    turned = Volume(np.ascontiguousarray(labels.array.transpose(order)), labels.affine[:, [*order, 3]])
    assert np.array_equal(joined(turned, 0.4).array, joined(labels, 0.4).array.transpose(order))


@given(st.integers(0, 200))
def test_the_outline_of_all_glutei_together_never_moves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = Volume(rng.choice(np.array([0, 0, MAXIMUS, MEDIUS], np.uint8), (12, 12, 4)), np.diag([1.0, 1.0, 5.0, 1.0]))
    found = joined(labels, 0.3).array
    assert np.array_equal(found > 0, labels.array > 0)
    assert set(np.unique(found)) <= set(np.unique(labels.array))
