"""One study's slices as a browser draws them: turned the radiological way, as bytes, with the outlines of the pictures in the report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Array, Grid, Volume
from gluteal_grade.io import read_volume
from gluteal_grade.report import (
    ZONE_COLOUR,
    Box,
    Cut,
    Level,
    View,
    Window,
    body_masks,
    choose_levels,
    colour_of,
    contour_lines,
    crop_box,
    view_of,
    window_of,
    with_left_out,
)
from gluteal_grade.review.planes import planes_across
from gluteal_grade.review.surfaces import in_array
from gluteal_grade.vocabulary import LABEL_VALUES

FAT_STEPS = 250  # a fat fraction of 1
NO_FAT = 255
_MOST = np.iinfo(np.uint16).max
_POINT_DIGITS = 1  # of outlines, pixels: a tenth cannot be seen
_SCALE_BAR_MM = 50


@dataclass(frozen=True)
class Files:
    """Where the volumes of one study lie; None where there is none."""

    image: Path
    labels: Path
    fat: Path | None = None
    excluded: Path | None = None


@dataclass(frozen=True, eq=False)
class Stack:
    """The volumes of one study in memory, ready to be cut.

    Attributes:
        grey: (slice, row, column) uint16: image value minus `lowest`, divided by `step`; all arrays are turned already.
        labels: uint8, our own values.
        fat: uint8, 0-250 for a fat fraction of 0-1, 255 where there is none; None where it is hidden or was not measured.
        excluded: uint8, 1 where left out on purpose.
        view: how slices are turned.
        grid: of the volumes before that.
        window: in values of the image.
        levels: the standard levels.
        box: the part of a slice that holds the body.
        is_ct: values are HU.
    """

    grey: npt.NDArray[np.uint16]
    labels: npt.NDArray[np.uint8]
    fat: npt.NDArray[np.uint8] | None
    excluded: npt.NDArray[np.uint8]
    lowest: float
    step: float
    view: View
    grid: Grid
    window: Window
    levels: tuple[Level, ...]
    box: Box
    is_ct: bool

    @property
    def count(self) -> int:
        """Number of slices."""
        return len(self.grey)

    @property
    def nbytes(self) -> int:
        """Memory that the slices take, bytes."""
        return sum(a.nbytes for a in (self.grey, self.labels, self.fat, self.excluded) if a is not None)

    def describe(self) -> dict[str, Any]:
        """What a page must know before it asks for slices."""
        view = self.view
        rows, columns = self.grey.shape[1:]
        return {
            "slices": self.count,
            "rows": rows,
            "columns": columns,
            "pixel_mm": list(view.pixel_mm),
            "letters": {"left": view.left, "right": view.right, "top": view.top, "bottom": view.bottom},
            "positions": [view.position_text(n) for n in range(self.count)],
            "plane": view.plane,
            "upwards": view.ends[1] in "RAS",  # the last slice is the most superior, anterior or right one
            "levels": [{"index": level.index, "title": level.title} for level in self.levels],
            "box": [self.box.left, self.box.top, self.box.right, self.box.bottom],
            "lowest": self.lowest,
            "step": self.step,
            "window": {"low": self.window.low, "high": self.window.high, "gamma": self.window.gamma, "ct": self.is_ct},
            "fat": self.fat is not None,
            "zone_colour": ZONE_COLOUR,
            "bar_mm": _SCALE_BAR_MM,
            "colours": {value: colour_of(value) for value in LABEL_VALUES},
            "axes_mm": self._axes_mm(),
            "planes": [plane.describe() for plane in planes_across(self.grid, view)],
        }

    def _axes_mm(self) -> list[list[float]]:
        """RAS+ mm of the middle of the first slice's first pixel, and the steps to the next slice, row and column."""
        first, *others = self.grid.to_world(in_array(np.vstack([np.zeros(3), np.eye(3)]), self.grid, self.view))
        return [[float(v) for v in first], *([float(v) for v in other - first] for other in others)]

    def slice_bytes(self, index: int, *, with_fat: bool) -> bytes:
        """One slice, row by row from the top.

        Args:
            index: 0 to `count` - 1.
            with_fat: send the fat fraction, if there is one.

        Returns:
            grey (uint16, little-endian), labels (uint8), fat (uint8, absent without it), excluded (uint8), then the outlines as JSON:
            `outlines` a list of colour and lines, `zone` lines; a line is x, y, x, y... in pixels.
        """
        planes = [self.grey[index].astype("<u2"), self.labels[index]]
        if with_fat and self.fat is not None:
            planes.append(self.fat[index])
        planes.append(self.excluded[index])
        return b"".join([*(p.tobytes() for p in planes), json.dumps(self._outlines(index), separators=(",", ":")).encode()])

    def _outlines(self, index: int) -> dict[str, Any]:
        labels, zone = self.labels[index], self.excluded[index] > 0
        nothing = np.zeros(labels.shape, np.float32)
        cut = Cut(nothing, labels, nothing, self.view)
        rows, columns = zone.shape
        return {
            "outlines": [[colour, [_flat(line) for line in lines]] for colour, lines in cut.outlines],
            "zone": [_flat(line) for line in contour_lines(zone, columns, rows)] if zone.any() else [],
        }


