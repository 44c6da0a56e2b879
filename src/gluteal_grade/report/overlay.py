"""Overlay PNGs: the slices that matter with contours, fat-fraction maps and grades, as a reader checks them."""

from __future__ import annotations

import string
from pathlib import Path

from gluteal_grade.drawing import Page, drawing_style
from gluteal_grade.pipeline import StudyImages
from gluteal_grade.report._frame import MARGIN, PAGE_WIDTH, ROOM, Frame, framed, make_frame
from gluteal_grade.report._grade_table import draw_table, table_height
from gluteal_grade.report._hips import HEADING, HipPair, draw_section_numbers, draw_strip, hip_pairs, strip_size, strip_width
from gluteal_grade.report.legend import LEGEND_HEIGHT
from gluteal_grade.report.look import Look
from gluteal_grade.report.panel import draw_fat, draw_source
from gluteal_grade.report.shown import Shown, panel_size, prepare
from gluteal_grade.result import StudyResult

__all__ = ["PAGE_WIDTH", "Look", "write_overlays"]

_GAP = 6  # between the source image and the fat map of one level
_GUTTER = 28  # between two levels
_CAPTION = 28
_TALLEST = 480  # pixels of a summary panel
_TALLEST_LEVEL = 1100
_TALLEST_HIP = 420
_NUMBERS = 360  # width of a section's numbers
_MOST_PAIRS = 3
_LESS_TELLING = ("crest_third", "trochanter", "left_out")  # of right against left


def write_overlays(result: StudyResult, images: StudyImages, folder: Path, look: Look | None = None) -> tuple[Path, ...]:
    """Write `overlay_summary.png`, one `overlay_<nn>_<level>.png` per level and, where both hips are labelled, `overlay_hips.png`.

    Args:
        result: grades and their reasons.
        images: what was measured.
        folder: exists; files of the same name are overwritten.
        look: which pictures, theme and identity; None: all, print, de-identified.

    Returns:
        the files: the summary, the levels from superior to inferior, the hips.
    """
    look = look or Look()
    if look.pictures == "none":
        return ()
    shown, window = prepare(images)
    pairs = hip_pairs(shown)
    with drawing_style():
        frame = make_frame(result, shown, window, look)
        paths = [_summary(result, shown, pairs, frame).write(folder / "overlay_summary.png")]
        if look.pictures == "summary":
            return tuple(paths)
        for n, one in enumerate(shown, start=1):
            paths.append(_single(one, frame).write(folder / f"overlay_{n:02d}_{one.level.slug}.png"))
        if pairs:
            paths.append(_hips(result, pairs, frame).write(folder / "overlay_hips.png"))
    return tuple(paths)


def _summary(result: StudyResult, shown: list[Shown], pairs: list[HipPair], frame: Frame) -> Page:
    """Table, levels in two columns and, where the last row has room, both hips at the level that tells most."""
    cell = (ROOM - _GUTTER) // 2
    width, height = panel_size(shown[0].cut, (cell - _GAP) // 2, _TALLEST)
    row = _CAPTION + height + 14
    legend = table_height(result, ROOM) + 10
    levels = legend + LEGEND_HEIGHT
    page = framed(frame, levels + -(-len(shown) // 2) * row, legend)
    top = len(frame.head)
    draw_table(page, result, MARGIN, top + 4, ROOM)

    def place(n: int) -> tuple[int, int]:
        return MARGIN + (n % 2) * (cell + _GUTTER), top + levels + (n // 2) * row

    for n, one in enumerate(shown):
        _draw_level(page, one, string.ascii_uppercase[n], *place(n), width, height)
    if len(shown) % 2 and pairs:
        pair = _main(pairs)
        left, y = place(len(shown))
        _caption(page, pair.shown, string.ascii_uppercase[len(shown)], left, y, "both hips: ")
        draw_strip(page, pair, left, y + _CAPTION, strip_size(pair, cell, height))
    return page


def _single(one: Shown, frame: Frame) -> Page:
    width, height = panel_size(one.cut, (ROOM - _GAP) // 2, _TALLEST_LEVEL)
    page = framed(frame, LEGEND_HEIGHT + _CAPTION + height + 12, 0)
    _draw_level(page, one, "", MARGIN, len(frame.head) + LEGEND_HEIGHT, width, height)
    return page


def _hips(result: StudyResult, pairs: list[HipPair], frame: Frame) -> Page:
    chosen = _chosen(pairs)
    size = strip_size(chosen[0], ROOM - _NUMBERS, _TALLEST_HIP)
    row = _CAPTION + HEADING + max(size[1], 180) + 14
    page = framed(frame, LEGEND_HEIGHT + len(chosen) * row, 0)
    for n, pair in enumerate(chosen):
        top = len(frame.head) + LEGEND_HEIGHT + n * row
        _caption(page, pair.shown, string.ascii_uppercase[n], MARGIN, top)
        draw_strip(page, pair, MARGIN, top + _CAPTION, size)
        draw_section_numbers(page.at(MARGIN + strip_width(size) + 30, top + _CAPTION + HEADING), result, pair)
    return page


def _chosen(pairs: list[HipPair]) -> list[HipPair]:
    """At most three levels, in order; the last to go are those of the hip joint and of medius."""
    kept = sorted(pairs, key=lambda p: (p.shown.level.slug in _LESS_TELLING, p.shown.level.slug == "trochanter"))[:_MOST_PAIRS]
    return [pair for pair in pairs if pair in kept]


def _main(pairs: list[HipPair]) -> HipPair:
    """Through the largest section of medius, else the first."""
    return next((pair for pair in pairs if pair.shown.level.slug.startswith("medius")), pairs[0])


def _draw_level(page: Page, one: Shown, letter: str, left: int, top: int, width: int, height: int) -> None:
    _caption(page, one, letter, left, top)
    draw_source(page.at(left, top + _CAPTION), one.cut, width, height)
    draw_fat(page.at(left + width + _GAP, top + _CAPTION), one.cut, width, height)


def _caption(page: Page, one: Shown, letter: str, left: int, top: int, before: str = "") -> None:
    area = page.at(left, top)
    area.text(0, _CAPTION / 2, letter, 15, weight="bold")
    caption = f"{before}{one.caption[0].lower() if before else one.caption[0]}{one.caption[1:]}"
    area.text(22 if letter else 0, _CAPTION / 2, caption[0].upper() + caption[1:], 13)
