"""Contact sheets: many studies on one picture, a tile each, a page at a time in memory."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from gluteal_grade.cohort.gallery.picture import study_picture
from gluteal_grade.cohort.gallery.tables import MUSCLES
from gluteal_grade.cohort.gallery.words import DISCLAIMER
from gluteal_grade.drawing import FAINT, INK, PAPER, font
from gluteal_grade.files import whole
from gluteal_grade.vocabulary import COLOURS, Region

SIZE = (480, 442)  # pixels
_EDGE = 7
_BANNER = 28
_PICTURE = (SIZE[0] - 2 * _EDGE, 300)
_NAMES_Y = _EDGE + _BANNER + _PICTURE[1] + 9
_CELL_X = tuple(38 + n * 450 // len(MUSCLES) for n in range(len(MUSCLES)))
_CELL = (96, 24)  # the grade's own box is square; then the fat fraction
# fill of the banner and frame, ink on it, width and dashes of the frame: never colour alone
_LOOKS: dict[str, tuple[str, str, int, int]] = {
    "needs_review": ("#a83e00", "#ffffff", 6, 0),
    "partly_graded": ("#00598f", "#ffffff", 4, 14),
    "graded": ("#e4e4e4", INK, 1, 0),
    "refused": ("#4a4a4a", "#ffffff", 3, 5),
    "failed": ("#1a1a1a", "#ffffff", 3, 5),
    "withdrawn": ("#4a4a4a", "#ffffff", 3, 5),
}
# grades 0 to 4: light to dark
_GRADE_FILL = ("#ffffff", "#d9d9d9", "#a6a6a6", "#5c5c5c", "#111111")
_GRADE_INK = (INK, INK, INK, "#ffffff", "#ffffff")


@dataclass(frozen=True)
class Tile:
    """What a tile says.

    Attributes:
        title: the study's hash.
        look: `needs_review`, or the state.
        banner: the same in words.
        picture: the overlay page to cut it from; None where there is none.
        instead: shown without a picture: a heading and why.
        grades: per side and muscle: primary grade (None: none), words beside it, mark.
        foot: method, level.
        link: what a click opens.
        description: all of it in words, for who cannot see it.
    """

    title: str
    look: str
    banner: str
    picture: Path | None
    instead: tuple[str, str]
    grades: tuple[tuple[tuple[int | None, str, str], ...], ...]
    foot: str
    link: str
    description: str


def draw_tile(tile: Tile, picture: Image.Image | None) -> Image.Image:
    """The tile as an image of `SIZE`."""
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    fill, ink, thick, dash = _LOOKS[tile.look]
    draw.rectangle((0, 0, SIZE[0] - 1, _EDGE + _BANNER - 1), fill)
    middle = (_EDGE + _BANNER) // 2
    draw.text((_EDGE + 4, middle), tile.title, ink, font(17, bold=True, mono=True), "lm")
    draw.text((SIZE[0] - _EDGE - 4, middle), tile.banner, ink, font(16, bold=True), "rm")
    top = _EDGE + _BANNER
    if picture is None:
        _draw_instead(draw, tile, top)
    else:
        draw.rectangle((_EDGE, top, _EDGE + _PICTURE[0] - 1, top + _PICTURE[1] - 1), "#000000")
        image.paste(picture, (_EDGE + (_PICTURE[0] - picture.width) // 2, top + (_PICTURE[1] - picture.height) // 2))
    if tile.grades:
        _draw_grades(draw, tile)
    draw.text((_EDGE + 5, SIZE[1] - _EDGE - 4), tile.foot, FAINT, font(13), "ls")
    _frame(draw, fill, thick, dash)
    return image


def picture_size() -> tuple[int, int]:
    """Room for the picture, width and height in pixels."""
    return _PICTURE


def _draw_instead(draw: Any, tile: Tile, top: int) -> None:
    bottom = top + _PICTURE[1] if tile.grades else SIZE[1] - _EDGE
    draw.rectangle((_EDGE, top, _EDGE + _PICTURE[0] - 1, bottom - 1), "#ededed")
    heading, why = tile.instead
    lines = textwrap.wrap(why, 44, max_lines=8, placeholder=" …")
    middle, y = SIZE[0] // 2, (top + bottom) // 2 - 12 * len(lines)
    draw.text((middle, y), heading, INK, font(19, bold=True), "mm")
    for n, line in enumerate(lines):
        draw.text((middle, y + 32 + 24 * n), line, INK, font(16), "mm")


def _draw_grades(draw: Any, tile: Tile) -> None:
    for x, muscle in zip(_CELL_X, MUSCLES, strict=True):
        colours = [colour for (m, region), colour in COLOURS.items() if m is muscle and region is not Region.WHOLE]
        colours = colours or [COLOURS[muscle, Region.WHOLE]]
        for n, colour in enumerate(colours):
            left = x + n * 13
            draw.rectangle((left, _NAMES_Y - 4, left + 12, _NAMES_Y + 4), colour, "#555555")
        draw.text((x + 13 * len(colours) + 6, _NAMES_Y), muscle.short, FAINT, font(13), "lm")
    for row, (letter, cells) in enumerate(zip("RL", tile.grades, strict=True)):
        y = _NAMES_Y + 11 + row * (_CELL[1] + 2)
        middle = y + _CELL[1] // 2
        draw.text((_EDGE + 6, middle), letter, INK, font(17, bold=True), "lm")
        for x, (grade, words, mark) in zip(_CELL_X, cells, strict=True):
            left = x
            if grade is not None:
                level = min(grade, len(_GRADE_FILL) - 1)
                draw.rectangle((x, y, x + _CELL[1] - 2, y + _CELL[1] - 2), _GRADE_FILL[level], "#333333")
                draw.text((x + _CELL[1] // 2 - 1, middle - 1), str(grade), _GRADE_INK[level], font(16, bold=True), "mm")
                left += _CELL[1] + 6
            draw.text((left, middle), words, INK, font(15), "lm")
            if mark:
                draw.text((left + draw.textlength(words, font(15)) + 6, middle), mark, _LOOKS["needs_review"][0], font(17, bold=True), "lm")


def _frame(draw: Any, colour: str, thick: int, dash: int) -> None:
    """Unbroken, or in dashes of so many pixels."""
    width, height = SIZE
    if colour == _LOOKS["graded"][0]:
        colour = "#8a8a8a"
    if not dash:
        draw.rectangle((0, 0, width - 1, height - 1), outline=colour, width=thick)
        return
    for x in range(0, width, 2 * dash):
        draw.rectangle((x, height - thick, min(x + dash, width) - 1, height - 1), colour)
    for y in range(0, height, 2 * dash):
        draw.rectangle((0, y, thick - 1, min(y + dash, height) - 1), colour)
        draw.rectangle((width - thick, y, width - 1, min(y + dash, height) - 1), colour)


COLUMNS, ROWS = 4, 5
_GAP = 14
_HEAD = 92
_KEY = (
    "Frame: thick = needs review, dashed = partly graded, dotted = refused or failed, thin = graded.",
    "R, L: the patient's right and left. Boxed: {scale} grade, then fat fraction.  ! outline is doubtful, look at it  "
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


def write_sheets(tiles: Iterator[Tile], count: int, out: Path, scale: str) -> Iterator[Sheet]:
    """Write `contact_sheet_<nnn>.png`, one after the other.

    Args:
        tiles: in order; taken a page at a time.
        count: of all tiles.
        out: the cohort's folder.
        scale: title of the one whose grades the tiles show.
    """
    first, total = 1, sheet_count(count)
    for number in range(1, total + 1):
        mine = [tile for _, tile in zip(range(min(COLUMNS * ROWS, count - first + 1)), tiles, strict=False)]
        title = f"Contact sheet {number} of {total}: studies {first} to {first + len(mine) - 1} of {count}, needs review first, then by fat"
        image = _draw(mine, title, scale)
        path = out / f"contact_sheet_{number:03d}.png"
        with whole(path) as scratch:
            image.save(scratch, format="PNG", compress_level=6)
        places = tuple((tile, _share(_corner(n), image.size)) for n, tile in enumerate(mine))
        yield Sheet(number, path, image.size, places, first)
        first += len(mine)


def _draw(tiles: Sequence[Tile], title: str, scale: str) -> Image.Image:
    rows = -(-len(tiles) // COLUMNS)
    image = Image.new("RGB", (COLUMNS * (SIZE[0] + _GAP) + _GAP, _HEAD + rows * (SIZE[1] + _GAP)), PAPER)
    draw: Any = ImageDraw.Draw(image)
    draw.text((_GAP, 24), title, INK, font(22, bold=True), "lm")
    draw.text((image.width - _GAP, 24), DISCLAIMER, INK, font(17, bold=True), "rm")
    for n, line in enumerate(_KEY):
        draw.text((_GAP, 53 + 22 * n), line.format(scale=scale), FAINT, font(16), "lm")
    for n, tile in enumerate(tiles):
        picture = study_picture(tile.picture, picture_size()) if tile.picture else None
        image.paste(draw_tile(tile, picture), _corner(n))
    return image


def _corner(n: int) -> tuple[int, int]:
    return _GAP + (n % COLUMNS) * (SIZE[0] + _GAP), _HEAD + (n // COLUMNS) * (SIZE[1] + _GAP)


def _share(corner: tuple[int, int], size: tuple[int, int]) -> tuple[float, float, float, float]:
    across, down = 100 / size[0], 100 / size[1]
    return round(corner[0] * across, 3), round(corner[1] * down, 3), round(SIZE[0] * across, 3), round(SIZE[1] * down, 3)
