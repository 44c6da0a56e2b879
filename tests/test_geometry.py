"""Volumes in patient space: nothing moves by more than 1e-4 mm, no voxel is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Grid, Volume, affine_from_lps, upright_grid
from tests.strategies import grids, origins

EXACT_MM = 1e-4


def numbered(grid: Grid) -> Volume:
    return Volume(np.arange(1, 1 + np.prod(grid.shape)).reshape(grid.shape), grid.affine)


def places(volume: Volume) -> dict[int, np.ndarray]:
    """Where in patient space each (unique) voxel value lies."""
    indices = np.argwhere(np.ones(volume.shape, bool))
    return dict(zip(volume.array.ravel().tolist(), volume.grid.to_world(indices), strict=True))


@given(grids())
def test_reorienting_moves_no_voxel(grid: Grid) -> None:
    volume = numbered(grid)
    ras = volume.to_ras()
    assert ras.grid.axis_codes == "RAS"
    before, after = places(volume), places(ras)
    assert before.keys() == after.keys()
    assert max(np.linalg.norm(before[v] - after[v]) for v in before) < EXACT_MM


@given(grids())
def test_reorienting_twice_is_reorienting_once(grid: Grid) -> None:
    once = numbered(grid).to_ras()
    assert once.to_ras() is once


@given(grids(), st.data())
def test_crop_keeps_places_and_paste_restores(grid: Grid, data: st.DataObject) -> None:
    volume = numbered(grid)
    start = tuple(data.draw(st.integers(0, n - 1)) for n in grid.shape)
    stop = tuple(data.draw(st.integers(a + 1, n)) for a, n in zip(start, grid.shape, strict=True))
    part = volume.cropped(start, stop)
    whole = places(volume)
    assert all(np.linalg.norm(whole[v] - p) < EXACT_MM for v, p in places(part).items())
    blank = volume.with_array(np.zeros_like(volume.array))
    pasted = blank.pasted(part)
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    assert np.array_equal(pasted.array[box], volume.array[box])
    assert np.count_nonzero(pasted.array) == part.array.size
    assert not blank.array.any(), "paste must not write into the volume it copies"


@given(grids())
def test_world_and_voxel_are_inverse(grid: Grid) -> None:
    ijk = np.array([[0, 0, 0], [1.25, -3, 7.5]])
    assert np.abs(grid.to_voxel(grid.to_world(ijk)) - ijk).max() < 1e-6
    assert grid.to_voxel(grid.to_world([1.0, 2.0, 3.0])).shape == (3,)


@given(grids())
def test_voxel_volume_is_the_product_of_spacings(grid: Grid) -> None:
    assert grid.voxel_volume_ml == pytest.approx(np.prod(grid.spacing_mm) / 1000, rel=1e-9)


@given(grids(shape=(9, 8, 7)), st.tuples(*[st.floats(-0.02, 0.02)] * 3))
def test_linear_resampling_reproduces_a_linear_field(grid: Grid, slope: tuple[float, float, float]) -> None:
    """A linear field sampled through any grid pair is exact inside: catches every axis or sign mix-up."""
    ramp = np.tensordot(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)), slope, axes=1)
    volume = Volume(ramp, grid.affine)
    inner = Grid((3, 3, 3), np.block([[grid.affine[:3, :3] * 1.5, grid.to_world([2.2, 1.7, 1.9])[:, None]], [0, 0, 0, 1]]))
    expected = np.tensordot(inner.to_world(np.moveaxis(np.indices(inner.shape), 0, -1)), slope, axes=1)
    assert np.abs(volume.resampled(inner).array - expected).max() < 2e-3


@given(
    grids(),
    st.tuples(*[st.floats(0.2, 3)] * 3),
    st.tuples(*[st.floats(-3, 8)] * 3),
    st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3),
    st.integers(0, 2**32 - 1),
)
def test_aligned_grids_are_sampled_as_any_others(grid: Grid, steps: tuple, start: tuple, signs: tuple, seed: int) -> None:
    """Axis by axis and all at once give the same; the other way is reached by a turn too small to matter."""
    volume = Volume(np.random.default_rng(seed).random(grid.shape).astype(np.float32), grid.affine)
    inner = np.eye(4)
    inner[:3, :3], inner[:3, 3] = np.diag(np.multiply(steps, signs)), start
    aligned = Grid((6, 5, 7), grid.affine @ inner)
    position = np.moveaxis(np.indices(aligned.shape), 0, -1) * np.diag(inner)[:3] + inner[:3, 3]
    expected = map_coordinates(volume.array, np.moveaxis(position, -1, 0), order=1, mode="nearest")
    outside = ((position < -0.5) | (position > np.array(grid.shape) - 0.5)).any(axis=-1)
    borderline = (np.abs(position + 0.5) < 1e-5).any(axis=-1) | (np.abs(position - np.array(grid.shape) + 0.5) < 1e-5).any(axis=-1)
    found = volume.resampled(aligned, fill=-7.0).array
    assert found.dtype == np.float32
    assert np.allclose(found[~borderline], np.where(outside, -7.0, expected)[~borderline], atol=1e-5)


@given(grids())
def test_labels_on_a_finer_grid_and_back(grid: Grid) -> None:
    """Label-safe resampling: no new value, and every voxel survives the round trip through a grid three times finer."""
    labels = Volume((numbered(grid).array % 5).astype(np.uint8), grid.affine)
    shift = np.eye(4)
    shift[:3, :3] /= 3
    shift[:3, 3] = -1 / 3
    fine = Grid(tuple(3 * n for n in grid.shape), grid.affine @ shift)
    upsampled = labels.resampled(fine, labels=True)
    assert upsampled.array.dtype == np.uint8
    assert set(np.unique(upsampled.array)) <= set(np.unique(labels.array))
    assert np.array_equal(upsampled.resampled(grid, labels=True).array, labels.array)
    assert np.linalg.norm(upsampled.centroid_mm() - _weighted(labels)) < EXACT_MM or not labels.array.any()


def _weighted(labels: Volume) -> np.ndarray:
    return labels.grid.to_world(np.argwhere(labels.array)).mean(axis=0) if labels.array.any() else np.zeros(3)


@given(grids(), st.tuples(*[st.integers(1, 4)] * 3), st.tuples(*[st.floats(-0.02, 0.02)] * 3))
def test_block_means_keep_a_linear_field_in_place(grid: Grid, blocks: tuple[int, int, int], slope: tuple[float, float, float]) -> None:
    """The mean over a block of a linear field is its value at the block's centre, for every block that is full."""
    ramp = np.tensordot(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)), slope, axes=1)
    coarse = Volume(ramp, grid.affine).coarsened(blocks)
    assert coarse.shape == tuple(-(-n // k) for n, k in zip(grid.shape, blocks, strict=True))
    expected = np.tensordot(coarse.grid.to_world(np.moveaxis(np.indices(coarse.shape), 0, -1)), slope, axes=1)
    full = tuple(slice(1, -1) if n % k else slice(None) for n, k in zip(grid.shape, blocks, strict=True))
    assert np.abs(coarse.array - expected)[full].max(initial=0) < 2e-4


@given(grids(), st.integers(1, 4))
def test_block_means_follow_a_flip(grid: Grid, k: int) -> None:
    """Turning the array round moves no block by more than one voxel: the border is widened alike at both ends."""
    there = Volume(np.arange(np.prod(grid.shape), dtype=float).reshape(grid.shape), grid.affine)
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = grid.shape[0] - 1
    back = Volume(there.array[::-1], grid.affine @ flip)
    a, b = (v.coarsened((k, 1, 1)).grid.corners_mm() for v in (there, back))
    centres = a.mean(axis=0), b.mean(axis=0)
    assert np.linalg.norm(centres[0] - centres[1]) <= grid.spacing_mm[0] * 1.001


@given(origins, origins, st.floats(0.5, 8), st.sampled_from([1, 8, 16]), st.booleans())
def test_an_upright_grid_covers_its_box(a: tuple, b: tuple, spacing: float, multiple: int, mirrored: bool) -> None:
    low, high = np.minimum(a, b), np.maximum(a, b)
    high = np.minimum(high, low + 400)
    grid = upright_grid(low, high, spacing, multiple=multiple, mirrored=mirrored)
    assert grid.axis_codes == ("LAS" if mirrored else "RAS")
    assert all(n % multiple == 0 for n in grid.shape)
    corners = grid.corners_mm()
    assert (corners.min(axis=0) <= low + EXACT_MM).all()
    assert (corners.max(axis=0) >= high - EXACT_MM).all()
    assert ((high - low) / spacing + 1 + multiple > np.array(grid.shape)).all(), "no larger than needed"
    assert np.allclose(corners.mean(axis=0), (low + high) / 2, atol=EXACT_MM)


@given(grids(), st.tuples(*[st.integers(-20, 20)] * 3))
def test_a_shifted_grid_is_the_same_grid_elsewhere(grid: Grid, voxels: tuple[int, int, int]) -> None:
    shifted = grid.shifted(voxels)
    assert np.allclose(shifted.to_world([1, 2, 3]), grid.to_world(np.add([1, 2, 3], voxels)), atol=EXACT_MM)
    assert shifted.spacing_mm == pytest.approx(grid.spacing_mm)


def test_outside_the_field_of_view_is_filled() -> None:
    volume = Volume(np.ones((4, 4, 4), np.float32), np.eye(4))
    far = Grid((4, 4, 4), np.array([[1, 0, 0, 2.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    resampled = volume.resampled(far, fill=np.nan).array
    assert np.isnan(resampled[2:]).all()
    assert (resampled[:2] == 1).all()


@given(grids())
def test_centroid_of_one_voxel_is_its_place(grid: Grid) -> None:
    array = np.zeros(grid.shape, np.uint8)
    array[-1, 0, -1] = 7
    expected = grid.to_world([grid.shape[0] - 1, 0, grid.shape[2] - 1])
    assert np.linalg.norm(Volume(array, grid.affine).centroid_mm() - expected) < EXACT_MM
    assert np.isnan(Volume(0 * array, grid.affine).centroid_mm()).all()


@given(grids(), st.floats(0.2, 5))
def test_grids_match_only_when_they_coincide(grid: Grid, distance: float) -> None:
    moved = grid.affine.copy()
    moved[0, 3] += distance
    assert grid.matches(Grid(grid.shape, grid.affine.astype(np.float32)))
    assert not grid.matches(Grid(grid.shape, moved))
    assert not grid.matches(Grid((grid.shape[0] + 1, *grid.shape[1:]), grid.affine))


def test_dicom_patient_axes_become_ras() -> None:
    lps = np.array([[1.0, 0, 0, 10], [0, 1, 0, 20], [0, 0, 1, 30], [0, 0, 0, 1]])
    assert affine_from_lps(lps)[:3, 3].tolist() == [-10, -20, 30]
    assert Grid((2, 2, 2), affine_from_lps(lps)).axis_codes == "LPS"


@pytest.mark.parametrize(
    ("affine", "reason"),
    [
        (np.full((4, 4), np.nan), Reason.BAD_AFFINE),
        (np.zeros((4, 4)), Reason.BAD_AFFINE),
        (np.eye(3), Reason.BAD_AFFINE),
        (np.diag([1.0, 1, 1, 2]), Reason.BAD_AFFINE),
        (np.diag([1e-5, 1, 1, 1]), Reason.BAD_AFFINE),
        (np.array([[1, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), Reason.SHEARED_AFFINE),
    ],
)
def test_unusable_affines_are_refused(affine: np.ndarray, reason: Reason) -> None:
    with pytest.raises(RefusedInput) as caught:
        Volume(np.zeros((2, 2, 2)), affine)
    assert caught.value.reason is reason


@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 2, 2), ()])
def test_only_three_axes(shape: tuple[int, ...]) -> None:
    with pytest.raises(RefusedInput) as caught:
        Volume(np.zeros(shape), np.eye(4))
    assert caught.value.reason is Reason.NOT_3D


def test_crop_and_paste_outside_are_programming_errors() -> None:
    volume = Volume(np.zeros((4, 4, 4)), np.eye(4))
    with pytest.raises(ValueError, match="does not fit"):
        volume.cropped((0, 0, 0), (5, 4, 4))
    with pytest.raises(ValueError, match="not a crop"):
        volume.pasted(Volume(np.zeros((2, 2, 2)), np.diag([1.0, 1, 2, 1])))


@pytest.mark.parametrize("permutation", [(0, 1, 2), (1, 2, 0), (2, 0, 1), (1, 0, 2), (0, 2, 1), (2, 1, 0)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1)])
@pytest.mark.parametrize("angle", ["third", "diagonal"])
def test_axes_between_two_directions_are_decided_alike(permutation: tuple[int, ...], flips: tuple[int, ...], angle: str) -> None:
    """Exactly tied directions: every storage order of the same grid must end on the same RAS+ grid, or labels miss their image."""
    tied = (
        np.array([[-1, 2, 2], [2, -1, 2], [2, 2, -1]]) / 3
        if angle == "third"
        else np.array([[1, -1, 0], [1, 1, 0], [0, 0, 2**0.5]]) / 2**0.5
    )
    affine = np.eye(4)
    affine[:3, :3] = tied
    straight = numbered(Grid((4, 5, 6), affine)).to_ras()
    turn = np.eye(4)
    turn[:3, :3] = np.eye(3)[:, permutation] @ np.diag(flips)
    shape = tuple((4, 5, 6)[axis] for axis in permutation)
    turn[:3, 3] = [(n - 1) if flips[permutation.index(a)] < 0 else 0 for a, n in enumerate((4, 5, 6))]
    turned = numbered(Grid(shape, affine @ turn)).to_ras()
    assert turned.grid.matches(straight.grid, EXACT_MM)
    assert turned.to_ras() is turned


def test_half_a_voxel_is_resampled_by_cubic_splines_without_blurring() -> None:
    x = np.arange(24.0)
    wave = Volume(np.broadcast_to(100 + 50 * np.cos(np.pi * x / 3), (4, 4, 24)).astype(np.float32), np.eye(4))  # six voxels long
    affine = np.eye(4)
    affine[2, 3] = 0.5
    there = wave.resampled_cubic(Volume(np.zeros((4, 4, 23)), affine).grid).array[0, 0, 4:-4]
    true = 100 + 50 * np.cos(np.pi * (x[:-1] + 0.5) / 3)[4:-4]
    assert np.abs(there - true).max() < 1.5, "linear interpolation is off by 6"
    assert np.array_equal(wave.resampled_cubic(wave.grid).array, wave.array)
