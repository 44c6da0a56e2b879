"""Contact sheets: many studies on one picture, a page at a time in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from gluteal_grade.cohort.gallery.picture import study_picture
from gluteal_grade.cohort.gallery.tile import SIZE, Tile, draw_tile, font, picture_size
from gluteal_grade.cohort.gallery.words import DISCLAIMER
from gluteal_grade.files import whole

COLUMNS, ROWS = 4, 5
_GAP = 14
_HEAD = 92
_INK, _FAINT = "#1a1a1a", "#4a4a4a"
_KEY = (
    "Frame: thick = needs review, dashed = partly graded, dotted = refused or failed, thin = graded.",
    "R, L: the patient's right and left. Boxed: Quartile grade, then fat fraction.  ! outline is doubtful, look at it  "
    "* graded on the part in view  – not measured",
)


@dataclass(frozen=True)
class Sheet:
    """One contact sheet.

    Attributes:
        number: from 1.
        path: the PNG.
        size: width and height, pixels.
        tiles: with the place of each: left, top, width, height in percent of the sheet.
        first: number of its first study, from 1.
    """

    number: int
    path: Path
    size: tuple[int, int]
    tiles: tuple[tuple[Tile, tuple[float, float, float, float]], ...]
    first: int

    @property
    def last(self) -> int:
        """Number of its last study."""
        return self.first + len(self.tiles) - 1


def sheet_count(tiles: int) -> int:
    """How many sheets so many tiles take."""
    return -(-tiles // (COLUMNS * ROWS))


def write_sheets(tiles: Iterator[Tile], count: int, out: Path) -> Iterator[Sheet]:
    """Write `contact_sheet_<nnn>.png`, one after the other.

    Args:
        tiles: in order; taken a page at a time.
        count: of all tiles.
        out: the cohort's folder.
    """
    first, total = 1, sheet_count(count)
    for number in range(1, total + 1):
        mine = [tile for _, tile in zip(range(min(COLUMNS * ROWS, count - first + 1)), tiles, strict=False)]
        title = f"Contact sheet {number} of {total}: studies {first} to {first + len(mine) - 1} of {count}, needs review first, then by fat"
        image = _draw(mine, title)
        path = out / f"contact_sheet_{number:03d}.png"
        with whole(path) as scratch:
            image.save(scratch, format="PNG", compress_level=6)
        places = tuple((tile, _share(_corner(n), image.size)) for n, tile in enumerate(mine))
        yield Sheet(number, path, image.size, places, first)
        first += len(mine)


def _draw(tiles: Sequence[Tile], title: str) -> Image.Image:
    rows = -(-len(tiles) // COLUMNS)
    image = Image.new("RGB", (COLUMNS * (SIZE[0] + _GAP) + _GAP, _HEAD + rows * (SIZE[1] + _GAP)), "#ffffff")
    draw: Any = ImageDraw.Draw(image)
    draw.text((_GAP, 24), title, _INK, font(22, bold=True), "lm")
    draw.text((image.width - _GAP, 24), DISCLAIMER, _INK, font(17, bold=True), "rm")
    for n, line in enumerate(_KEY):
        draw.text((_GAP, 53 + 22 * n), line, _FAINT, font(16), "lm")
    for n, tile in enumerate(tiles):
        picture = study_picture(tile.picture, picture_size()) if tile.picture else None
        image.paste(draw_tile(tile, picture), _corner(n))
    return image


def _corner(n: int) -> tuple[int, int]:
    return _GAP + (n % COLUMNS) * (SIZE[0] + _GAP), _HEAD + (n // COLUMNS) * (SIZE[1] + _GAP)


def _share(corner: tuple[int, int], size: tuple[int, int]) -> tuple[float, float, float, float]:
    across, down = 100 / size[0], 100 / size[1]
    return round(corner[0] * across, 3), round(corner[1] * down, 3), round(SIZE[0] * across, 3), round(SIZE[1] * down, 3)
