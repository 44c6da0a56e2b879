"""Surfaces of the muscles for the 3-D view: triangles in patient space, from label maps as they lie in a stack.

Each muscle is averaged to pixels of about 2 mm and smoothed by less than a pixel before its surface is sought, so that slices do not
show as steps. It is a picture: nothing is measured on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.ndimage import find_objects, gaussian_filter

from gluteal_grade.geometry import Grid
from gluteal_grade.report import View
from gluteal_grade.review.runs import TO_WHOLE, WHOLE_VALUES
from gluteal_grade.vocabulary import COLOURS, Region

_PIXEL_MM = 2.0
_SMOOTHING = 0.8  # of averaged voxels
_MARGIN = 3  # averaged voxels around a muscle, so that its surface closes

Labels = npt.NDArray[np.uint8]


def surface_bytes(labels: Labels, grid: Grid, view: View) -> bytes:
    """Every muscle's surface, for a page.

    Args:
        labels: (slice, row, column) our own values, turned as the slices are shown.
        grid: of the volume before it was turned.
        view: how it was turned.

    Returns:
        Length of the header (uint32, little-endian); the header, JSON padded with spaces to a multiple of four: a list of `value`,
        `colour`, `points` and `triangles` (counts); then for each its points (float32, RAS+ mm) and its triangles (uint32).
    """
    header, parts = [], []
    for value, colour, points, triangles in _surfaces(TO_WHOLE[labels], grid, view):
        header.append({"value": value, "colour": colour, "points": len(points), "triangles": len(triangles)})
        parts += [points.astype("<f4").tobytes(), triangles.astype("<u4").tobytes()]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *parts])


def _surfaces(labels: Labels, grid: Grid, view: View) -> Iterator[tuple[int, str, npt.NDArray[np.float64], npt.NDArray[np.int32]]]:
    """Value, colour, (n, 3) points in mm, (m, 3) corners of triangles seen from outside."""
    boxes = find_objects(labels)
    first, *others = grid.to_world(in_array(np.vstack([np.zeros(3), np.eye(3)]), grid, view))
    turn = (
        -1 if np.linalg.det(np.subtract(others, first)) > 0 else 1
    )  # what looks outwards among slices looks inwards in their mirror image
    colours = {value: COLOURS[muscle, Region.WHOLE] for (muscle, _), value in WHOLE_VALUES.items()}
    for value, colour in colours.items():
        box = boxes[value - 1] if value <= len(boxes) else None
        if box is None:
            continue
        corner = np.array([part.start for part in box], float)
        points, triangles = _surface(labels[box] == value, view)
        where = np.asarray(grid.to_world(in_array(points + corner, grid, view)), np.float64)
        yield value, colour, where, triangles[:, ::turn]


def _surface(mask: npt.NDArray[np.bool_], view: View) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """In voxels of the mask."""
    from skimage.measure import marching_cubes

    blocks = np.array([1, *(max(1, round(_PIXEL_MM / mm)) for mm in reversed(view.pixel_mm))])
    filled = np.pad(mask.astype(np.float32), [(0, -n % k) for n, k in zip(mask.shape, blocks, strict=True)])
    shape = [size for n, k in zip(filled.shape, blocks, strict=True) for size in (n // k, k)]
    smooth = gaussian_filter(np.pad(filled.reshape(shape).mean(axis=(1, 3, 5)), _MARGIN), _SMOOTHING)
    level = min(0.5, 0.5 * float(smooth.max()))  # what is thin keeps a surface
    points, triangles, _, _ = marching_cubes(smooth, level)
    return (points - _MARGIN) * blocks + (blocks - 1) / 2, triangles.astype(np.int32)


def in_array(points: npt.NDArray[np.float64], grid: Grid, view: View) -> npt.NDArray[np.float64]:
    """Voxels of the array where (slice, row, column) of the slices as shown lie; (n, 3) each."""
    found = np.empty_like(points)
    for column, (axis, flip) in enumerate(
        ((view.slice_axis, False), (view.row_axis, view.flip_rows), (view.column_axis, view.flip_columns))
    ):
        found[:, axis] = grid.shape[axis] - 1 - points[:, column] if flip else points[:, column]
    return found
