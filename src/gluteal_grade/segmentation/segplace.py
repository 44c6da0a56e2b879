"""Where a frame of a segmentation lies on a series' grid, decided in patient space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gluteal_grade.geometry import Array, Grid
from gluteal_grade.segmentation.segfile import SegFrame

_OFF = 0.1  # voxels a frame may lie beside the grid: further, border voxels would change sides


@dataclass(frozen=True)
class Place:
    """One plane of a grid, and how a frame's rows and columns run in it.

    Attributes:
        slice_axis: array axis across the frame.
        index: of the plane along it.
        transposed: the frame's columns run along the first of the two other axes.
        flips: whether the frame runs against the two other axes, in array order.
    """

    slice_axis: int
    index: int
    transposed: bool
    flips: tuple[bool, bool]

    def turned(self, pixels: Array) -> Array:
        """(rows, columns) as the grid's plane has them."""
        plane = pixels.T if self.transposed else pixels
        return plane[:: -1 if self.flips[0] else 1, :: -1 if self.flips[1] else 1]


def place_of(frame: SegFrame, grid: Grid) -> Place | None:
    """The plane of a grid that a frame fills; None where its pixels are not the voxels of one."""
    origin, next_column, next_row = grid.to_voxel(frame.corners)
    steps = (next_row - origin, next_column - origin)  # to the next row, to the next column
    axes = [int(np.argmax(np.abs(step))) for step in steps]
    if axes[0] == axes[1] or (grid.shape[axes[0]], grid.shape[axes[1]]) != frame.shape:
        return None
    slice_axis = 3 - sum(axes)
    index = round(float(origin[slice_axis]))
    if not 0 <= index < grid.shape[slice_axis]:
        return None
    # the first and the last pixel must be the corners of the plane: then every pixel between is a voxel of it
    first, last = np.full(3, float(index)), np.full(3, float(index))
    for axis, step in zip(axes, steps, strict=True):
        ends = (0.0, grid.shape[axis] - 1.0)
        first[axis], last[axis] = ends if step[axis] > 0 else ends[::-1]
    rows, columns = frame.shape
    found = origin + (rows - 1) * steps[0] + (columns - 1) * steps[1]
    if max(np.abs(origin - first).max(), np.abs(found - last).max()) > _OFF:
        return None
    flipped = {axis: bool(step[axis] < 0) for axis, step in zip(axes, steps, strict=True)}
    low, high = sorted(axes)
    return Place(slice_axis, index, axes[0] > axes[1], (flipped[low], flipped[high]))
