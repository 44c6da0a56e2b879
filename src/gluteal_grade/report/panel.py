"""One picture of one slice: the source image with contours, or the fat fraction inside the muscles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from skimage.measure import find_contours

from gluteal_grade.geometry import Array
from gluteal_grade.report._regions import borders
from gluteal_grade.report.view import View
from gluteal_grade.vocabulary import COLOURS, LABEL_VALUES, REGIONS, Part, Region, label_value

if TYPE_CHECKING:
    from gluteal_grade.drawing import Area, Rgb

FAT_COLOURS = "viridis"  # even steps for every eye (CIELAB), and no grey in it: cividis passes through the grey of the anatomy
HATCH_GREY = (150, 150, 150)
HATCH_DARK = (60, 60, 60)
ZONE_COLOUR = "#FF3B1F"
BORDER_DASHES = (0, (3.5, 2.5))  # lengths in widths of the line
_STRIPE_PIXELS = 14
_BACKGROUND = 0.45  # brightness of the anatomy behind the fat fraction
_SMOOTH_PIXELS = 0.5  # takes the staircase off a contour; even a single pixel keeps one
_CONTOUR_AT = 0.55  # just inside the muscle, so that two neighbours' contours lie side by side
_ROUND_VERTICES = 1.0
_SCALE_BAR_MM = 50.0
_ON_IMAGE: dict[str, Any] = {"color": "white", "weight": "bold", "rim": True}


@dataclass(frozen=True)
class Cut:
    """One slice, cropped and turned the way it is shown.

    Attributes:
        grey: 0 black to 1 white.
        labels: our own values.
        fat: fat fraction, NaN where none.
        view: where its edges point and how large its pixels are.
        excluded: left out on purpose (beside metal, by the user), None where nothing is.
    """

    grey: npt.NDArray[np.float32]
    labels: Array
    fat: npt.NDArray[np.float32]
    view: View
    excluded: npt.NDArray[np.bool_] | None = None

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the panel, mm."""
        rows, columns = self.grey.shape
        return columns * self.view.pixel_mm[0], rows * self.view.pixel_mm[1]

    @cached_property
    def outlines(self) -> list[tuple[str, list[npt.NDArray[np.float64]]]]:
        """Colour and outlines, in pixels of the slice, of all that has one colour: drawn on four pictures."""
        groups: dict[tuple[str, str], list[int]] = {}
        for value in (int(v) for v in np.unique(self.labels)):
            if value in LABEL_VALUES:
                groups.setdefault((LABEL_VALUES[value].muscle, colour_of(value)), []).append(value)
        return [(colour, _outlines(np.isin(self.labels, values))) for (_, colour), values in groups.items()]

    @cached_property
    def region_borders(self) -> list[tuple[str, list[npt.NDArray[np.float64]]]]:
        """Colour and border lines, likewise, between neighbouring regions that share a colour."""
        present = {int(v) for v in np.unique(self.labels)} & LABEL_VALUES.keys()
        muscles = sorted({(p.side, p.muscle) for p in map(LABEL_VALUES.__getitem__, present)})
        rows = [[v for r in REGIONS[m] if (v := label_value(Part(m, r, s))) in present] for s, m in muscles]
        pairs = [(a, b) for row in rows for a, b in pairwise(row) if colour_of(a) == colour_of(b)]
        return [(colour_of(a), lines) for a, b in pairs if (lines := borders(self.labels == a, self.labels == b))]

    def mirrored(self) -> Cut:
        """The same, left and right exchanged."""
        zone = None if self.excluded is None else self.excluded[:, ::-1]
        view = replace(self.view, left=self.view.right, right=self.view.left, flip_columns=not self.view.flip_columns)
        return Cut(self.grey[:, ::-1], self.labels[:, ::-1], self.fat[:, ::-1], view, zone)


def colour_of(value: int) -> str:
    """Contour colour of a label value; a region without a colour of its own takes its muscle's."""
    part = LABEL_VALUES[value]
    return COLOURS.get((part.muscle, part.region), COLOURS[part.muscle, Region.WHOLE])


def draw_source(area: Area, cut: Cut, width: int, height: int, *, bare: bool = False) -> None:
    """Source image, contours, letters at the edges and a scale bar; `bare`: letters at the sides only and no bar."""
    area.image(_three(_grey_bytes(cut.grey, width, height)))
    _zone(area, cut, width, height, hatched=True)
    _contours(area, cut, width, height, 1.5)
    _side_letters(area, cut.view, width)
    if not bare:
        _other_letters(area, cut.view, width, height)
        _scale_bar(area, cut, width, height)


def draw_fat(area: Area, cut: Cut, width: int, height: int) -> None:
    """Fat fraction inside the muscles over the faint anatomy, with letters at the sides; hatched where there is none."""
    area.image(fat_picture(cut, width, height))
    _zone(area, cut, width, height, hatched=False)
    _contours(area, cut, width, height, 1.0)
    _side_letters(area, cut.view, width)


def fat_picture(cut: Cut, width: int, height: int) -> Rgb:
    """The fat-fraction picture itself, (height, width, 3); voxels are drawn as they are, not smoothed."""
    import matplotlib as mpl  # not loaded by the review app, which takes contours from here

    rgb = _three(_grey_bytes(cut.grey * _BACKGROUND, width, height))
    rows = np.arange(height) * cut.grey.shape[0] // height
    columns = np.arange(width) * cut.grey.shape[1] // width
    inside = cut.labels[np.ix_(rows, columns)] > 0
    fat = cut.fat[np.ix_(rows, columns)]
    known = inside & np.isfinite(fat)
    rgb[known] = mpl.colormaps[FAT_COLOURS](np.clip(fat[known], 0, 1), bytes=True)[:, :3]
    unknown = inside & ~np.isfinite(fat)
    if unknown.any():
        rgb[unknown] = _stripes(*np.nonzero(unknown))
    return rgb