def load_stack(files: Files, slice_axis: int, *, is_ct: bool) -> Stack:
    """Read the volumes of a study.

    Raises:
        RefusedInput: `grid_mismatch` where they lie on different grids; what `read_volume` refuses.
        TransientFailure: `read_failed`.
    """
    image, labels = _read(files.image), _read(files.labels)
    fat = _read(files.fat) if files.fat else None
    excluded = _read(files.excluded) if files.excluded else None
    for other in (labels, fat, excluded):
        if other is not None and not other.grid.matches(image.grid):
            raise RefusedInput(Reason.GRID_MISMATCH, "the files of this study's folder do not belong together")
    view = view_of(labels.grid, slice_axis)
    levels = with_left_out(choose_levels(labels, slice_axis), labels, excluded, slice_axis)
    window, box = _window_and_box(image, labels, fat, view, levels, is_ct=is_ct)
    grey, lowest, step = _grey(image.array)
    return Stack(
        grey=_turned(grey, view),
        labels=_turned(labels.array.astype(np.uint8), view),
        fat=None if fat is None else _turned(_fat_bytes(fat.array), view),
        excluded=_turned(np.zeros(labels.shape, np.uint8) if excluded is None else (excluded.array > 0).astype(np.uint8), view),
        lowest=lowest,
        step=step,
        view=view,
        grid=labels.grid,
        window=window,
        levels=levels,
        box=box,
        is_ct=is_ct,
    )


def _read(path: Path) -> Volume:
    """A volume in C order: slices of another one are cut from a copy of it all."""
    volume = read_volume(path)
    return volume.with_array(np.ascontiguousarray(volume.array))


def _turned(array: Array, view: View) -> Array:
    """(slice, row, column) as shown."""
    return np.stack([view.picture(array, n) for n in range(array.shape[view.slice_axis])])


def _window_and_box(
    image: Volume, labels: Volume, fat: Volume | None, view: View, levels: Sequence[Level], *, is_ct: bool
) -> tuple[Window, Box]:
    """As on the overlays."""
    pictures = [np.nan_to_num(view.picture(image.array, level.index).astype(np.float32)) for level in levels]
    masks = [view.picture(labels.array, level.index) for level in levels]
    fats = [
        np.full(p.shape, np.nan, np.float32) if fat is None else view.picture(fat.array, n.index)
        for p, n in zip(pictures, levels, strict=True)
    ]
    bodies = body_masks(pictures, fats, is_ct=is_ct)
    return window_of(pictures, masks, bodies, is_ct=is_ct), crop_box(masks, bodies, view.pixel_mm)


def _grey(values: Array) -> tuple[npt.NDArray[np.uint16], float, float]:
    """Values as uint16, what 0 stands for, and what a step is; whole numbers stay exact."""
    finite = np.nan_to_num(values, nan=np.nanmin(values) if np.isfinite(values).any() else 0.0) if values.dtype.kind == "f" else values
    low, high = float(finite.min()), float(finite.max())
    whole = values.dtype.kind in "iu" and high - low <= _MOST
    step = 1.0 if whole or high <= low else (high - low) / _MOST
    return np.asarray(np.rint((finite.astype(np.float32) - low) / step), np.uint16), low, step


def _fat_bytes(fat: Array) -> npt.NDArray[np.uint8]:
    known = np.isfinite(fat)
    scaled = np.rint(np.clip(np.where(known, fat, 0), 0, 1) * FAT_STEPS)
    return np.where(known, scaled, NO_FAT).astype(np.uint8)


def _flat(line: npt.NDArray[np.float64]) -> list[float]:
    return [round(float(v), _POINT_DIGITS) for v in line.ravel()]
