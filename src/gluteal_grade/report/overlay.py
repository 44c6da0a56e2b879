"""Overlay PNGs: the slices that matter with contours, fat-fraction maps and grades, as a reader checks them."""

from __future__ import annotations

import string
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gluteal_grade.pipeline import StudyImages
from gluteal_grade.report.grade_table import draw_table, table_height
from gluteal_grade.report.legend import LEGEND_HEIGHT, draw_legend
from gluteal_grade.report.levels import Level, choose_levels, with_left_out
from gluteal_grade.report.page import FAINT, Page, Rgb, drawing_style
from gluteal_grade.report.panel import Cut, draw_fat, draw_source
from gluteal_grade.report.readings import norm_lines, statement_lines
from gluteal_grade.report.view import View, view_of
from gluteal_grade.report.window import Window, body_masks, crop_box, window_of
from gluteal_grade.report.words import grade_rows, notes, regions_text, subtitle
from gluteal_grade.results import StudyResult

PAGE_WIDTH = 1900
_MARGIN = 24
_GAP = 6  # between the source image and the fat map of one level
_GUTTER = 28  # between two levels
_HEADER = 62
_CAPTION = 28
_FOOT_LINE = 17
_TALLEST = 480  # pixels of a summary panel
_TALLEST_LEVEL = 1100


@dataclass(frozen=True)
class _Shown:
    """One level, ready to draw."""

    level: Level
    cut: Cut
    caption: str


@dataclass(frozen=True)
class _Frame:
    """What all pages share."""

    head: Rgb
    foot: Rgb


def write_overlays(result: StudyResult, images: StudyImages, folder: Path) -> tuple[Path, ...]:
    """Write `overlay_summary.png` and one `overlay_<nn>_<level>.png` per level.

    Args:
        result: grades and their reasons.
        images: what was measured.
        folder: exists; files of the same name are overwritten.

    Returns:
        the files, the summary first, then superior to inferior.
    """
    shown, window = _prepare(images)
    with drawing_style():
        frame = _frame(result, shown[0].cut.view, window)
        paths = [_summary(result, shown, frame).write(folder / "overlay_summary.png")]
        for n, one in enumerate(shown, start=1):
            paths.append(_single(one, frame).write(folder / f"overlay_{n:02d}_{one.level.slug}.png"))
    return tuple(paths)


def _prepare(images: StudyImages) -> tuple[list[_Shown], Window]:
    """The chosen slices, turned, cropped and windowed alike."""
    view = view_of(images.labels.grid, images.slice_axis)
    levels = with_left_out(choose_levels(images.labels, images.slice_axis), images.labels, images.excluded, images.slice_axis)
    pictures = [np.nan_to_num(view.picture(images.image.array, level.index).astype(np.float32)) for level in levels]
    labels = [view.picture(images.labels.array, level.index) for level in levels]
    fats = [view.picture(images.fat_fraction.array, level.index).astype(np.float32) for level in levels]
    bodies = body_masks(pictures, fats, is_ct=images.is_ct)
    window = window_of(pictures, labels, bodies, is_ct=images.is_ct)
    box = crop_box(labels, bodies, view.pixel_mm)
    count = images.labels.shape[images.slice_axis]
    shown = []
    for level, picture, label, fat in zip(levels, pictures, labels, fats, strict=True):
        zone = None if images.excluded is None else box.of(view.picture(images.excluded.array, level.index))
        cut = Cut(window.grey(box.of(picture)), box.of(label), box.of(fat), view, zone)
        where = f"slice {level.index + 1}/{count} · {view.position_text(level.index)}"
        shown.append(_Shown(level, cut, f"{level.title} · {where}"))
    return shown, window


def _panel_size(cut: Cut, width: int, tallest: int) -> tuple[int, int]:
    """The largest panel of the slice's true proportions."""
    across, down = cut.size_mm
    scale = min(width / across, tallest / down)
    return max(1, round(across * scale)), max(1, round(down * scale))


def _frame(result: StudyResult, view: View, window: Window) -> _Frame:
    """Title and legend; notes."""
    head = Page(PAGE_WIDTH, _HEADER + LEGEND_HEIGHT)
    _draw_header(head, result)
    draw_legend(head, result, _MARGIN, _HEADER, PAGE_WIDTH - 2 * _MARGIN)
    lines = _foot_lines(result, view, window)
    foot = Page(PAGE_WIDTH, len(lines) * _FOOT_LINE + 16)
    _draw_foot(foot, lines)
    return _Frame(head.pixels(), foot.pixels())


