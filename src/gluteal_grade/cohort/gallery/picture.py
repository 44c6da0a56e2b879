"""The one picture of a study on a contact sheet, cut out of the overlay of its most telling level."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

_LEVEL = re.compile(r"overlay_\d{2}_([a-z_]+)\.png")
_PAPER = 5  # so far a channel may be from the page's colour; the fat map's faint anatomy and colours are farther in at least one
_BETWEEN = 6  # pixels between source image and fat map, as report.overlay lays them out
_COLOURED = 40  # between a pixel's channels: contours and fat colours
_MARGIN = 0.05  # of the muscles' width and height
_LETTER = (30, 32)  # pixels of the corners with the side letters
_EDGES = (24, 34)  # rows at the top and bottom of a panel with letters and the scale bar, which half a bar would belie
_SMALLEST = 60  # pixels of a panel

Rgb = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Box = tuple[int, int, int, int]  # left, top, right, bottom


def choose_level(names: Iterable[str], side: str = "") -> tuple[str, str]:
    """The overlay to show: through minimus, else medius, else the first.

    Args:
        names: of the files in a result folder.
        side: the side to prefer where levels are told by side (sagittal slices).

    Returns:
        file name and level in words; both empty if there is no level.
    """
    levels = sorted((m.group(0), m.group(1)) for m in map(_LEVEL.fullmatch, names) if m)
    if not levels:
        return "", ""
    best = min(levels, key=lambda level: _rank(level[1], side))
    return best[0], best[1].replace("_", " ")


def _rank(slug: str, side: str) -> tuple[int, bool]:
    words = slug.split("_")
    wanted = ("minimus" in words, "medius" in words and not {"upper", "anterior"} & set(words), "medius" in words, "middle" in words)
    return next((n for n, yes in enumerate(wanted) if yes), len(wanted)), side not in words


def find_panels(page: Rgb) -> tuple[Box, Box] | None:
    """Where source image and fat map stand on a level's overlay page; None if it does not look like one.

    The fat map is drawn on faint anatomy, so none of its rows or columns is blank; text is never as tall without a blank row. Paper is
    what the page's corner shows, light or dark.
    """
    inked = _farthest(page, page[0, 0]) > _PAPER
    top, bottom = _longest(np.asarray(inked.any(axis=1), bool))
    if bottom - top < _SMALLEST:
        return None
    columns = np.asarray(inked[top:bottom].any(axis=0), bool)
    right = int(np.flatnonzero(columns)[-1]) + 1
    blank = np.flatnonzero(~columns[:right])
    fat_left = int(blank[-1]) + 1 if blank.size else 0
    width = right - fat_left
    # counted from the fat map: skin or air at the edge of the source image may look like the page
    left = fat_left - _BETWEEN - width
    if width < _SMALLEST or left < 0:
        return None
    return (left, top, left + width, bottom), (fat_left, top, right, bottom)


def muscle_box(fat: Rgb) -> Box | None:
    """Bounding box of what is coloured on the fat map."""
    coloured = _colour(fat) > _COLOURED
    rows, columns = np.flatnonzero(coloured.any(axis=1)), np.flatnonzero(coloured.any(axis=0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1) if rows.size else None


def study_picture(path: Path, size: tuple[int, int]) -> Image.Image | None:
    """The source image with contours, cropped to the muscles, letters of the sides kept; at most `size` (width, height).

    Returns:
        None if the file is damaged or is no overlay of a level.
    """
    try:
        with Image.open(path) as image:
            page = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    panels = find_panels(page)
    if panels is None:
        return None
    source, fat = (page[t:b, lf:r] for lf, t, r, b in panels)
    height, width = source.shape[:2]
    box = _grown(muscle_box(fat) or (0, 0, width, height), (width, height), size[0] / size[1])
    source = _bolder(source)
    scale = min(size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1]))
    shape = max(1, round((box[2] - box[0]) * scale)), max(1, round((box[3] - box[1]) * scale))
    picture = Image.fromarray(source).crop(box).resize(shape, Image.Resampling.LANCZOS)
    across, down = _LETTER
    if shape[0] > 3 * across and shape[1] > 2 * down:
        whole = Image.fromarray(source)
        picture.paste(whole.crop((0, 0, across, down)), (0, 0))
        picture.paste(whole.crop((width - across, 0, width, down)), (shape[0] - across, 0))
    return picture


def _grown(box: Box, room: tuple[int, int], aspect: float) -> Box:
    """The box with a margin, widened or heightened towards the aspect as far as the room goes."""
    across, down = ((box[n + 2] - box[n]) * (1 + 2 * _MARGIN) for n in (0, 1))
    across, down = max(across, down * aspect), max(down, across / aspect)
    left, right = _span((box[0] + box[2]) / 2, across, (0, room[0]))
    first = _EDGES[0] if box[1] >= _EDGES[0] else 0
    last = room[1] - (_EDGES[1] if box[3] <= room[1] - _EDGES[1] else 0)
    top, bottom = _span((box[1] + box[3]) / 2, down, (first, last))
    return left, top, right, bottom


def _bolder(source: Rgb) -> Rgb:
    """Contours a pixel wider on both sides, so that they outlast the shrinking; the image itself is grey."""
    padded = np.pad(source, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = source.shape[:2]
    best, most = source.copy(), _colour(source)
    for y, x in ((0, 1), (2, 1), (1, 0), (1, 2)):
        near = padded[y : y + height, x : x + width]
        colour = _colour(near)
        take = (colour > most) & (colour > _COLOURED)
        best[take], most[take] = near[take], colour[take]
    return best


def _farthest(rgb: Rgb, paper: Rgb) -> npt.NDArray[np.int16]:
    """Largest difference from one colour over the channels."""
    red, green, blue = (np.abs(rgb[..., n].astype(np.int16) - int(paper[n])) for n in range(3))
    return np.maximum(np.maximum(red, green), blue)


def _darkest(rgb: Rgb) -> npt.NDArray[np.uint8]:
    """Least of the three channels; by channel, as numpy is slow along so short an axis."""
    return np.minimum(np.minimum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])


def _colour(rgb: Rgb) -> npt.NDArray[np.uint8]:
    """Between the channels: 0 is grey."""
    return np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2]) - _darkest(rgb)


def _span(centre: float, length: float, room: tuple[int, int]) -> tuple[int, int]:
    """A stretch of at most this length inside the room, around the centre where it fits."""
    length = min(length, room[1] - room[0])
    start = min(max(centre - length / 2, room[0]), room[1] - length)
    return round(start), max(round(start) + 1, round(start + length))


def _longest(on: Mask) -> tuple[int, int]:
    """The longest run of True: from, to."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(np.int8)))
    if not edges.size:
        return 0, 0
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest])