def hatch(width: int, height: int) -> Rgb:
    """Diagonal stripes: muscle without a fat value."""
    return _stripes(*np.indices((height, width)))


def _stripes(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> Rgb:
    """The hatch's colours at these pixels."""
    return np.asarray(np.array([HATCH_DARK] * 2 + [HATCH_GREY] * 5, np.uint8)[(rows + columns) % 7])


def contour_lines(mask: npt.NDArray[np.bool_], width: int, height: int) -> list[npt.NDArray[np.float64]]:
    """Outlines of a mask as (n, 2) x, y in a picture of `width` x `height`; closed at the picture's border too."""
    scale = np.array([width / mask.shape[1], height / mask.shape[0]])
    return [line * scale for line in _outlines(mask)]


def _outlines(mask: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.float64]]:
    """The same in pixels of the mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return []
    top, left = int(rows[0]), int(columns[0])
    part = np.pad(mask[top : rows[-1] + 1, left : columns[-1] + 1].astype(np.float32), 3)
    smooth = gaussian_filter(part, _SMOOTH_PIXELS)
    return [_rounded(line)[:, ::-1] + [left - 2.5, top - 2.5] for line in find_contours(smooth, _CONTOUR_AT)]


def _rounded(line: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A closed line without the voxels' steps."""
    ring = gaussian_filter1d(line[:-1], _ROUND_VERTICES, axis=0, mode="wrap")
    return np.concatenate([ring, ring[:1]])


def _three(grey: npt.NDArray[np.uint8]) -> Rgb:
    return np.repeat(grey[:, :, None], 3, axis=2)


def _grey_bytes(grey: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.uint8]:
    resized = Image.fromarray(np.ascontiguousarray(grey, np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(np.rint(np.clip(np.asarray(resized), 0, 1) * 255), np.uint8)


def _contours(area: Area, cut: Cut, width: int, height: int, thickness: float) -> None:
    scale = np.array([width / cut.labels.shape[1], height / cut.labels.shape[0]])
    for colour, outlines in cut.outlines:
        lines = [line * scale for line in outlines]
        # a dark rim keeps bright colours visible on bright fat
        area.lines(lines, "black", thickness + 1.2, alpha=0.55, zorder=3)
        area.lines(lines, colour, thickness, zorder=4)
    for colour, outlines in cut.region_borders:
        lines = [line * scale for line in outlines]
        area.lines(lines, "black", thickness + 0.8, alpha=0.35, zorder=3)
        area.lines(lines, colour, thickness, zorder=4, dashes=BORDER_DASHES)


def _zone(area: Area, cut: Cut, width: int, height: int, *, hatched: bool) -> None:
    """Outline of what was left out, with sparse stripes that leave the picture behind them visible."""
    if cut.excluded is None or not cut.excluded.any():
        return
    lines = contour_lines(cut.excluded, width, height)
    area.lines(lines, "black", 2.6, alpha=0.55, zorder=3)
    area.lines(lines, ZONE_COLOUR, 1.4, zorder=4)
    if hatched:
        area.lines(zone_stripes(cut.excluded, width, height), ZONE_COLOUR, 0.7, alpha=0.75, zorder=3)


def zone_stripes(mask: npt.NDArray[np.bool_], width: int, height: int) -> list[list[tuple[float, float]]]:
    """Diagonal strokes inside a mask, in a picture of `width` x `height`."""
    rows, columns = mask.shape
    strokes: list[list[tuple[float, float]]] = []
    for start in range(-height, width, _STRIPE_PIXELS):
        y = np.arange(height)
        x = start + y
        on = np.zeros(height + 2, bool)
        seen = (x >= 0) & (x < width)
        on[1:-1][seen] = mask[y[seen] * rows // height, x[seen] * columns // width]
        edges = np.flatnonzero(np.diff(on.astype(np.int8)))
        strokes += [[(float(start + a), float(a)), (float(start + b), float(b))] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return strokes


def _side_letters(area: Area, view: View, width: int) -> None:
    area.text(8, 16, view.left, 18, **_ON_IMAGE)
    area.text(width - 8, 16, view.right, 18, ha="right", **_ON_IMAGE)


def _other_letters(area: Area, view: View, width: int, height: int) -> None:
    area.text(width / 2, 12, view.top, 12, ha="center", **_ON_IMAGE)
    area.text(width / 2, height - 11, view.bottom, 12, ha="center", **_ON_IMAGE)


def _scale_bar(area: Area, cut: Cut, width: int, height: int) -> None:
    length = _SCALE_BAR_MM / cut.size_mm[0] * width
    if length > 0.8 * width:
        return
    x, y = width - 12 - length, height - 12
    area.lines([[(x - 1, y), (x + length + 1, y)]], "black", 5, zorder=5)
    area.lines([[(x, y), (x + length, y)]], "white", 3, zorder=6)
    area.text(x + length / 2, y - 12, f"{_SCALE_BAR_MM / 10:.0f} cm", 12, ha="center", color="white", rim=True)
