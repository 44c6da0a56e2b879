"""The flow of a cohort as a figure: boxes downwards, what was left out beside them, analyses below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gluteal_grade.cohort.paper.flow import Flow, Step
from gluteal_grade.drawing import INK, PAPER, RULE, blank_figure, drawing_style, save_png

_WIDTH, _LINE, _MOST = 9.0, 0.19, 12  # inches; reasons shown in a box, the rest are counted together
_LEFT, _RIGHT, _WIDE = 0.02, 0.55, 0.43


def draw_flow(flow: Flow, path: Path) -> Path:
    """Write the PNG, whole or not at all."""
    chain = [step for step in flow.steps if step.of_cohort]
    analyses = [step for step in flow.steps if not step.of_cohort]
    heights = [_LINE * (len(_out_lines(step)) + 3) for step in chain] + [_LINE * (len(_out_lines(step)) + 3) for step in analyses]
    total = sum(heights) + 0.4
    with drawing_style():
        figure = blank_figure(_WIDTH, total, layout=None)
        axis = figure.add_axes((0, 0, 1, 1))
        axis.set_xlim(0, 1)
        axis.set_ylim(0, total)
        axis.set_axis_off()
        at = total - 0.2
        before: float | None = None
        for step, height in zip((*chain, *analyses), heights, strict=True):
            middle = at - height + 2 * _LINE
            words = step.words if step.count is None else f"{step.count:,} {step.words}"
            _box(axis, _LEFT, middle, words)
            if before is not None:
                x = _LEFT + _WIDE / 2
                axis.annotate("", (x, middle + _LINE), (x, before - _LINE), arrowprops={"arrowstyle": "->", "color": INK})
            if lines := _out_lines(step):
                _side(axis, at - _LINE, lines)
                beside = at - 1.6 * _LINE
                axis.annotate("", (_RIGHT - 0.01, beside), (_LEFT + _WIDE / 2, beside), arrowprops={"arrowstyle": "->", "color": INK})
            before, at = middle, at - height
        return save_png(figure, path)


def _out_lines(step: Step) -> list[str]:
    shown = [f"{n:,} {_named(state, reason)}" for state, reason, n in step.out[:_MOST]]
    rest = sum(n for _, _, n in step.out[_MOST:])
    more = [f"{rest:,} for other reasons (flow.csv)"] if rest else []
    return [f"{step.left_out:,} left out:", *shown, *more] if step.out else []


def _named(state: str, reason: str) -> str:
    if not reason:
        return state.replace("_", " ")
    return reason if state in ("refused", "study") else f"{reason} ({state.replace('_', ' ')})"


def _box(axis: Any, x: float, y: float, words: str) -> None:
    frame = {"boxstyle": "round,pad=0.5", "fc": PAPER, "ec": INK}
    axis.text(x + _WIDE / 2, y, words, ha="center", va="center", fontsize=9, color=INK, bbox=frame)


def _side(axis: Any, top: float, lines: list[str]) -> None:
    frame = {"boxstyle": "round,pad=0.4", "fc": PAPER, "ec": RULE}
    axis.text(_RIGHT, top, "\n".join(lines), ha="left", va="top", fontsize=8, color=INK, bbox=frame)
