"""The other planes, cut from slices as a page cuts them, against the volume itself."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest

from gluteal_grade.geometry import Array, Grid
from gluteal_grade.report import view_of
from gluteal_grade.review.planes import planes_across

SHAPE = (7, 5, 3)
SPACING = (3.0, 2.0, 5.0)


def grids() -> list[Any]:
    """Every order and direction of axes."""
    found = []
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        affine = np.eye(4)
        affine[:3, :3] = 0
        for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
            affine[world, axis] = sign * SPACING[axis]
        found.append(Grid(SHAPE, affine))
    return found


def cut(stack: Array, plane: dict[str, Any], index: int) -> Array:
    """(rows, columns) as the page does it: slice, row and column of every pixel, then its value."""
    size = dict(zip(("slice", "row", "column"), stack.shape, strict=True))
    rows, columns = np.mgrid[: plane["rows"], : plane["columns"]]
    at = {plane["through"]["axis"]: np.full(rows.shape, index)}
    for name, places in (("down", rows), ("across", columns)):
        axis, flip = plane[name]["axis"], plane[name]["flip"]
        at[axis] = size[axis] - 1 - places if flip else places
    return stack[at["slice"], at["row"], at["column"]]


@pytest.mark.parametrize("slice_axis", range(3))
def test_a_plane_cut_from_slices_is_the_plane_of_the_volume(slice_axis: int) -> None:
    for grid in grids():
        array = np.arange(np.prod(SHAPE)).reshape(SHAPE)
        acquired = view_of(grid, slice_axis)
        stack = np.stack([acquired.picture(array, n) for n in range(SHAPE[slice_axis])])
        for plane in planes_across(grid, acquired):
            told, view = plane.describe(), plane.view
            pictures = {int(cut(stack, told, n)[0, 0]): cut(stack, told, n) for n in range(told["slices"])}
            wanted = [view.picture(array, n) for n in range(told["slices"])]
            assert all(np.array_equal(pictures[int(picture[0, 0])], picture) for picture in wanted)
            assert told["letters"] == {"left": view.left, "right": view.right, "top": view.top, "bottom": view.bottom}
            assert (told["letters"]["top"], told["letters"]["left"]) == (
                "A" if view.plane == "axial" else "S",
                "A" if view.plane == "sagittal" else "R",
            )
            sides = [SPACING[axis] for axis in (view.column_axis, view.row_axis)]
            assert told["pixel_mm"] == sides
            # where each lies, and that `upwards` says where the last one is
            by_place = {view.position_text(n): view.picture(array, n) for n in range(told["slices"])}
            assert all(np.array_equal(by_place[words], cut(stack, told, n)) for n, words in enumerate(told["positions"]))
            signed = [float(w.split()[1]) * (1 if w[0] in "RAS" else -1) for w in (told["positions"][0], told["positions"][-1])]
            assert (signed[1] > signed[0]) == told["upwards"]
