"""Both hips side by side at one scale: the right as it is, the left mirrored, so that both run the same way and shapes can be compared.

The whole slices of the other pages are in radiological orientation, where the left hip is the right one's mirror image and the eye has to
turn it over. Here it is turned over, and said so above and in every picture; the letters at the edges stay the patient's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gluteal_grade.drawing import Align, Area, Page
from gluteal_grade.geometry import Array
from gluteal_grade.report.panel import Cut, draw_fat, draw_source
from gluteal_grade.report.shown import Shown, panel_size
from gluteal_grade.report.words import muscle_name
from gluteal_grade.result import StudyResult
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Region, Side, muscles_among

MIRRORED = "left, mirrored"
GAP = 6  # between the two hips
PAIR_GAP = 20  # between source images and fat maps
HEADING = 20
_MARGIN_MM = 12.0
_LINE = 20


@dataclass(frozen=True)
class HipPair:
    """Both hips of one level: cuts of equal size, the left one mirrored."""

    shown: Shown
    right: Cut
    left: Cut


def hip_pairs(shown: Sequence[Shown]) -> list[HipPair]:
    """The levels with both hips, all at one scale; none for sagittal slices, which hold one side each, or where one hip is not labelled."""
    if not shown or shown[0].cut.view.plane == "sagittal":
        return []
    masks = {side: np.logical_or.reduce([_labelled(s.cut.labels, side) for s in shown]) for side in Side}
    if not all(mask.any() for mask in masks.values()):
        return []
    across, down = (int(np.ceil(_MARGIN_MM / mm)) for mm in shown[0].cut.view.pixel_mm)
    rows = np.flatnonzero(np.logical_or.reduce(list(masks.values())).any(axis=1))
    top, bottom = int(rows[0]) - down, int(rows[-1]) + 1 + down
    spans = {side: np.flatnonzero(mask.any(axis=0)) for side, mask in masks.items()}
    width = max(int(s[-1] - s[0]) + 1 for s in spans.values()) + 2 * across
    # both hips with their lateral edge at the same distance from the picture's: the right's is at its left
    lefts = {Side.RIGHT: int(spans[Side.RIGHT][0]) - across, Side.LEFT: int(spans[Side.LEFT][-1]) + 1 + across - width}
    pairs = []
    for one in shown:
        if all(_labelled(one.cut.labels, side).any() for side in Side):
            right, left = (_part(one.cut, top, bottom, lefts[side], width) for side in (Side.RIGHT, Side.LEFT))
            pairs.append(HipPair(one, right, left.mirrored()))
    return pairs


def strip_size(pair: HipPair, width: int, tallest: int) -> tuple[int, int]:
    """Width and height of one of the four pictures where all four share this width."""
    return panel_size(pair.right, (width - strip_width((0, 0))) // 4, tallest - HEADING)


def strip_width(size: tuple[int, int]) -> int:
    """Of all four pictures together."""
    return 4 * size[0] + 2 * GAP + PAIR_GAP


def draw_strip(page: Page, pair: HipPair, left: int, top: int, size: tuple[int, int]) -> None:
    """Four pictures in a row under their headings: right and left source image, right and left fat map."""
    width, height = size
    x = left
    for n, cut in enumerate((pair.right, pair.left, pair.right, pair.left)):
        mirrored, area = bool(n % 2), page.at(x, top + HEADING)
        page.at(x, top).text(0, HEADING / 2 - 2, MIRRORED.capitalize() if mirrored else "Right", 12, weight="bold")
        if n < 2:
            draw_source(area, cut, width, height, bare=mirrored)
        else:
            draw_fat(area, cut, width, height)
        if mirrored:
            area.text(8, height - 12, "mirrored", 12, color="white", rim=True)
        x += width + (GAP if n != 1 else PAIR_GAP)


def draw_section_numbers(area: Area, result: StudyResult, pair: HipPair) -> None:
    """Fat fraction and area of each muscle's section in this slice, right and left."""
    theme = area.page.theme
    heads: tuple[tuple[str, int, Align], ...] = (("Fat in this section", 0, "left"), ("right", 210, "right"), ("left", 320, "right"))
    for text, x, align in heads:
        area.text(x, 10, text, 12, weight="bold", ha=align)
    y = 24
    area.lines([[(0, y), (330, y)]], theme.ink, 0.8)
    for muscle in muscles_among(m.muscle for m in result.muscles):
        values = {side: _section(result, muscle, side, pair.shown.level.index) for side in Side}
        area.text(0, y + _LINE / 2 + 2, muscle_name(muscle), 12.5, weight="bold")
        area.text(14, y + 1.5 * _LINE + 2, "area", 12, color=theme.faint)
        for side, x in ((Side.RIGHT, 210), (Side.LEFT, 320)):
            for place, ink in enumerate((theme.ink, theme.faint)):
                area.text(x, y + (place + 0.5) * _LINE + 2, values[side][place], 12.5, ha="right", color=ink)
        y += 2 * _LINE + 4
        area.lines([[(0, y), (330, y)]], theme.rule, 0.8)


def _section(result: StudyResult, muscle: Muscle, side: Side, index: int) -> tuple[str, str]:
    found = [m for m in result.muscles if m.muscle is muscle and m.side is side and m.region is Region.WHOLE]
    slices = [s for m in found for s in m.profile if s.index == index]
    if not slices:
        return "–", "–"
    fat, area = slices[0].fat_fraction, slices[0].area_cm2
    return "–" if np.isnan(fat) else f"{100 * fat:.1f} %", "–" if np.isnan(area) else f"{area:.1f} cm²"


def _labelled(labels: Array, side: Side) -> np.ndarray:
    values = [v for v, part in LABEL_VALUES.items() if part.side is side]
    return np.isin(labels, values)


def _part(cut: Cut, top: int, bottom: int, left: int, width: int) -> Cut:
    """A part of a slice; beyond its edges black, without labels."""

    def of(array: Array, fill: float) -> Array:
        rows, columns = array.shape
        pad = (max(0, -top), max(0, bottom - rows)), (max(0, -left), max(0, left + width - columns))
        padded = np.pad(array, pad, constant_values=fill)
        y, x = top + pad[0][0], left + pad[1][0]
        return padded[y : y + bottom - top, x : x + width]

    excluded = None if cut.excluded is None else of(cut.excluded, False)
    return Cut(of(cut.grey, 0), of(cut.labels, 0), of(cut.fat, np.nan), cut.view, excluded)
