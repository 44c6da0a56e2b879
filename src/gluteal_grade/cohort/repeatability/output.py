"""The files of one run; each appears under its name when whole."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from pathlib import Path

from gluteal_grade.cohort.gallery import DISCLAIMER
from gluteal_grade.cohort.repeatability.compute import OF_FAT, QUANTITIES, Found, Group, RepeatReport
from gluteal_grade.cohort.repeatability.methods import SOURCES, left_out_lines, methods_text, paragraphs
from gluteal_grade.cohort.repeatability.plot import draw_bland_altman
from gluteal_grade.cohort.repeatability.site_file import NAME, Site, write_site
from gluteal_grade.errors import not_writable
from gluteal_grade.files import write_table, write_text
from gluteal_grade.report import environment
from gluteal_grade.statistics import Estimated, Repeated
from gluteal_grade.vocabulary import Muscle, method_words

_ESTIMATES = tuple(f.name for f in fields(Repeated) if f.name not in ("subjects", "freedom", "mean", "tau", "tau_p", "few"))
_LEFT_OUT = ("what", "reason", "detail", "study", "side", "muscle", "region")
_GROUP = tuple(f.name for f in fields(Group))
COLUMNS = (
    *(*_GROUP, "quantity", "unit", "graded", "subjects", "freedom", "mean"),
    *(f"{name}{end}" for name in _ESTIMATES for end in ("", "_low", "_high")),
    *("tau", "tau_p", "reason"),
)
_OURS = re.compile(r"bland_altman(_\d+)?\.png")
_WORDS = {
    "fat_fraction_core": "fat fraction (core), points",
    "fat_fraction": "fat fraction (mean of the label), points",
    "volume_ml": "volume, ml",
    "lean_volume_core_ml": "lean volume (core), ml",
    "lean_volume_ml": "lean volume, ml",
}


def write_repeatability(report: RepeatReport, site: Site | None, folder: Path) -> list[Path]:
    """Write `repeatability.csv`, `left_out.csv`, `methods.txt`, `repeatability.html`, Bland-Altman plots and `site.yaml` into `folder`.

    Plots and the site file of an earlier run that this one does not make are removed.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pictures = draw_bland_altman(report, folder)
        for old in folder.iterdir():
            if (_OURS.fullmatch(old.name) and old not in pictures) or (old.name == NAME and site is None):
                old.unlink()
        write_table(folder / "repeatability.csv", COLUMNS, (as_row(f) for f in report.found))
        write_table(folder / "left_out.csv", _LEFT_OUT, (x.row(_LEFT_OUT) for x in report.left_out))
        written = [folder / "repeatability.csv", folder / "left_out.csv", write_text(folder / "methods.txt", methods_text(report))]
        written.append(write_text(folder / "repeatability.html", _page(report, site, pictures)))
        written += pictures
        if site is not None:
            written.append(write_site(site, folder / NAME))
    except OSError as error:
        raise not_writable(error) from error
    return written


def as_row(f: Found) -> dict[str, str]:
    """By `COLUMNS`: six significant digits, ``NaN`` where there is no number."""
    r = f.result
    row = {name: str(getattr(f.group, name)) for name in _GROUP}
    row |= {"quantity": f.quantity, "unit": QUANTITIES[f.quantity], "graded": str(f.graded).lower(), "reason": f.reason}
    row |= {"subjects": str(r.subjects), "freedom": str(r.freedom)}
    row |= {name: _text(getattr(r, name)) for name in ("mean", "tau", "tau_p")}
    for name in _ESTIMATES:
        e: Estimated = getattr(r, name)
        row |= {name: _text(e.value), f"{name}_low": _text(e.low), f"{name}_high": _text(e.high)}
    return row


def _text(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{value:.6g}"


def _page(report: RepeatReport, site: Site | None, pictures: list[Path]) -> str:
    env = environment("gluteal_grade.cohort.repeatability", "gluteal_grade.cohort.gallery")
    s = report.studies
    shown = [f for f in report.found if f.graded]
    ways = sorted({_how(f) for f in shown})
    template = env.get_template("repeatability.html.j2")
    return str(
        template.render(
            disclaimer=DISCLAIMER,
            subjects=s["subject"].nunique(),
            studies=len(s),
            readings=report.outputs,
            rows=[_line(f) for f in shown],
            way=ways[0] if len(ways) == 1 else "",
            cautions=report.cautions,
            left_out=left_out_lines(report),
            pictures=[p.name for p in pictures],
            paragraphs=paragraphs(report),
            sources=SOURCES,
            site=site.words if site else "",
        )
    )


def _line(f: Found) -> dict[str, object]:
    r, percent = f.result, f.quantity in OF_FAT
    digits = 2 if percent else 1
    return {
        "name": Muscle(f.group.muscle).short if f.group.region == "whole" else f"{Muscle(f.group.muscle).short}, {f.group.region}",
        "part": f.group.region != "whole",
        "side": f.group.side,
        "how": _how(f),
        "quantity": _WORDS[f.quantity],
        "n": r.subjects,
        "cells": [
            _cell(r.wsd, digits),
            _cell(r.rc, digits),
            _cell(r.rms_cv, 1),
            _cell(r.bias, digits),
            ("-" if math.isnan(r.loa_low.value) else f"{r.loa_low.value:.{digits}f} to {r.loa_high.value:.{digits}f}", ""),
            _cell(r.icc_2_1, 3),
            _cell(r.icc_3_1, 3),
        ],
        "reason": f.reason,
    }


def _how(f: Found) -> str:
    """Fat method, kind of series and source of labels in words."""
    kind = f.group.kind.replace("+", " and ").replace("_", " ")
    return ", ".join(v for v in (method_words(f.group.method) if f.group.method else "", kind, f"{f.group.labels} labels") if v)


def _cell(e: Estimated, digits: int) -> tuple[str, str]:
    if math.isnan(e.value):
        return "-", ""
    return f"{e.value:.{digits}f}", "" if math.isnan(e.low) else f"{e.low:.{digits}f} to {e.high:.{digits}f}"
