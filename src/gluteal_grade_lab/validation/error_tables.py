"""Tables of errors: against truth, beside metal, automatic against true labels."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gluteal_grade.grading import known_scales
from gluteal_grade.statistics.kappas import confusion, kappa
from gluteal_grade.statistics.limits import summarised
from gluteal_grade.vocabulary import primary_scale
from gluteal_grade_lab.validation.measured import Record, rows_of
from gluteal_grade_lab.validation.rows import NAMES, STRATA, markdown, plain


def errors(records: list[Record], labels: str) -> str:
    """Bias, limits of agreement and RMSE by method and stratum, studies without metal and swaps."""
    lines = []
    for name in NAMES:
        rows = plain(records, labels, name)
        if len(rows) < 2:
            continue
        for stratum, fits in STRATA:
            part = [(r, m) for r, _, m in rows if fits(r, m)]
            if len(part) < 2:
                continue
            a = summarised([100 * (m["ff"] - m["true"]) for _, m in part])
            on = summarised([100 * (m["ff"] - m["true_on_labels"]) for _, m in part])
            count = f"{a.n} / {len({r['seed'] for r, _ in part})}"
            limits = f"{a.low:+.2f} to {a.high:+.2f}"
            lines.append([NAMES[name], stratum, count, f"{a.bias:+.2f}", limits, f"{a.rmse:.2f}", f"{on.rmse:.2f}", f"{a.worst:+.2f}"])
    heads = ["fat by", "stratum", "muscles / studies", "bias", "limits of agreement", "RMSE", "RMSE on labels", "worst"]
    return (
        markdown(heads, lines) + "\n\nPoints. RMSE: against the anatomy; on labels: against the fat truly in the labelled voxels."
        if lines
        else ""
    )


def beside_metal(records: list[Record], labels: str) -> str:
    """Error of the muscles on the implant's side by how T1 was taken and how much of them could be measured; who abstained."""
    rows = [(r, m) for r, _, m in rows_of(records, labels=labels, asked="chosen") if m["metal"]]
    lines = []
    for kind in ("mars", "plain"):
        for alloy in ("titanium", "cobalt_chrome"):
            own = [m for r, m in rows if r["design"]["metal"] == kind and r["design"]["alloy"] == alloy]
            if not own:
                continue
            e = np.array([100 * (m["ff"] - m["true"]) for m in own if m["ff"] is not None])
            share = (
                f"{np.median([m['evaluable'] for m in own if m['evaluable'] is not None]):.0%}"
                if any(m["evaluable"] is not None for m in own)
                else "-"
            )
            within = f"{(np.abs(e) <= 3).sum()} of {e.size}" if e.size else "-"
            rmse, worst = (f"{np.sqrt((e**2).mean()):.2f}", f"{e[np.abs(e).argmax()]:+.2f}") if e.size else ("-", "-")
            wrong = sum(m["ff"] is not None and (m["evaluable"] or 0) < 0.6 for m in own)
            by = ", ".join(f"{n} {k}" for k, n in Counter(m["method"] for m in own if m["ff"] is not None).items())
            lines.append([kind, alloy.replace("_", "-"), len(own), by, share, rmse, worst, within, len(own) - e.size, wrong])
    heads = [
        "T1",
        "alloy",
        "muscles",
        "measured by",
        "median evaluable",
        "RMSE",
        "worst",
        "within 3 points",
        "abstained",
        "graded below 60 %",
    ]
    return markdown(heads, lines) if lines else ""


def automatic(records: list[Record]) -> str:
    """What the labels do: automatic minus true labels on the same map."""
    scale = primary_scale(known_scales())
    lines = []
    for name in NAMES:
        true = {(r["seed"], m["side"], m["muscle"]): m for r, _, m in plain(records, "true", name)}
        auto = {(r["seed"], m["side"], m["muscle"]): m for r, _, m in plain(records, "auto", name)}
        for muscle in ("gluteus_maximus", "gluteus_medius", "gluteus_minimus"):
            both = [k for k in true if k in auto and k[2] == muscle]
            if len(both) < 2:
                continue
            a = summarised([100 * (auto[k]["ff"] - true[k]["ff"]) for k in both])
            g, h = (np.array([rows[k]["grades"][scale.key]["grade"] for k in both]) for rows in (true, auto))
            linear = float(kappa(confusion(g, h, scale.highest + 1).astype(float), 1))
            lines.append(
                [NAMES[name], muscle.removeprefix("gluteus_"), a.n, f"{a.bias:+.2f}", f"{a.rmse:.2f}", f"{a.worst:+.2f}", f"{linear:.3f}"]
            )
    heads = ["fat by", "muscle", "muscles", "bias", "RMSE", "worst", f"{scale.title} linear kappa"]
    return markdown(heads, lines) if lines else ""
