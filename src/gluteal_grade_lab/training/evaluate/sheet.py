"""Contact sheets: slices of an image with the contours of labels, to be judged by eye."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_hex, to_rgb

from gluteal_grade.drawing.page import Area, Page, drawing_style
from gluteal_grade.geometry import Volume
from gluteal_grade.report.panel import Cut, colour_of, contour_lines, draw_source
from gluteal_grade.report.view import View, view_of
from gluteal_grade.report.window import Box, body_masks, crop_box, window_of
from gluteal_grade.vocabulary import LABEL_VALUES, Side

_PANEL = 330  # pixels
_GAP = 6
_TITLE = 30
_COLUMNS = 6
_PALE = 0.5


@dataclass(frozen=True, eq=False)
class Strip:
    """One image of a sheet.

    Attributes:
        title: above it.
        image: RAS+.
        labels: on its grid.
        slices: at most so many pictures.
        ct: image in HU.
        at: slice numbers to show; evenly through the labels (the whole image without labels) if None.
    """

    title: str
    image: Volume
    labels: Volume
    slices: int = _COLUMNS
    ct: bool = False
    at: tuple[int, ...] | None = None


def slice_axis(volume: Volume) -> int:
    """The axis with the thickest voxels; axial where none stands out."""
    spacing = np.array(volume.spacing_mm)
    return int(spacing.argmax()) if spacing.max() > 1.2 * np.median(spacing) else 2


def chosen_slices(strip: Strip) -> tuple[int, ...]:
    """Slice numbers, first to last."""
    if strip.at is not None:
        return strip.at
    axis = slice_axis(strip.image)
    labelled = np.flatnonzero(strip.labels.array.any(axis=tuple({0, 1, 2} - {axis})))
    first, last = (int(labelled[0]), int(labelled[-1])) if labelled.size else (0, strip.image.shape[axis] - 1)
    return tuple(dict.fromkeys(int(k) for k in np.linspace(first, last, min(strip.slices, last - first + 1)).round()))


def write_sheet(strips: list[Strip], path: Path) -> Path:
    """Write a PNG of all strips, one below the other; patient's right at the left, left muscles in paler colours. Returns `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ready = [_ready(strip) for strip in strips]
    heights = [_TITLE + -(-len(cuts) // _COLUMNS) * (_panel(cuts[0])[1] + _GAP) for _, cuts in ready]
    page = Page(_COLUMNS * (_PANEL + _GAP) + _GAP, sum(heights) + _GAP)
    top = 0
    with drawing_style():
        for (strip, cuts), height in zip(ready, heights, strict=True):
            page.at(_GAP, top).text(0, _TITLE / 2, strip.title, 15, weight="bold")
            width, tall = _panel(cuts[0])
            for n, cut in enumerate(cuts):
                left, down = _GAP + (n % _COLUMNS) * (_PANEL + _GAP), top + _TITLE + (n // _COLUMNS) * (tall + _GAP)
                _draw(page.at(left, down), cut, width, tall)
            top += height
        return page.write(path)


def _draw(area: Area, cut: Cut, width: int, height: int) -> None:
    """The slice with a contour a label, left ones paler: labels of the wrong side must show."""
    draw_source(area, replace(cut, labels=np.zeros_like(cut.labels)), width, height)
    for value in (int(v) for v in np.unique(cut.labels) if int(v) in LABEL_VALUES):
        lines = contour_lines(cut.labels == value, width, height)
        red, green, blue = to_rgb(colour_of(value))
        if LABEL_VALUES[value].side is Side.LEFT:
            red, green, blue = (_PALE * c + 1 - _PALE for c in (red, green, blue))
        area.lines(lines, "black", 2.7, alpha=0.55, zorder=3)
        area.lines(lines, to_hex((red, green, blue)), 1.5, zorder=4)


def _panel(cut: Cut) -> tuple[int, int]:
    across, down = cut.size_mm
    scale = min(_PANEL / across, 1.2 * _PANEL / down)
    return max(1, round(across * scale)), max(1, round(down * scale))


def _ready(strip: Strip) -> tuple[Strip, list[Cut]]:
    axis = slice_axis(strip.image)
    view = view_of(strip.image.grid, axis)
    at = chosen_slices(strip)
    pictures = [np.nan_to_num(view.picture(strip.image.array, k).astype(np.float32)) for k in at]
    labels = [view.picture(strip.labels.array, k) for k in at]
    nothing = [np.full(p.shape, np.nan, np.float32) for p in pictures]
    bodies = body_masks(pictures, nothing, is_ct=strip.ct)
    window = window_of(pictures, labels, bodies, is_ct=strip.ct)
    box = crop_box(labels, bodies, view.pixel_mm)
    return strip, [_cut(window.grey(p), m, box, view) for p, m in zip(pictures, labels, strict=True)]


def _cut(grey: npt.NDArray[np.float32], labels: npt.NDArray[np.generic], box: Box, view: View) -> Cut:
    part = box.of(grey)
    return Cut(part, box.of(labels), np.full(part.shape, np.nan, np.float32), view)