def _framed(frame: _Frame, foot: int) -> Page:
    """A page with its notes at this height."""
    page = Page(PAGE_WIDTH, foot + len(frame.foot))
    page.paste(frame.head, 0)
    page.paste(frame.foot, foot)
    return page


def _summary(result: StudyResult, shown: list[_Shown], frame: _Frame) -> Page:
    cell = (PAGE_WIDTH - 2 * _MARGIN - _GUTTER) // 2
    width, height = _panel_size(shown[0].cut, (cell - _GAP) // 2, _TALLEST)
    rows = grade_rows(result)
    table = table_height(rows, cell)
    cell_height = _CAPTION + height + 14
    # two columns of levels; the table takes the cell after the last level
    grid_rows = len(shown) // 2 + 1
    last = max(cell_height, table + 20) if len(shown) % 2 else table + 20
    top = _HEADER + LEGEND_HEIGHT
    page = _framed(frame, top + (grid_rows - 1) * cell_height + last)
    for n, one in enumerate(shown):
        left, y = _MARGIN + (n % 2) * (cell + _GUTTER), top + (n // 2) * cell_height
        _draw_level(page, one, string.ascii_uppercase[n], left, y, width, height)
    n = len(shown)
    draw_table(page, _MARGIN + (n % 2) * (cell + _GUTTER), top + (n // 2) * cell_height + 6, cell, rows)
    return page


def _single(one: _Shown, frame: _Frame) -> Page:
    room = PAGE_WIDTH - 2 * _MARGIN
    width, height = _panel_size(one.cut, (room - _GAP) // 2, _TALLEST_LEVEL)
    top = _HEADER + LEGEND_HEIGHT
    page = _framed(frame, top + _CAPTION + height + 12)
    _draw_level(page, one, "", _MARGIN, top, width, height)
    return page


def _draw_level(page: Page, one: _Shown, letter: str, left: int, top: int, width: int, height: int) -> None:
    caption = page.at(left, top)
    caption.text(0, _CAPTION / 2, letter, 15, weight="bold")
    caption.text(22 if letter else 0, _CAPTION / 2, one.caption, 13)
    draw_source(page.at(left, top + _CAPTION), one.cut, width, height)
    draw_fat(page.at(left + width + _GAP, top + _CAPTION), one.cut, width, height)


def _draw_header(page: Page, result: StudyResult) -> None:
    area = page.at(_MARGIN, 0)
    area.text(0, 24, "Fatty atrophy of the gluteal muscles", 19, weight="bold")
    area.text(0, 48, subtitle(result), 13, color=FAINT)
    area.text(PAGE_WIDTH - 2 * _MARGIN, 24, result.disclaimer, 13, ha="right", weight="bold")
    area.text(PAGE_WIDTH - 2 * _MARGIN, 48, f"gluteal-grade {result.provenance.version}", 12, ha="right", color=FAINT)


def _foot_lines(result: StudyResult, view: View, window: Window) -> list[str]:
    tilt = f", tilted {view.tilt_deg:.0f}°" if view.tilt_deg >= 2 else ""
    edge = {"L": "patient's left", "R": "patient's right", "A": "anterior", "P": "posterior"}
    lines = [
        f"{view.plane.capitalize()} slices{tilt}; left edge of each picture: {edge[view.left]}. Grey window: {window.words}. "
        f"Left of each pair: source image with contours; right: fat fraction inside the muscles. {regions_text(result)}"
    ]
    lines += [f"Reading: {line}" for line in statement_lines(result)]
    if norms := norm_lines(result):
        lines.append(f"Norms: {' '.join(norms)}")
    lines += [f"Note: {note}" for note in notes(result)]
    return [part for line in lines for part in textwrap.wrap(line, 260)]


def _draw_foot(page: Page, lines: list[str]) -> None:
    area = page.at(_MARGIN, 0)
    for n, line in enumerate(lines):
        area.text(0, (n + 0.5) * _FOOT_LINE, line, 12, color=FAINT)
