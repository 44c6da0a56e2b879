"""Distributions of a cohort as PNGs in `figures/`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.cohort.gallery.study_files import FIGURES
from gluteal_grade.cohort.gallery.tables import MUSCLES, SIDES, Cohort, Numbers
from gluteal_grade.cohort.gallery.values import Part, by_group, by_sex, fat_percent, grade_counts, grades, highest_grade, volume_ml
from gluteal_grade.drawing import BLUE, INK, Strip, blank_figure, draw_strips, drawable, save_png
from gluteal_grade.drawing import SIDES as SIDE_MARKS
from gluteal_grade.vocabulary import Side

KINDS = {
    "by_sex": "fat fraction and volume by sex and side",
    "by_group": "fat fraction and volume by group and side",
    "grades": "grades by side",
}
_DPI = 100
_WIDTH = 11.0  # inches
_TALL = 3.2  # inches, of grades
_NAME = 26  # characters of a group's name
_BARS = {Side.RIGHT: (BLUE, ""), Side.LEFT: ("#F5B183", "////")}  # fill and hatch: paler than the left's own, so that the hatch shows


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        path: the PNG.
        kind: `by_sex`, `by_group` or `grades`.
        muscle: its name.
        size: width and height, pixels.
        names: of the groups, where the font lacks their letters and the figure says "group 1" instead.
    """

    path: Path
    kind: str
    muscle: str
    size: tuple[int, int]
    names: tuple[str, ...] = ()


def write_figures(cohort: Cohort, out: Path) -> Iterator[Figure]:
    """Per muscle: fat and volume by sex and side, by group and side where there are groups, grades by side; none without any muscle."""
    from gluteal_grade.drawing import drawing_style

    if not (cohort.status >= 0).any():
        return
    folder = out / FIGURES
    folder.mkdir(exist_ok=True)
    groups, _ = by_group(cohort)
    shown, names = _readable(groups)
    with drawing_style():
        for number, muscle in enumerate(MUSCLES):
            yield _spread(cohort, number, by_sex(cohort), folder / f"by_sex_{muscle}.png", "by_sex")
            if groups:
                figure = _spread(cohort, number, shown, folder / f"by_group_{muscle}.png", "by_group")
                yield Figure(figure.path, figure.kind, figure.muscle, figure.size, names)
            yield _grades(cohort, number, folder / f"grades_{muscle}.png")


def strips(found: Numbers, parts: tuple[Part, ...]) -> list[Strip]:
    """Rows of a figure from (studies, sides) values."""
    rows = []
    for part in parts:
        for s, side in enumerate(SIDES):
            values = found[part.rows, s]
            rows.append(Strip(f"{part.name}, {side}", SIDE_MARKS[side], values[~np.isnan(values)].astype(np.float64)))
    return rows


def _spread(cohort: Cohort, muscle: int, parts: tuple[Part, ...], path: Path, kind: str) -> Figure:
    panels = (
        (fat_percent(cohort)[:, :, muscle], "fat fraction, %", (0.0, 100.0)),
        (volume_ml(cohort)[:, :, muscle], "volume, ml", (0.0, None)),
    )
    canvas, axes = _panels(2, 1.7 + 0.42 * 2 * len(parts))
    for axis, (found, label, limits) in zip(axes, panels, strict=True):
        draw_strips(axis, strips(found, parts), label, limits)
    return _write(canvas, path, kind, muscle)


def _grades(cohort: Cohort, muscle: int, path: Path) -> Figure:
    canvas = blank_figure(_WIDTH, _TALL, dpi=_DPI, layout=None)
    axes = list(canvas.subplots(1, len(cohort.scales), squeeze=False)[0])
    most = 0
    for axis, scale in zip(axes, cohort.scales, strict=True):
        top = highest_grade(cohort, scale)
        found = grades(cohort, scale.key)[:, :, muscle]
        for s, side in enumerate(SIDES):
            counts = grade_counts(found[:, s], top)
            most = max(most, *counts)
            colour, hatch = _BARS[side]
            x = np.arange(top + 1) + (-0.2 if s == 0 else 0.2)
            bars = axis.bar(x, counts, 0.38, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6, label=f"{side} (n = {sum(counts):,})")
            if max(counts) < 1000:
                axis.bar_label(bars, [str(n) if n else "" for n in counts], fontsize=8, padding=1)
        axis.set_xticks(range(top + 1))
        axis.set_xlabel(f"{scale.title} grade")
        axis.margins(y=0.12)
        axis.yaxis.get_major_locator().set_params(integer=True)
        axis.legend(
            fontsize=8,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=2,
            frameon=False,
            borderaxespad=0.2,
            columnspacing=1.0,
            handlelength=1.2,
        )
        if not axis.get_ylim()[1] > 1:
            axis.set_ylim(0, 1.2)
    axes[0].set_ylabel("muscles")
    _place(canvas, len(axes), most)
    return _write(canvas, path, "grades", muscle)


def _readable(groups: tuple[Part, ...]) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """Groups under names that the font has and that fit; the full names in order where one was changed."""
    names = tuple(part.name for part in groups)
    if all(len(name) <= _NAME and drawable(name) == name for name in names):
        return groups, ()
    return tuple(Part(f"group {n}", part.rows) for n, part in enumerate(groups, start=1)), names


def _place(canvas: Any, panels: int, most: int) -> None:
    """Panels side by side, with room for the counts beside them: known beforehand, so that nothing has to be drawn to find it."""
    room = 0.21 + 0.09 * len(str(round(1.2 * most)))  # inches beside each panel; its axis ends a little above the largest count
    left, right = 0.13 + room, _WIDTH - 0.04
    width = (right - left - (panels - 1) * room) / panels
    canvas.subplots_adjust(left / _WIDTH, 0.48 / _TALL, right / _WIDTH, 1 - 0.51 / _TALL, wspace=room / width)


def _panels(number: int, height: float) -> tuple[Any, list[Any]]:
    canvas = blank_figure(_WIDTH, height, dpi=_DPI)
    return canvas, list(canvas.subplots(1, number))


def _write(canvas: Any, path: Path, kind: str, muscle: int) -> Figure:
    title = f"{MUSCLES[muscle].words.capitalize()}: {KINDS[kind]}"
    canvas.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    save_png(canvas, path)
    width, height = canvas.get_size_inches() * _DPI
    return Figure(path, kind, MUSCLES[muscle].value, (int(width), int(height)))
