"""The receive field from tissue outside the outlined glutei."""

from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.outside import _inner, in_or_beside, outside_field
from gluteal_grade.fat.t1 import METHOD, from_t1
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.vocabulary import GLUTEI, SeriesKind, Side
from tests.synthetic import Toy, make_toy, series, t1

FAT = load_settings().fat
OUTSIDE = FAT.t1.bias.outside
LEAN_OVER_FAT = 0.33
# glutei that a field takes for shading: a little fatter than lean, all on one side of the body
FRACTIONS = {(muscle, Side.LEFT): ff for muscle, ff in zip(GLUTEI, (0.18, 0.15, 0.2), strict=True)}


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy(FRACTIONS, shape=(96, 70, 24), spacing=(3.75, 3.75, 6.0))


@pytest.fixture(scope="module")
def image(toy: Toy) -> Volume:
    return toy.volume(t1(toy, snr=30, bias=0.5))


def found(image: Volume, fraction: FloatArray, labels: Volume) -> FloatArray | None:
    return outside_field(image, fraction, in_or_beside(labels), (LEAN_OVER_FAT, 0.05), 2, OUTSIDE)


def finished(toy: Toy, image: Volume, labels: Volume | None = None) -> tuple[FatMap, FatMap]:
    """Before and after the labels are known."""
    before = from_t1(series("t1", SeriesKind.T1, image), FAT)
    assert METHOD.within_labels is not None
    return before, METHOD.within_labels(before, toy.labels if labels is None else labels, FAT)


def test_the_field_is_right_within_the_glutei(toy: Toy, image: Volume) -> None:
    field = found(image, toy.fat, toy.labels)
    assert field is not None
    i, j, k = (np.linspace(-1, 1, n) for n in toy.grid.shape)
    true = 1 + 0.5 * (0.5 * i[:, None, None] - 0.6 * j[None, :, None] ** 2 + 0.3 * k[None, None, :])
    off = np.log(field / true)
    glutei = toy.labels.array > 0
    assert abs(off[glutei].mean() - off[toy.body & ~glutei].mean()) < 0.004
    assert off[glutei].std() < 0.01


def test_what_the_glutei_hold_does_not_move_it(toy: Toy, image: Volume) -> None:
    glutei = toy.labels.array > 0
    brighter = toy.volume(np.where(glutei, 1.4 * image.array, image.array))
    fatter = np.where(glutei, 0.4, toy.fat)
    assert np.array_equal(found(image, toy.fat, toy.labels), found(brighter, fatter, toy.labels))


def test_too_little_tissue_outside_leaves_the_first_map_and_says_so(toy: Toy, image: Volume) -> None:
    everything = toy.labels.with_array(np.ones(toy.grid.shape, np.uint8))
    assert found(image, toy.fat, everything) is None
    before, after = finished(toy, image, everything)
    assert after.volume is before.volume
    assert [n.reason for n in after.notes if n not in before.notes] == [Reason.WEAK_ANCHORS]


def test_the_map_is_made_again_where_it_had_values(toy: Toy, image: Volume) -> None:
    array = image.array.copy()
    array[20:26, 30:36, 8:14] = 3  # a void
    before, after = finished(toy, toy.volume(array))
    assert np.array_equal(np.isnan(before.volume.array), np.isnan(after.volume.array) & np.isnan(before.volume.array))
    assert np.isnan(after.volume.array[21:25, 31:35, 9:13]).all()
    assert after.facts["field_from_outside_labels"] == 1
    assert {n.reason for n in after.notes} <= {n.reason for n in before.notes}
    for value in np.unique(toy.labels.array[toy.labels.array > 0]):
        mine = (toy.labels.array == value) & np.isfinite(after.volume.array)
        assert after.volume.array[mine].mean() == pytest.approx(toy.fat[mine].mean(), abs=0.012)


@pytest.mark.parametrize("axis", range(3))
def test_the_ends_of_a_stack_are_those_along_its_slices(axis: int) -> None:
    """Nothing speaks against a voxel of the first or last slice; one at the border of a slice is not known to be pure."""
    inner = np.moveaxis(_inner(np.ones((6, 7, 8), bool), axis), axis, 2)
    assert inner[1:-1, 1:-1].all()
    assert not inner[[0, -1]].any()
    assert not inner[:, [0, -1]].any()


def test_voids_of_a_coronal_stack_take_their_neighbours_in_its_plane(toy: Toy, image: Volume) -> None:
    array = image.array.copy()
    array[40, 30, 12] = 1
    taken = {}
    for axis in (2, 1):
        before = from_t1(replace(series("t1", SeriesKind.T1, toy.volume(array)), slice_axis=axis), FAT)
        taken[axis] = np.argwhere(np.isnan(before.volume.array[39:42, 29:32, 11:14])) - 1
    for axis, gone in taken.items():
        away = [tuple(g) for g in gone.tolist()]
        assert len(away) == 5
        assert all(place[axis] == 0 for place in away)
