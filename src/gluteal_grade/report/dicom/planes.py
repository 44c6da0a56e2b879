"""Labels from their RAS+ grid back to the planes of the images they belong to, through patient space."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import Array, FloatArray, Volume
from gluteal_grade.io import Frame
from gluteal_grade.report.dicom.sources import not_written

_RAS = np.array([-1.0, -1.0, 1.0])  # LPS to RAS+ and back
_OFF = 0.1  # voxels that an image's place may lie beside the grid, as its slices need not be exactly evenly spaced


def on_planes(labels: Volume, frames: tuple[Frame, ...]) -> Array:
    """(planes, rows, columns) the labels of each image, in the order of `frames`.

    Raises:
        RefusedInput: `dicom_not_written`, the images do not lie on the labels' grid.
    """
    first = frames[0].place
    origin = labels.grid.to_voxel(_ras(first.position))
    across, down = first.spacing_mm[::-1] if first.spacing_mm else (1.0, 1.0)
    column = labels.grid.to_voxel(_ras(first.position) + across * _ras(first.row_direction)) - origin
    row = labels.grid.to_voxel(_ras(first.position) + down * _ras(first.column_direction)) - origin
    row_axis, column_axis = _axis(row), _axis(column)
    if row_axis == column_axis:
        raise not_written("the images' axes are not those of the labels")
    slice_axis = 3 - row_axis - column_axis
    array = np.transpose(labels.array, (slice_axis, row_axis, column_axis))
    if array.shape[1:] != frames[0].shape:
        raise not_written("the images are larger or smaller than the labels")
    array = array[:, :: int(np.sign(row[row_axis])), :: int(np.sign(column[column_axis]))]
    _check_corner(origin, row, row_axis, labels.shape)
    _check_corner(origin, column, column_axis, labels.shape)
    return np.ascontiguousarray(array[[_slice(labels, frame, slice_axis) for frame in frames]])


def _ras(vector: tuple[float, float, float] | None) -> FloatArray:
    return np.asarray(np.asarray(vector, dtype=np.float64) * _RAS)


def _axis(step: FloatArray) -> int:
    """The array axis that one step on the image is a step along."""
    axis = int(np.argmax(np.abs(step)))
    if np.abs(np.abs(step) - np.eye(3)[axis]).max() > 1e-3:
        raise not_written("the images' pixels are not the labels' voxels")
    return axis


def _check_corner(origin: FloatArray, step: FloatArray, axis: int, shape: tuple[int, int, int]) -> None:
    expected = 0 if step[axis] > 0 else shape[axis] - 1
    if abs(origin[axis] - expected) > _OFF:
        raise not_written("the images lie beside the labels")


def _slice(labels: Volume, frame: Frame, axis: int) -> int:
    place = labels.grid.to_voxel(_ras(frame.place.position))[axis]
    index = round(float(place))
    if abs(place - index) > _OFF or not 0 <= index < labels.shape[axis]:
        raise not_written("an image lies between the labels' slices")
    return index
