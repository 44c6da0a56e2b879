"""Where the patient's right comes to lie, and whether the letters say so."""

import itertools

import numpy as np
import pytest

from gluteal_grade.geometry import Grid
from gluteal_grade.report.view import view_of
from tests.report.studies import blob, rotation

SPACING = (2.0, 3.0, 5.0)
DIRECTIONS = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}
TURNS = [rotation(), rotation(x_deg=30, z_deg=20), rotation(x_deg=-44), rotation(y_deg=25, x_deg=25), rotation(z_deg=-40)]


def centred_grid(turn: np.ndarray, permutation=(0, 1, 2), signs=(1, 1, 1), shape=(17, 15, 13)) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, list(permutation)] * (np.array(signs) * 8.0)
    affine = turn @ affine
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, affine)


def bright_side(picture: np.ndarray) -> tuple[str, str]:
    rows, columns = np.nonzero(picture)
    return (
        "left" if columns.mean() < (picture.shape[1] - 1) / 2 else "right",
        "top" if rows.mean() < (picture.shape[0] - 1) / 2 else "bottom",
    )


@pytest.mark.parametrize("slice_axis", [0, 1, 2])
@pytest.mark.parametrize("turn", range(len(TURNS)))
def test_a_blob_lies_where_the_letters_say(turn, slice_axis):
    for permutation, signs in itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)):
        grid = centred_grid(TURNS[turn], permutation, signs)
        view = view_of(grid, slice_axis)
        middle = grid.shape[slice_axis] // 2
        normal = grid.affine[:3, slice_axis] / np.linalg.norm(grid.affine[:3, slice_axis])
        for letter in {view.left, view.right, view.top, view.bottom}:
            # 25 mm from the centre in that patient direction, projected into the slice
            place = 25.0 * np.array(DIRECTIONS[letter])
            place = place - (place @ normal) * normal
            picture = view.picture(blob(grid, tuple(place), 9.0), middle)
            across, down = bright_side(picture)
            if letter in (view.left, view.right):
                assert getattr(view, across) == letter, (permutation, signs)
            else:
                assert getattr(view, down) == letter, (permutation, signs)


@pytest.mark.parametrize(("slice_axis", "edges"), [(2, "RLAP"), (1, "RLSI"), (0, "APSI")])
@pytest.mark.parametrize("turn", range(len(TURNS)))
def test_radiological_convention(turn, slice_axis, edges):
    view = view_of(centred_grid(TURNS[turn]), slice_axis)
    assert (view.left, view.right, view.top, view.bottom) == tuple(edges)


def test_the_patients_right_is_at_the_left_of_an_axial_picture():
    array = np.zeros((10, 8, 6))
    array[9, 7, 3] = 1  # RAS+: far right, far anterior
    picture = view_of(Grid((10, 8, 6), np.diag([*SPACING, 1])), 2).picture(array, 3)
    assert picture.shape == (8, 10)
    assert picture[0, 0] == 1


@pytest.mark.parametrize(("slice_axis", "plane", "pixel"), [(2, "axial", (2, 3)), (1, "coronal", (2, 5)), (0, "sagittal", (3, 5))])
def test_pixels_and_plane(slice_axis, plane, pixel):
    view = view_of(Grid((10, 8, 6), np.diag([*SPACING, 1])), slice_axis)
    assert view.plane == plane
    assert view.pixel_mm == pytest.approx(pixel)
    assert view.tilt_deg == pytest.approx(0)


def test_tilt_and_position():
    affine = rotation(x_deg=30) @ np.diag([*SPACING, 1])
    affine[:3, 3] = (10, -20, 7)
    view = view_of(Grid((10, 8, 6), affine), 2)
    assert view.tilt_deg == pytest.approx(30)
    normal = affine[:3, 2] / 5
    assert view.position_mm(3) == pytest.approx(normal @ (affine @ [4, 2, 3, 1])[:3])


def test_position_in_words():
    affine = np.diag([*SPACING, 1.0])
    affine[2, 3] = -12
    view = view_of(Grid((10, 8, 6), affine), 2)
    assert view.position_text(0) == "I 12 mm"
    assert view.position_text(5) == "S 13 mm"
