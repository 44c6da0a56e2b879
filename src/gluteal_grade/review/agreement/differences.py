"""Bland-Altman plots of fat fraction, a panel a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.review.agreement.canvas import FAINT, INK, MOST, MUSCLES, RULE, canvas, save
from gluteal_grade.review.agreement.comparisons import ALL, Comparison, Who, comparisons
from gluteal_grade.review.agreement.found import Findings
from gluteal_grade.review.agreement.ratings import ScaleRatings
from gluteal_grade.review.agreement.words import label, shown

_COLUMNS = 3


def differences(found: Findings, scale: ScaleRatings, path: Path) -> Path | None:
    """Draw the first `MOST` comparisons that have limits; None where there is none."""
    name = scale.scale.name
    every = [c for c in comparisons(scale.raters) if c.who is not Who.EVERYONE]
    drawn = [c for c in every if (r := found.get((name, c.name, ALL, ALL), "bias")) is not None and r.value == r.value][:MOST]
    if not drawn:
        return None
    columns = min(_COLUMNS, len(drawn))
    lines = -(-len(drawn) // columns)
    figure = canvas(4.3 * columns, 3.1 * lines + 0.3)
    axes = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    points = [100 * found.pairs[name, c.name, ALL, ALL] for c in drawn]
    reach = max([2.0, *(float(np.abs(p[:, 0] - p[:, 1]).max()) for p in points)])
    reach = max([reach, *(100 * abs(_at(found, name, c, s)) for c in drawn for s in ("loa_low", "loa_high"))])
    for axis, comparison in zip(axes.ravel(), drawn, strict=False):
        _panel(axis, found, scale, comparison)
        axis.set_ylim(-1.12 * reach, 1.12 * reach)
    for axis in axes.ravel()[len(drawn) :]:
        axis.set_visible(False)
    figure.supylabel("first less second, percentage points", fontsize=9)
    _legend(figure, scale)
    return save(figure, path)


def _at(found: Findings, scale: str, c: Comparison, statistic: str) -> float:
    row = found.get((scale, c.name, ALL, ALL), statistic)
    return row.value if row else float("nan")


def _panel(axis: Any, found: Findings, scale: ScaleRatings, c: Comparison) -> None:
    name = scale.scale.name
    values = scale.values[:, c.columns]
    there = np.isfinite(values).all(axis=1)
    many = there.sum() > 400
    for muscle, (colour, marker, _) in MUSCLES.items():
        a, b = 100 * values[there & (scale.muscle == muscle)].T
        axis.scatter(
            (a + b) / 2, a - b, s=6 if many else 14, c=colour, marker=marker, alpha=0.35 if many else 0.7, linewidths=0, rasterized=True
        )
    axis.axhline(0, color=RULE, linewidth=0.8, zorder=0)
    for statistic, style in (("bias", "-"), ("loa_low", "--"), ("loa_high", "--")):
        row = found.get((name, c.name, ALL, ALL), statistic)
        if row is None:
            continue
        axis.axhline(100 * row.value, color=INK, linewidth=1.1, linestyle=style)
        if row.low == row.low:
            axis.axhspan(100 * row.low, 100 * row.high, color="#555555", alpha=0.16, linewidth=0)
        text = shown(row)[0]
        axis.text(1.01, 100 * row.value, text, transform=axis.get_yaxis_transform(), fontsize=8, va="center", color=INK)
    axis.set_title(f"{label(found, scale, c)} (n = {there.sum():,})", fontsize=9, loc="left", color=INK, parse_math=False)
    axis.set_xlabel("mean of the two, % fat", fontsize=8)
    axis.tick_params(labelsize=8, labelbottom=True, colors=FAINT)
    for edge in ("right", "top"):
        axis.spines[edge].set_visible(False)


def _legend(figure: Any, scale: ScaleRatings) -> None:
    from matplotlib.lines import Line2D

    there = [look for muscle, look in MUSCLES.items() if muscle and (scale.muscle == muscle).any()]
    handles = [Line2D([], [], color=colour, marker=marker, linestyle="none", label=text) for colour, marker, text in there]
    handles.append(Line2D([], [], color=INK, label="bias"))
    handles.append(Line2D([], [], color=INK, linestyle="--", label="limits of agreement (grey: 95 % interval)"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9)
