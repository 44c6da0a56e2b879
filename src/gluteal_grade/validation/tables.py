"""The cohort's records as markdown tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.validation.measured import Record, rows_of
from gluteal_grade.validation.statistics import agreement, bootstrap, confusion, exact_interval, reliability, weighted_kappa

Chosen = list[tuple[Record, Record, Record]]
NAMES = {"dixon": "Dixon", "t1": "T1", "gmm3": "T1, GMM-3", "kmeans3": "T1, k-means", "chosen": "as chosen"}
GRADES = {"quartile": 5, "goutallier": 5, "bal_lowe": 4}
_STRATA: tuple[tuple[str, Callable[[Record, Record], bool]], ...] = (
    ("SNR 8-15", lambda r, _: r["design"]["snr"] < 15),
    ("SNR 15-30", lambda r, _: 15 <= r["design"]["snr"] < 30),
    ("SNR 30-60", lambda r, _: r["design"]["snr"] >= 30),
    ("FF < 10 %", lambda _, m: m["true"] < 0.1),
    ("FF 10-25 %", lambda _, m: 0.1 <= m["true"] < 0.25),
    ("FF 25-50 %", lambda _, m: 0.25 <= m["true"] < 0.5),
    ("FF > 50 %", lambda _, m: m["true"] >= 0.5),
    ("slices 3-4 mm", lambda r, _: r["design"]["slice_mm"] <= 4),
    ("slices 5-7 mm", lambda r, _: r["design"]["slice_mm"] >= 5),
    ("shading < 30 %", lambda r, _: r["design"]["bias_percent"] < 30),
    ("shading 30-60 %", lambda r, _: r["design"]["bias_percent"] >= 30),
    ("maximus", lambda _, m: m["muscle"] == "gluteus_maximus"),
    ("medius", lambda _, m: m["muscle"] == "gluteus_medius"),
    ("minimus", lambda _, m: m["muscle"] == "gluteus_minimus"),
)


def every_table(records: list[Record]) -> str:
    """All tables that the records have data for, each under its heading."""
    parts = [f"{len(records)} studies."]
    for labels in ("true", "auto"):
        tables = [
            ("Fat fraction against truth", errors(records, labels)),
            ("Beside metal", beside_metal(records, labels)),
            ("Grades against truth", kappas(records, labels)),
            ("Quartile, true (rows) against graded", matrices(records, labels)),
            ("95 % intervals", coverage(records, labels)),
            ("Stated probability of the Quartile grade", stated(records, labels)),
            ("Not measured", refusals(records, labels)),
        ]
        parts += [f"### {title}, {labels} labels\n\n{text}" for title, text in tables if text]
    parts += [
        f"### {t}\n\n{text}" for t, text in (("Automatic against true labels", automatic(records)), ("Swaps", swaps(records))) if text
    ]
    return "\n\n".join(parts) + "\n"


def errors(records: list[Record], labels: str) -> str:
    """Bias, limits of agreement and RMSE by method and stratum, studies without metal and swaps."""
    lines = []
    for name in NAMES:
        rows = plain(records, labels, name)
        if len(rows) < 2:
            continue
        for stratum, fits in (("all", _all), ("SNR >= 15", _good_snr), *_STRATA):
            part = [(r, m) for r, _, m in rows if fits(r, m)]
            if len(part) < 2:
                continue
            a = agreement([100 * (m["ff"] - m["true"]) for _, m in part])
            on = agreement([100 * (m["ff"] - m["true_on_labels"]) for _, m in part])
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


def kappas(records: list[Record], labels: str) -> str:
    """Weighted kappa to truth by scale, of studies with fat as in patients."""
    lines = []
    for name in NAMES:
        rows = [(r, m) for r, _, m in plain(records, labels, name) if r["design"]["fat"] == "clinical"]
        if not rows:
            continue
        seeds = np.array([r["seed"] for r, _ in rows])
        for scale, grades in GRADES.items():
            true, graded = (np.array([m["grades"][scale][k] for _, m in rows]) for k in ("true", "grade"))
            cells = []
            for weights in ("linear", "quadratic"):

                def kappa(index: Any, t: Any = true, g: Any = graded, n: int = grades, w: Any = weights) -> float:
                    return weighted_kappa(confusion(t[index], g[index], n), w)

                low, high = bootstrap(seeds, kappa)
                cells.append(f"{kappa(np.arange(len(rows))):.3f} ({low:.3f} to {high:.3f})")
            same = int((true == graded).sum())
            lines.append(
                [
                    NAMES[name],
                    scale,
                    f"{len(rows)} / {len(set(seeds))}",
                    *cells,
                    f"{same / len(rows):.1%}",
                    int(np.abs(true - graded).max()),
                ]
            )
    heads = ["fat by", "scale", "muscles / studies", "linear kappa (95 %)", "quadratic kappa (95 %)", "same grade", "most apart"]
    return markdown(heads, lines) if lines else ""


def matrices(records: list[Record], labels: str) -> str:
    """Confusion matrices of the Quartile grade, all studies without metal and swaps."""
    lines = []
    for name in NAMES:
        rows = plain(records, labels, name)
        if rows:
            true, graded = (np.array([m["grades"]["quartile"][k] for *_, m in rows]) for k in ("true", "grade"))
            lines += [[NAMES[name], n, *(int(c) for c in row)] for n, row in enumerate(confusion(true, graded, 5))]
    return markdown(["fat by", "true", "0", "1", "2", "3", "4"], lines) if lines else ""


def coverage(records: list[Record], labels: str) -> str:
    """Share of intervals that hold the truth, by method and stratum."""
    lines = []
    for name in NAMES:
        rows = plain(records, labels, name) if name != "chosen" else _beside(records, labels)
        for stratum, fits in (("all", _all), *_STRATA):
            part = [(r, m) for r, _, m in rows if fits(r, m) and m["low"] is not None]
            if not part:
                continue
            hold = np.array([m["low"] <= m["true"] <= m["high"] for _, m in part])
            low, high = bootstrap([r["seed"] for r, _ in part], partial(_share, hold), 500)
            width = np.median([100 * (m["high"] - m["low"]) for _, m in part])
            lines.append([NAMES[name], stratum, len(part), f"{hold.mean():.1%}", f"{low:.0%} to {high:.0%}", f"{width:.1f}"])
    heads = ["fat by", "stratum", "muscles", "hold the truth", "95 % (by study)", "median width, points"]
    return markdown(heads, lines) if lines else ""


def stated(records: list[Record], labels: str) -> str:
    """How often the given grade was right, by the probability stated for it; and what became of borderline ones."""
    lines = []
    for name in NAMES:
        rows = [m["grades"]["quartile"] for *_, m in plain(records, labels, name) if m["grades"]["quartile"]["p"]]
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


def refusals(records: list[Record], labels: str) -> str:
    """Studies refused and muscles not measured, with their reasons; swaps and metal apart."""
    kinds: dict[str, Callable[[Record], bool]] = {
        "plain": _is_plain,
        "metal": lambda r: r["design"]["metal"] != "none",
        "swap": lambda r: r["design"]["swap"] != "none",
    }
    lines = []
    for name in NAMES:
        for kind, fits in kinds.items():
            runs = [run for r in records if fits(r) for run in r["runs"] if (run["asked"], run["labels"]) == (name, labels)]
            if not runs or (kind == "swap" and name != "dixon"):
                continue
            refused = Counter(run["refusal"] for run in runs if run["refusal"])
            missing = Counter(m["reason"] for run in runs for m in run["rows"] if m["ff"] is None)
            of = sum(len(run["rows"]) for run in runs)
            lines.append(
                [
                    NAMES[name],
                    kind,
                    f"{sum(refused.values())} of {len(runs)}",
                    _counted(refused),
                    f"{sum(missing.values())} of {of}",
                    _counted(missing),
                ]
            )
    return markdown(["fat by", "studies", "refused", "why", "muscles without a number", "why"], lines) if lines else ""


def automatic(records: list[Record]) -> str:
    """What the labels do: automatic minus true labels on the same map."""
    lines = []
    for name in NAMES:
        true = {(r["seed"], m["side"], m["muscle"]): m for r, _, m in plain(records, "true", name)}
        auto = {(r["seed"], m["side"], m["muscle"]): m for r, _, m in plain(records, "auto", name)}
        for muscle in ("gluteus_maximus", "gluteus_medius", "gluteus_minimus"):
            both = [k for k in true if k in auto and k[2] == muscle]
            if len(both) < 2:
                continue
            a = agreement([100 * (auto[k]["ff"] - true[k]["ff"]) for k in both])
            g, h = (np.array([rows[k]["grades"]["quartile"]["grade"] for k in both]) for rows in (true, auto))
            kappa = weighted_kappa(confusion(g, h, 5), "linear")
            lines.append(
                [NAMES[name], muscle.removeprefix("gluteus_"), a.n, f"{a.bias:+.2f}", f"{a.rmse:.2f}", f"{a.worst:+.2f}", f"{kappa:.3f}"]
            )
    heads = ["fat by", "muscle", "muscles", "bias", "RMSE", "worst", "Quartile linear kappa"]
    return markdown(heads, lines) if lines else ""


def swaps(records: list[Record]) -> str:
    """Exchanged Dixon pairs: found, and the worst error of what was given a number nevertheless."""
    lines = []
    kinds = ("none", "whole", "leg", "slab", "leg_slab", "blob")
    for kind in kinds:
        runs = [
            (r, run)
            for r in records
            for run in r["runs"]
            if run["asked"] == "dixon" and run["labels"] == "true" and r["design"]["swap"] == kind
        ]
        if not runs:
            continue
        found = sum(run["refusal"] == "water_fat_swap" or "water_fat_swap" in run["notes"] for _, run in runs)
        low, high = exact_interval(found, len(runs))
        e = [100 * (m["ff"] - m["true"]) for _, run in runs for m in run["rows"] if m["ff"] is not None]
        worst = f"{max(e, key=abs):+.2f}" if e else "-"
        lines.append([kind, len(runs), found, f"{low:.0%} to {high:.0%}", len(e), worst])
    return markdown(["exchanged", "studies", "said so", "95 %", "muscles measured", "worst error, points"], lines) if lines else ""


def plain(records: list[Record], labels: str, asked: str) -> Chosen:
    """Measured muscles of studies without metal and swaps."""
    return [(r, run, m) for r, run, m in rows_of(records, labels=labels, asked=asked) if _is_plain(r) and m["ff"] is not None]


def markdown(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """A markdown table."""
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join("| " + " | ".join(str(c) for c in row) + " |" for row in rows)


def _beside(records: list[Record], labels: str) -> Chosen:
    return [(r, run, m) for r, run, m in rows_of(records, labels=labels, asked="chosen") if m["metal"] and m["ff"] is not None]


def _is_plain(record: Record) -> bool:
    return bool(record["design"]["metal"] == "none" and record["design"]["swap"] == "none")


def _all(_record: Record, _row: Record) -> bool:
    return True


def _good_snr(record: Record, _row: Record) -> bool:
    return bool(record["design"]["snr"] >= 15)


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} {n}" for reason, n in reasons.most_common())
