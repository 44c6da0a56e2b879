"""The planes across the acquired slices, as a page cuts them from slices that it has: which axis runs where, letters, sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gluteal_grade.geometry import Grid
from gluteal_grade.report import View, view_of


@dataclass(frozen=True)
class Plane:
    """One plane through the slices.

    Attributes:
        view: how it is shown, as any picture.
        acquired: how the slices themselves are shown.
        count: number of its pictures; `rows` and `columns` of each.
    """

    view: View
    acquired: View
    count: int
    rows: int
    columns: int

    def describe(self) -> dict[str, Any]:
        """What a page needs to cut it: axes of the slices as shown (`slice`, `row`, `column`); `flip`: from the last to the first."""
        view = self.view
        return {
            "plane": view.plane,
            "slices": self.count,
            "rows": self.rows,
            "columns": self.columns,
            "pixel_mm": list(view.pixel_mm),
            "letters": {"left": view.left, "right": view.right, "top": view.top, "bottom": view.bottom},
            "positions": [view.position_text(self._voxel(n)) for n in range(self.count)],
            "through": self._axis(view.slice_axis, flip=False) | {"flip": False},
            "across": self._axis(view.column_axis, flip=view.flip_columns),
            "down": self._axis(view.row_axis, flip=view.flip_rows),
            # the last picture is the most superior, anterior or right one
            "upwards": (view.ends[1] in "RAS") != self._turned(view.slice_axis),
        }

    def _axis(self, axis: int, *, flip: bool) -> dict[str, Any]:
        of = self.acquired
        name = {of.slice_axis: "slice", of.row_axis: "row", of.column_axis: "column"}[axis]
        return {"axis": name, "flip": flip != self._turned(axis)}

    def _turned(self, axis: int) -> bool:
        """Whether the slices as shown run against this axis of the array."""
        of = self.acquired
        return (axis == of.row_axis and of.flip_rows) or (axis == of.column_axis and of.flip_columns)

    def _voxel(self, n: int) -> int:
        return self.count - 1 - n if self._turned(self.view.slice_axis) else n


def planes_across(grid: Grid, acquired: View) -> tuple[Plane, Plane]:
    """The two other planes of a grid, coronal before sagittal before axial.

    Args:
        grid: of the volumes.
        acquired: how its slices are shown.

    Examples:
        >>> import numpy as np
        >>> grid = Grid((40, 24, 12), np.diag([3.0, 2.0, 5.0, 1.0]))
        >>> coronal, sagittal = planes_across(grid, view_of(grid, 2))
        >>> coronal.view.plane, coronal.describe()["down"], sagittal.describe()["across"]
        ('coronal', {'axis': 'slice', 'flip': True}, {'axis': 'row', 'flip': False})
    """
    order = ("coronal", "sagittal", "axial")
    views = sorted((view_of(grid, axis) for axis in range(3) if axis != acquired.slice_axis), key=lambda v: order.index(v.plane))
    first, second = (Plane(v, acquired, grid.shape[v.slice_axis], grid.shape[v.row_axis], grid.shape[v.column_axis]) for v in views)
    return first, second
