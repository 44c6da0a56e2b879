"""Tables of grades and intervals against truth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.grading import known_scales
from gluteal_grade.statistics.bootstrap import resampled_rows
from gluteal_grade.statistics.kappas import confusion, kappa
from gluteal_grade.vocabulary import primary_scale
from gluteal_grade_lab.validation.measured import Record
from gluteal_grade_lab.validation.rows import NAMES, STRATA, beside, markdown, plain

_DRAWS, _SEED = 1000, 0xB007


def kappas(records: list[Record], labels: str) -> str:
    """Weighted kappa to truth by scale, of studies with fat as in patients."""
    lines = []
    for name in NAMES:
        rows = [(r, m) for r, _, m in plain(records, labels, name) if r["design"]["fat"] == "clinical"]
        if not rows:
            continue
        seeds = np.array([r["seed"] for r, _ in rows])
        for scale in known_scales():
            true, graded = (np.array([m["grades"][scale.key][k] for _, m in rows]) for k in ("true", "grade"))
            cells = []
            for power in (1, 2):

                def weighted(index: Any, t: Any = true, g: Any = graded, n: int = scale.highest + 1, power: int = power) -> float:
                    return float(kappa(confusion(t[index], g[index], n).astype(float), power))

                low, high = resampled_rows(seeds, weighted, draws=_DRAWS, seed=_SEED)
                cells.append(f"{weighted(np.arange(len(rows))):.3f} ({low:.3f} to {high:.3f})")
            same = int((true == graded).sum())
            lines.append(
                [
                    NAMES[name],
                    scale.key,
                    f"{len(rows)} / {len(set(seeds))}",
                    *cells,
                    f"{same / len(rows):.1%}",
                    int(np.abs(true - graded).max()),
                ]
            )
    heads = ["fat by", "scale", "muscles / studies", "linear kappa (95 %)", "quadratic kappa (95 %)", "same grade", "most apart"]
    return markdown(heads, lines) if lines else ""


def matrices(records: list[Record], labels: str) -> str:
    """Confusion matrices of the primary scale, all studies without metal and swaps."""
    scale = primary_scale(known_scales())
    lines = []
    for name in NAMES:
        rows = plain(records, labels, name)
        if rows:
            true, graded = (np.array([m["grades"][scale.key][k] for *_, m in rows]) for k in ("true", "grade"))
            lines += [[NAMES[name], n, *(int(c) for c in row)] for n, row in enumerate(confusion(true, graded, scale.highest + 1))]
    return markdown(["fat by", "true", *scale.grades], lines) if lines else ""


def coverage(records: list[Record], labels: str) -> str:
    """Share of intervals that hold the truth, by method and stratum."""
    lines = []
    for name in NAMES:
        rows = plain(records, labels, name) if name != "chosen" else beside(records, labels)
        for stratum, fits in STRATA:
            part = [(r, m) for r, _, m in rows if fits(r, m) and m["low"] is not None]
            if not part:
                continue
            hold = np.array([m["low"] <= m["true"] <= m["high"] for _, m in part])
            low, high = resampled_rows([r["seed"] for r, _ in part], partial(_share, hold), draws=500, seed=_SEED)
            width = np.median([100 * (m["high"] - m["low"]) for _, m in part])
            lines.append([NAMES[name], stratum, len(part), f"{hold.mean():.1%}", f"{low:.0%} to {high:.0%}", f"{width:.1f}"])
    heads = ["fat by", "stratum", "muscles", "hold the truth", "95 % (by study)", "median width, points"]
    return markdown(heads, lines) if lines else ""


def stated(records: list[Record], labels: str) -> str:
    """How often the given grade of the primary scale was right, by the probability stated for it; and what became of borderline ones."""
    key = primary_scale(known_scales()).key
    lines = []
    for name in NAMES:
        rows = [m["grades"][key] for *_, m in plain(records, labels, name) if m["grades"][key]["p"]]
        if not rows:
            continue
        p = np.array([g["p"][g["grade"]] for g in rows])
        right = np.array([g["grade"] == g["true"] for g in rows])
        bins = " · ".join(f"{a:.2f} → {b:.2f} ({n})" for a, b, n in reliability(p, right, (0, 0.6, 0.8, 0.95, 0.99, 1.0001)))
        wrong = [g for g in rows if g["grade"] != g["true"]]
        marked = sum(g["borderline"] is not None for g in rows)
        told = sum(g["borderline"] == g["true"] for g in wrong)
        lines.append([NAMES[name], len(rows), bins, marked, f"{told} of {len(wrong)}"])
    heads = ["fat by", "muscles", "stated → right (muscles)", "borderline", "wrong grades whose mark named the true one"]
    return markdown(heads, lines) if lines else ""


def _share(hold: npt.NDArray[np.bool_], index: npt.NDArray[np.int_]) -> float:
    return float(hold[index].mean())


def reliability(
    probabilities: npt.NDArray[np.float64], hits: npt.NDArray[np.bool_], bins: Sequence[float]
) -> list[tuple[float, float, int]]:
    """For each bin of stated probability: mean stated, share that came true, count; empty bins are left out."""
    which = np.clip(np.digitize(probabilities, bins) - 1, 0, len(bins) - 2)
    return [
        (float(probabilities[which == k].mean()), float(hits[which == k].mean()), int((which == k).sum()))
        for k in range(len(bins) - 1)
        if (which == k).any()
    ]
