"""Bland-Altman plots: second less first against their mean, with bias, limits of agreement and the intervals of both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from gluteal_grade.cohort.repeatability.compute import OF_FAT, QUANTITIES, Found, RepeatReport
from gluteal_grade.drawing import SIDES, Level, blank_figure, draw_differences, drawing_style, save_png
from gluteal_grade.statistics import Estimated
from gluteal_grade.vocabulary import Region, Side, muscles_among

_WIDTH, _HEIGHT = 4.0, 2.5  # inches of a panel
Way = tuple[str, str, str]  # labels, method, kind of series


def ways(found: Sequence[Found]) -> list[Way]:
    """In which things were measured, the one with most subjects first."""
    most: dict[Way, int] = {}
    for f in found:
        way = (f.group.labels, f.group.method, f.group.kind)
        most[way] = max(most.get(way, 0), f.result.subjects)
    return sorted(most, key=lambda way: (-most[way], way))


def draw_bland_altman(report: RepeatReport, folder: Path) -> list[Path]:
    """One picture for each way: graded fat fraction and volume of whole muscles; none where a way has no whole muscle."""
    drawn = []
    for n, way in enumerate(ways(report.found), start=1):
        rows = [
            f
            for f in report.found
            if (f.group.labels, f.group.method, f.group.kind) == way
            and f.group.region == Region.WHOLE
            and f.graded
            and f.quantity in (*OF_FAT, "volume_ml")
        ]
        if rows:
            drawn.append(_picture(rows, folder / (f"bland_altman_{n}.png" if n > 1 else "bland_altman.png")))
    return drawn


def _picture(rows: Sequence[Found], path: Path) -> Path:
    lines = [(side, fat) for fat in (True, False) for side in Side if any(_is(f, side, fat) for f in rows)]
    with drawing_style():
        muscles = muscles_among(f.group.muscle for f in rows)
        figure = blank_figure(0.5 + _WIDTH * len(muscles), 0.3 + _HEIGHT * len(lines))
        axes = figure.subplots(len(lines), len(muscles), squeeze=False)
        for row, (side, fat) in zip(axes, lines, strict=True):
            for axis, muscle in zip(row, muscles, strict=True):
                mine = next((f for f in rows if _is(f, side, fat) and f.group.muscle == muscle), None)
                axis.set_title(f"{muscle.short}, {side}", fontsize=9)
                if mine is None:
                    axis.set_axis_off()
                    continue
                draw_differences(axis, [(mine.pairs[:, ::-1], SIDES[side])], _levels(mine))
                name = "fat fraction" if fat else "volume"
                axis.set_xlabel(f"mean {name}, {'%' if fat else QUANTITIES[mine.quantity]}", fontsize=8)
                axis.set_ylabel(f"second - first, {'points' if fat else QUANTITIES[mine.quantity]}", fontsize=8)
        return save_png(figure, path)


def _is(f: Found, side: Side, fat: bool) -> bool:
    return f.group.side == side and (f.quantity in OF_FAT) is fat


def _levels(f: Found) -> list[Level]:
    levels = ((f.result.bias, "-"), (f.result.loa_low, "--"), (f.result.loa_high, "--"))
    digits = 1 if f.quantity in OF_FAT else 0
    return [_level(e, line, digits) for e, line in levels if not math.isnan(e.value)]


def _level(e: Estimated, line: str, digits: int) -> Level:
    return Level(e.value, e.low, e.high, line, f"{e.value:+.{digits}f}")
