"""Labels of two hips on one image: where they overlap the more probable muscle stays."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.segmentation.canvas import Canvas
from gluteal_grade.vocabulary import Muscle, Side

GRID = Grid((6, 5, 4), np.eye(4))


def muscles(grid: Grid, maximus: float, medius: float = 0.0) -> tuple[Volume, ...]:
    return tuple(Volume(np.full(grid.shape, p, np.float32), grid.affine) for p in (maximus, medius, 0.0))


@given(st.floats(0, 1), st.floats(0, 1), st.booleans())
@settings(max_examples=40)
def test_the_more_probable_side_wins_in_any_order(right: float, left: float, right_first: bool) -> None:
    canvas = Canvas(GRID)
    hips = [(Side.RIGHT, right), (Side.LEFT, left)]
    for side, probability in hips if right_first else hips[::-1]:
        canvas.paint(side, muscles(GRID, probability))
    best, value = max((right, 110), (left, 210))
    found = set(np.unique(canvas.labels.array))
    if abs(right - left) > 1e-6 and abs(best - 0.5) > 1e-6:
        assert found == {value if best > 0.5 else 0}
        doubt = 1 - best if best > 0.5 else best  # of a background voxel the larger probability of a muscle
        assert np.allclose(canvas.uncertainty.array, doubt if best > 0.02 else 0, atol=1e-5)


def test_the_class_is_the_most_probable_one() -> None:
    canvas = Canvas(GRID)
    canvas.paint(Side.LEFT, muscles(GRID, 0.3, 0.45))
    assert set(np.unique(canvas.labels.array)) == {220}
    canvas = Canvas(GRID)
    canvas.paint(Side.LEFT, muscles(GRID, 0.3, 0.32))  # background 0.38
    assert not canvas.labels.array.any()


def test_a_hip_paints_where_it_lies_and_nowhere_else() -> None:
    """A part of the image, on finer voxels, mirrored as left hips are: no voxel outside it changes."""
    canvas = Canvas(GRID)
    fine = Grid((8, 6, 4), np.array([[-0.5, 0, 0, 4.25], [0, 0.5, 0, 0.75], [0, 0, 0.5, 0.75], [0, 0, 0, 1]]))
    canvas.paint(Side.LEFT, muscles(fine, 0.9))
    assert canvas.labels.array[1:5, 1:4, 1:3].min() == 210
    assert np.count_nonzero(canvas.labels.array) == 4 * 3 * 2


def test_a_hip_elsewhere_paints_nothing() -> None:
    canvas = Canvas(GRID)
    canvas.paint(Side.RIGHT, muscles(GRID.shifted((50, 0, 0)), 0.9))
    assert not canvas.labels.array.any()
    assert not canvas.uncertainty.array.any()


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=60)
def test_a_muscle_beside_the_glutei_has_what_they_leave(maximus: float, medius: float, tensor: float) -> None:
    """Labels and doubt of the glutei are those without it; it needs more than half of what no gluteus has."""
    total = max(1.0, maximus + medius + tensor)
    maximus, medius, tensor = maximus / total, medius / total, tensor / total
    with_it, without = Canvas(GRID), Canvas(GRID)
    without.paint(Side.LEFT, muscles(GRID, maximus, medius))
    with_it.paint(
        Side.LEFT,
        muscles(GRID, maximus, medius),
        {Muscle.TENSOR_FASCIAE_LATAE: Volume(np.full(GRID.shape, tensor, np.float32), GRID.affine)},
    )
    assert np.array_equal(with_it.uncertainty.array, without.uncertainty.array)
    gluteal = without.labels.array > 0
    assert np.array_equal(with_it.labels.array[gluteal], without.labels.array[gluteal])
    rest = 1 - maximus - medius - tensor
    clear = min(abs(tensor - rest), abs(tensor - max(maximus, medius))) > 1e-5
    if clear and not gluteal.any():
        wins = tensor > rest and tensor > max(maximus, medius) and tensor > 0.02
        assert set(np.unique(with_it.labels.array)) == {240 if wins else 0}
        assert np.allclose(with_it.uncertainty_beside.array, 1 - tensor if wins else (tensor if tensor > 0.02 else 0), atol=1e-5)
