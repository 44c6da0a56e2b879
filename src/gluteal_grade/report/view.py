"""From voxels to a picture: which array axis runs across, which down, and what stands at each edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gluteal_grade.geometry import Array, Grid

_ENDS = (("L", "R"), ("P", "A"), ("I", "S"))
_PLANES = ("sagittal", "coronal", "axial")
# what a radiologist expects, per world axis of the slice normal: world axis across and down; both run to its negative end
# (axial and coronal: to the patient's left; sagittal: to posterior; down: posterior or inferior)
_ACROSS = (1, 0, 0)
_DOWN = (2, 2, 1)


@dataclass(frozen=True)
class View:
    """How the slices of one grid are shown.

    Attributes:
        slice_axis: array axis across the slices.
        column_axis: array axis that runs across the picture; `row_axis` down it.
        flip_columns: the picture shows the column axis from its last voxel to its first; `flip_rows` likewise.
        pixel_mm: width and height of a pixel.
        left: letter of the patient direction at the picture's left edge, read from the affine; likewise `right`, `top`, `bottom`.
        plane: axial, coronal or sagittal, by the nearest.
        tilt_deg: angle of the slice normal to that plane's.
        origin_mm: distance of slice 0 along the slice normal from patient space's origin; `step_mm` to the next slice.
        ends: letters of the slice normal's negative and positive end.
    """

    slice_axis: int
    column_axis: int
    row_axis: int
    flip_columns: bool
    flip_rows: bool
    pixel_mm: tuple[float, float]
    left: str
    right: str
    top: str
    bottom: str
    plane: str
    tilt_deg: float
    origin_mm: float
    step_mm: float
    ends: tuple[str, str]

    def picture(self, array: Array, index: int) -> Array:
        """Slice `index` as (rows, columns), top row first."""
        plane: Array = np.take(array, index, axis=self.slice_axis)
        if self.row_axis > self.column_axis:
            plane = plane.T
        if self.flip_rows:
            plane = plane[::-1]
        return plane[:, ::-1] if self.flip_columns else plane

    def unpictured(self, picture: Array) -> Array:
        """The other way: a picture of a slice in the order of the array's own axes."""
        turned = picture[:, ::-1] if self.flip_columns else picture
        if self.flip_rows:
            turned = turned[::-1]
        return turned.T if self.row_axis > self.column_axis else turned

    def position_mm(self, index: int) -> float:
        """Place of a slice along the slice normal, as in the result's profiles."""
        return self.origin_mm + index * self.step_mm

    def position_text(self, index: int) -> str:
        """The same for readers, e.g. ``S 35 mm``."""
        position = self.position_mm(index)
        return f"{self.ends[int(position >= 0)]} {abs(position):.0f} mm"


def view_of(grid: Grid, slice_axis: int) -> View:
    """The radiological view of a grid: the patient's right (sagittal: anterior) at the left, anterior or superior up.

    Args:
        grid: any axis order.
        slice_axis: array axis across the slices.
    """
    world = [int(axis) for axis in grid.orientation[:, 0]]
    normal = world[slice_axis]
    column_axis, row_axis = world.index(_ACROSS[normal]), world.index(_DOWN[normal])
    directions = np.stack([grid.direction(axis) for axis in range(3)], axis=1)
    flip_columns = bool(directions[_ACROSS[normal], column_axis] > 0)
    flip_rows = bool(directions[_DOWN[normal], row_axis] > 0)
    # the letters come from where the picture's own axes point, not from what was wanted
    across = directions[:, column_axis] * (-1 if flip_columns else 1)
    down = directions[:, row_axis] * (-1 if flip_rows else 1)
    left, right = _letters(across[_ACROSS[normal]], _ACROSS[normal])
    top, bottom = _letters(down[_DOWN[normal]], _DOWN[normal])
    along = directions[:, slice_axis]
    return View(
        slice_axis=slice_axis,
        column_axis=column_axis,
        row_axis=row_axis,
        flip_columns=flip_columns,
        flip_rows=flip_rows,
        pixel_mm=(grid.spacing_mm[column_axis], grid.spacing_mm[row_axis]),
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        plane=_PLANES[normal],
        tilt_deg=float(np.degrees(np.arccos(min(1.0, abs(float(along[normal])))))),
        origin_mm=float(along @ grid.to_world([0, 0, 0])),
        step_mm=grid.spacing_mm[slice_axis],
        ends=_letters(float(along[normal]), normal),
    )


def _letters(component: float, world_axis: int) -> tuple[str, str]:
    """Letters at the start and the end of a direction with this component along a world axis."""
    low, high = _ENDS[world_axis]
    return (low, high) if component > 0 else (high, low)
