"""A4 pages as a PDF, filled from top to bottom: lines that are broken, tables, a picture. The same input gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from gluteal_grade.drawing import FAINT, INK, RULE, drawable, font
from gluteal_grade.report.words import visible

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 15.0  # mm
_POINT = 25.4 / 72  # mm
_LEADING = 1.35  # of the letters' size
_FINE = 10  # letters are measured this much larger: Pillow counts in 64ths of a pixel
_DPI = 200  # of the picture
# letters as outlines of a font that the file holds: any viewer shows them, and finds words
_STYLE = {"font.family": "DejaVu Sans", "pdf.fonttype": 42, "pdf.compression": 9, "text.parse_math": False}


@dataclass(frozen=True)
class Column:
    """A column of a table: its title, width in mm, and whether it holds numbers (set to the right)."""

    title: str
    width: float
    number: bool = False


class Sheets:
    """Pages that are filled one after the other.

    Args:
        footer: foot of every page, before its number.
    """

    def __init__(self, footer: str) -> None:
        self._footer = footer
        self._figures: list[Figure] = []
        self._y = HEIGHT
        self.new_page()

    def new_page(self) -> None:
        """Go on at the top of another page."""
        self._figures.append(Figure(figsize=(WIDTH / 25.4, HEIGHT / 25.4)))
        self._y = MARGIN

    @property
    def room(self) -> float:
        """Height that is left on this page, mm."""
        return HEIGHT - MARGIN - 6 - self._y

    def space(self, height: float) -> None:
        """Leave some, mm."""
        self._y += height

    def text(self, words: str, size: float = 9, *, bold: bool = False, faint: bool = False, indent: float = 0) -> None:
        """A paragraph, its lines broken at words; `size` in points, `indent` in mm."""
        for line in _broken(words, size, WIDTH - 2 * MARGIN - indent, bold=bold):
            height = size * _POINT * _LEADING
            self._need(height)
            self._put(MARGIN + indent, self._y + 0.8 * height, line, size, bold=bold, colour=FAINT if faint else INK)
            self._y += height

    def table(self, columns: Sequence[Column], rows: Sequence[tuple[Sequence[str], bool]], size: float = 8) -> None:
        """Rows of cells, each with whether it stands out; the titles again on every page."""
        height = size * _POINT * 1.6
        self._need(3 * height)
        self._titles(columns, size)
        for cells, strong in rows:
            if self.room < height:
                self.new_page()
                self._titles(columns, size)
            self._row(columns, cells, size, bold=strong)
            self._rule(self._y, 0.3)

    def picture(self, png: bytes) -> None:
        """A picture as wide as the text, smaller where the rest of an empty page is too low for it; on a new page if it has no room."""
        with Image.open(BytesIO(png)) as opened:
            image = opened.convert("RGB")
        width = WIDTH - 2 * MARGIN
        if width * image.height / image.width > self.room:
            self.new_page()
        width = min(width, self.room * image.width / image.height)
        height = width * image.height / image.width
        wanted = round(width / 25.4 * _DPI)
        if image.width > wanted:
            image = image.resize((wanted, round(wanted * image.height / image.width)), Image.Resampling.LANCZOS)
        left = (WIDTH - width) / 2
        axes = self._figures[-1].add_axes((left / WIDTH, 1 - (self._y + height) / HEIGHT, width / WIDTH, height / HEIGHT))
        axes.set_axis_off()
        axes.imshow(np.asarray(image), aspect="auto", interpolation="none")
        self._y += height

    def finished(self, title: str, creator: str) -> bytes:
        """The file, without a date."""
        buffer = BytesIO()
        facts = {"Title": drawable(title), "Creator": drawable(creator), "CreationDate": None, "ModDate": None}
        pages = len(self._figures)
        with mpl.rc_context(_STYLE), PdfPages(buffer, metadata=facts) as file:
            for n, figure in enumerate(self._figures, start=1):
                foot = HEIGHT - MARGIN
                figure.text(MARGIN / WIDTH, 1 - foot / HEIGHT, drawable(self._footer), fontsize=7, color=FAINT, va="bottom")
                figure.text(1 - MARGIN / WIDTH, 1 - foot / HEIGHT, f"Page {n} of {pages}", fontsize=7, color=FAINT, va="bottom", ha="right")
                file.savefig(figure)
        return buffer.getvalue()

    def _need(self, height: float) -> None:
        if self.room < height:
            self.new_page()

    def _titles(self, columns: Sequence[Column], size: float) -> None:
        self._row(columns, [column.title for column in columns], size, bold=True)
        self._rule(self._y, 0.8)

    def _row(self, columns: Sequence[Column], cells: Sequence[str], size: float, *, bold: bool) -> None:
        height = size * _POINT * 1.6
        left = MARGIN
        for column, cell in zip(columns, cells, strict=True):
            x = left + column.width - 1.5 if column.number else left
            fitting = _fitting(cell, size, column.width - 1.5, bold=bold)
            self._put(x, self._y + 0.72 * height, fitting, size, bold=bold, right=column.number)
            left += column.width
        self._y += height

    def _rule(self, y: float, width: float) -> None:
        xs, ys = [MARGIN / WIDTH, 1 - MARGIN / WIDTH], [1 - y / HEIGHT] * 2
        figure = self._figures[-1]
        figure.add_artist(Line2D(xs, ys, color=RULE, linewidth=width, transform=figure.transFigure))

    def _put(self, x: float, y: float, line: str, size: float, *, bold: bool, colour: str = INK, right: bool = False) -> None:
        weight, align = "bold" if bold else "normal", "right" if right else "left"
        with mpl.rc_context(_STYLE):
            self._figures[-1].text(
                x / WIDTH, 1 - y / HEIGHT, line, fontsize=size, color=colour, weight=weight, ha=align, va="baseline", parse_math=False
            )


def _broken(words: str, size: float, width: float, *, bold: bool) -> list[str]:
    """Lines of at most so many mm; a word that is longer has a line of its own."""
    lines = [""]
    for word in drawable(visible(words)).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _length(longer, size, bold=bold) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _fitting(words: str, size: float, width: float, *, bold: bool) -> str:
    """One line, cut where it is too long; spaces before it stay."""
    line = " " * (len(words) - len(words.lstrip())) + " ".join(drawable(visible(words)).split())
    if _length(line, size, bold=bold) <= width:
        return line
    while line and _length(f"{line}...", size, bold=bold) > width:
        line = line[:-1]
    return f"{line}..."


def _length(line: str, size: float, *, bold: bool) -> float:
    return float(font(size * _FINE, bold=bold).getlength(line)) / _FINE * _POINT
