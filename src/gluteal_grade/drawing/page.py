"""A figure measured in pixels from its top left corner, written as the same bytes every time."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D
from PIL import Image, ImageDraw

from gluteal_grade.drawing.fonts import font
from gluteal_grade.drawing.palette import PRINT, Theme

_DPI = 100
Rgb = npt.NDArray[np.uint8]
Line = npt.NDArray[np.float64]
_UP = 2
_PACKED = 2  # of 9: three times as fast as the usual 6, a twentieth larger
_INCH_M = 0.0254
_MIDDLE = 0.26  # of the size: half the height from the foot of a p to the head of an l, above the line they stand on
_RIM = 1.5  # pixels

Align = Literal["left", "center", "right"]
_ANCHORS: dict[Align, str] = {"left": "ls", "center": "ms", "right": "rs"}


class _Pixels(Artist):
    """An RGB image copied to the page pixel by pixel."""

    def __init__(self, rgb: Rgb, left: int, bottom: int) -> None:
        super().__init__()
        self.set_zorder(0)
        opaque = np.full((*rgb.shape[:2], 1), 255, np.uint8)
        # Agg counts rows from the bottom
        self._rgba = np.ascontiguousarray(np.concatenate([rgb, opaque], axis=2)[::-1])
        self._corner = left, bottom

    def draw(self, renderer: Any) -> None:
        """Called by matplotlib."""
        renderer.draw_image(renderer.new_gc(), *self._corner, self._rgba)


@dataclass(frozen=True)
class _Text:
    """One line; `x` and the middle `y` in pixels from the top left corner of the page, `clip` left, top, right and bottom."""

    x: float
    y: float
    string: str
    size: float
    colour: str
    align: Align
    bold: bool
    rim: bool
    clip: tuple[int, int, int, int] | None

    def draw(self, page: Image.Image) -> None:
        if self.clip is not None:
            left, top = self.clip[:2]
            part = page.crop(self.clip)
            replace(self, x=self.x - left, y=self.y - top, clip=None).draw(part)
            page.paste(part, (left, top))
            return
        place = round(self.x), round(self.y + _MIDDLE * self.size)
        # whatever a name holds, it is one line
        line = " ".join(self.string.split()) if any(ch < " " for ch in self.string) else self.string
        ImageDraw.Draw(page).text(
            place,
            line,
            self.colour,
            font(self.size, bold=self.bold),
            _ANCHORS[self.align],
            stroke_width=_RIM if self.rim else 0,
            stroke_fill="black",
        )


class Page:
    """An empty page.

    Args:
        width: pixels.
        height: pixels.
        theme: its paper and ink.
    """

    def __init__(self, width: int, height: int, theme: Theme = PRINT) -> None:
        self.width, self.height, self.theme = width, height, theme
        self.figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=theme.paper)
        self._canvas = FigureCanvasAgg(self.figure)
        if self._canvas.get_width_height() != (width, height):  # matplotlib 3.10 cuts 1639.9999 to 1639
            self.figure.set_size_inches(math.nextafter(width / _DPI, math.inf), math.nextafter(height / _DPI, math.inf))
        self._strips: list[tuple[int, Rgb]] = []
        self._texts: list[_Text] = []

    def at(self, left: int, top: int) -> Area:
        """Drawing relative to a place of the page."""
        return Area(self, left, top)

    def paste(self, strip: Rgb, top: int) -> None:
        """Put a strip as wide as the page on top of what is drawn there: text that several pages share is drawn once."""
        self._strips.append((top, strip))

    def write_on(self, text: _Text) -> None:
        """Put a line of text on top of what is drawn. Pillow draws it, in a twentieth of the time that matplotlib takes."""
        self._texts.append(text)

    def pixels(self) -> Rgb:
        """What is drawn, (height, width, 3)."""
        self._canvas.draw()
        image = Image.fromarray(np.asarray(self._canvas.buffer_rgba())[:, :, :3])
        for text in self._texts:
            text.draw(image)
        rgb = np.array(image)
        for top, strip in self._strips:
            rgb[top : top + len(strip)] = strip
        return rgb

    def write(self, path: Path) -> Path:
        """Write a PNG without a date or a program version in it."""
        return write_png(self.pixels(), path, _DPI)


@dataclass(frozen=True)
class Area:
    """A place on a page; x to the right and y down, in pixels from it."""

    page: Page
    left: int
    top: int

    def text(
        self,
        x: float,
        y: float,
        string: str,
        size: float = 12,
        *,
        color: str | None = None,
        ha: Align = "left",
        weight: Literal["normal", "bold"] = "normal",
        rim: bool = False,
        within: tuple[int, int] | None = None,
    ) -> None:
        """One line of text; nothing in it is read as mathematics.

        Args:
            x, y: where it begins, or its middle or end stands (`ha`); the middle of its height.
            string: what is written; a box for a letter that the font lacks.
            size: pixels.
            color: the theme's ink where none is given.
            ha: what `x` is of it.
            weight: of the letters.
            rim: a dark edge, for text on an image.
            within: nothing is drawn right of this width, from x = 0, and beyond this height about `y`: for text that is not ours.
        """
        top = self.top + y
        clip = None
        if within is not None:
            width, height = within
            clip = self.left, math.floor(top - height / 2), min(self.left + width, self.page.width), math.ceil(top + height / 2)
        self.page.write_on(_Text(self.left + x, top, string, size, color or self.page.theme.ink, ha, weight == "bold", rim, clip))

    def lines(self, lines: Sequence[Any], colour: str, width: float, *, alpha: float = 1, zorder: int = 3, dashes: Any = "solid") -> None:
        """Lines of (n, 2) x, y."""
        style: dict[str, Any] = {"colors": colour, "linewidths": _points(width), "alpha": alpha, "zorder": zorder, "capstyle": "butt"}
        self.page.figure.add_artist(LineCollection(lines, transform=self._transform(), linestyles=dashes, **style))

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled box with its top left corner at x, y."""
        style: dict[str, Any] = {"facecolor": colour, "edgecolor": "none", "antialiased": False, "zorder": 1}
        self.page.figure.add_artist(Rectangle((x, y), width, height, transform=self._transform(), **style))

    def swatch(self, x: float, y: float, length: float, colour: str) -> None:
        """A sample of a contour."""
        self.lines([[(x, y), (x + length, y)]], "black", 5)
        self.lines([[(x + 1, y), (x + length - 1, y)]], colour, 3, zorder=4)

    def image(self, rgb: Rgb, x: int = 0, y: int = 0) -> None:
        """An (height, width, 3) image with its top left corner at x, y."""
        self.page.figure.add_artist(_Pixels(rgb, self.left + x, self.page.height - self.top - y - rgb.shape[0]))

    def _transform(self) -> Any:
        return Affine2D().scale(1, -1).translate(self.left, self.page.height - self.top)


def drawing_style() -> Any:
    """Context in which pages are drawn: matplotlib's own defaults, so that a user's matplotlibrc changes no picture."""
    return mpl.rc_context({name: value for name, value in mpl.rcParamsDefault.items() if "backend" not in name})


def _points(pixels: float) -> float:
    """Matplotlib's points for a length in pixels of the page."""
    return pixels * 72 / _DPI


def write_png(rgb: npt.NDArray[np.uint8], path: Path, dpi: int) -> Path:
    """Write an image with its resolution, without date or program; equal images give equal bytes.

    Args:
        rgb: (height, width, 3).
        path: overwritten if it is there.
        dpi: pixels an inch.
    """
    height, width, _ = rgb.shape
    rows = rgb.reshape(height, 3 * width)
    filtered = np.empty((height, 1 + 3 * width), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    per_metre = round(dpi / _INCH_M)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
        (b"IDAT", zlib.compress(filtered.tobytes(), _PACKED)),
        (b"IEND", b""),
    )
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for name, content in chunks:
            file.write(struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content)))
    return path
