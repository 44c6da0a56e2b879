"""Forest plots of effect sizes: rows are comparisons and muscles, panels are outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gluteal_grade.cohort.stats.comparisons import Comparison
from gluteal_grade.cohort.stats.options import FAT, LEAN, MEAN_FAT, VOLUME, is_grade
from gluteal_grade.drawing import MUSCLES, RULE, Estimate, blank_figure, draw_estimate, hide_edges, save_png, shortened
from gluteal_grade.vocabulary import Muscle, Scale

_TITLES = {FAT: "Fat fraction, graded", MEAN_FAT: "Fat, mean of outline", VOLUME: "Volume", LEAN: "Lean volume"}
_ROW, _HEAD, _LONGEST, _WIDEST, _LEFT = 0.24, 1.5, 20, 4.0, 0.235  # inches, inches, characters, SDs, share
_FARTHEST = 10.0  # SDs; beyond, an arrow alone

Block = tuple[str, str, str]  # comparison, first and second level


def forest(comparisons: Sequence[Comparison], scales: Sequence[Scale], path: Path) -> Path | None:
    """Draw one figure; None where no comparison has an effect size.

    A panel for each measurement, and one for the grades of each of `scales`. Filled: Holm p below 0.05. An arrow: the interval goes on.
    A cross on the right: no effect size, see the reason in stats.csv.
    """
    if not any(math.isfinite(c.effect.effect_size) for c in comparisons):
        return None
    rows = _rows(comparisons)
    titles = _TITLES | {scale.key: f"{scale.title} grade" for scale in scales}
    figure, axes = _figure(len(rows), len(titles))
    for axis, outcome in zip(axes, titles, strict=True):
        mine = {(_block(c), c.muscle, c.region): c for c in comparisons if c.outcome == outcome}
        limit = 1.0 if is_grade(outcome) else _reach(list(mine.values()))
        for y, (block, muscle, region) in enumerate(rows):
            if muscle and (c := mine.get((block, muscle, region))) is not None:
                _draw(axis, y, c, limit)
        _dress(axis, outcome, titles[outcome], limit, rows)
    for y, (block, muscle, region) in enumerate(rows):
        text = _name(muscle, region) if muscle else f"{shortened(block[1], _LONGEST)} - {shortened(block[2], _LONGEST)}"
        axes[0].text(
            -0.04, y, text, transform=axes[0].get_yaxis_transform(), ha="right", va="center", fontsize=9 if muscle else 9.5,
            fontweight="normal" if muscle else "bold", parse_math=False,
        )  # fmt: skip
    return save_png(figure, path)


def _rows(comparisons: Sequence[Comparison]) -> list[tuple[Block, str, str]]:
    """(block, muscle, region), a heading before every block, top to bottom."""
    rows: list[tuple[Block, str, str]] = []
    for block in dict.fromkeys(_block(c) for c in comparisons):
        rows.append((block, "", ""))
        rows += dict.fromkeys((block, c.muscle, c.region) for c in comparisons if _block(c) == block)
    return rows


def _block(c: Comparison) -> Block:
    return c.comparison, c.level_a, c.level_b


def _name(muscle: str, region: str) -> str:
    name = Muscle(muscle).short
    return name if region == "whole" else f"{name}, {region}"


def _figure(rows: int, panels: int) -> tuple[Any, list[Any]]:
    height = _HEAD + _ROW * (rows + 1)
    figure = blank_figure(3.0 + 2.0 * panels, height, layout=None)
    axes = figure.subplots(1, panels, sharey=True)
    figure.subplots_adjust(left=_LEFT, right=0.99, wspace=0.1, top=1 - 0.55 / height, bottom=0.95 / height)
    figure.text(
        _LEFT, 0.2 / height,
        "Positive: the first of the two has more. Bars: 95 % intervals, an arrow where they go on. Filled: p < 0.05 after Holm. "
        "x: no effect size (reason in stats.csv).",
        fontsize=9, va="center",
    )  # fmt: skip
    return figure, list(axes)


def _reach(comparisons: list[Comparison]) -> float:
    """Half width of an axis: every effect size, and intervals as far as they do not crush the rest."""
    ends = [abs(v) for c in comparisons for v in (c.effect.effect_low, c.effect.effect_high) if math.isfinite(v)]
    sizes = [abs(c.effect.effect_size) for c in comparisons if math.isfinite(c.effect.effect_size)]
    return min(_FARTHEST, max([0.8, min(_WIDEST, max(ends, default=0.0)), *sizes]) * 1.08)


def _draw(axis: Any, y: int, c: Comparison, limit: float) -> None:
    e = c.effect
    if not math.isfinite(e.effect_size):
        axis.plot([0.96 * limit], [y], marker="x", color="#777777", markersize=5, linestyle="none")
        return
    one = Estimate(e.effect_size, e.effect_low, e.effect_high, MUSCLES[Muscle(c.muscle)], filled=c.p_holm < 0.05)
    draw_estimate(axis, y, one, (-limit, limit), size=6.5)


def _dress(axis: Any, outcome: str, title: str, limit: float, rows: list[tuple[Block, str, str]]) -> None:
    axis.axvline(0, color="black", linewidth=0.8)
    for y, (_, muscle, _) in enumerate(rows):
        if not muscle and y:
            axis.axhline(y - 0.5, color=RULE, linewidth=0.8)
    axis.set_xlim(-limit * 1.03, limit * 1.03)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_yticks([])
    axis.tick_params(labelsize=8)
    axis.locator_params(axis="x", nbins=4, steps=[1, 2, 5, 10])
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("Cliff's delta" if is_grade(outcome) else "dz (sides), Hedges' g (groups)", fontsize=8.5)
    hide_edges(axis, "left", "right", "top")
