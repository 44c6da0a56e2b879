"""The files of one run; each appears under its name when whole."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from gluteal_grade.drawing import drawing_style
from gluteal_grade.errors import not_writable
from gluteal_grade.files import write_table, write_text
from gluteal_grade.review.agreement.comparisons import Who, comparisons
from gluteal_grade.review.agreement.figures import MOST, differences, forest, heat, muscles
from gluteal_grade.review.agreement.page import Picture, render
from gluteal_grade.review.agreement.ratings import ScaleRatings
from gluteal_grade.review.agreement.report import COLUMNS, AgreementReport, AgreementRow
from gluteal_grade.review.agreement.scales import Kind, known

FIGURES = "figures"
_OURS = re.compile(r"(kappas|muscles|bland_altman|confusion_[a-z0-9_]+)\.png")
_FOREST = "Agreement with 95 % intervals, all muscles and sides together; 1 is perfect, 0 is chance."
_MUSCLES = "Share of pairs that were one grade and two or more grades apart, by muscle; the numbers beside a bar are the two shares."
_DIFFERENCES = "Bland-Altman plots: differences against means, with bias and limits of agreement."
_CONFUSION = "How often each two grades met; the outlined diagonal is agreement. The first of the two is in rows."
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_agreement(report: AgreementReport, folder: Path) -> list[Path]:
    """Write `agreement.csv`, `agreement.html` and `figures/*.png`; figures of an earlier run that this one does not draw are removed.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    figures = folder / FIGURES
    try:
        figures.mkdir(parents=True, exist_ok=True)
        with drawing_style():
            pictures = list(_pictures(report, figures))
        for old in figures.iterdir():
            if _OURS.fullmatch(old.name) and old not in [p.path for p in pictures] and old.is_file() and not old.is_symlink():
                old.unlink()
        write_table(folder / "agreement.csv", COLUMNS, (as_row(r) for r in report.rows))
        page = write_text(folder / "agreement.html", render(report, pictures))
    except OSError as error:
        raise not_writable(error) from error
    return [folder / "agreement.csv", page, *(p.path for p in pictures)]


def as_row(row: AgreementRow) -> dict[str, object]:
    """By `COLUMNS`: `NaN` where there is no number; text that a table program would take for a formula gets an apostrophe before it."""
    return {name: _plain(value) for name, value in asdict(row).items()}


def _plain(value: object) -> object:
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _pictures(report: AgreementReport, folder: Path) -> Iterator[Picture]:
    drawn = forest(report, folder / "kappas.png")
    if drawn:
        yield Picture("forest", "", drawn, _FOREST)
    drawn = muscles(report, folder / "muscles.png")
    if drawn:
        yield Picture("muscles", "", drawn, _first(max(_pairs(s) for s in report.ratings.scales)) + _MUSCLES)
    for number, scale in enumerate(report.ratings.scales, start=1):
        name, first = scale.scale.name, _first(_pairs(scale))
        if scale.scale.kind is Kind.CONTINUOUS:
            drawn = differences(report, scale, folder / "bland_altman.png")
            kind, words = "bland_altman", first + _DIFFERENCES
        else:
            label = name if name in known() else f"scale_{number}"  # the name of a file is not taken from the table
            drawn = heat(report, scale, folder / f"confusion_{label}.png")
            kind, words = "confusion", first + _CONFUSION
        if drawn:
            yield Picture(kind, name, drawn, words)


def _pairs(scale: ScaleRatings) -> int:
    """How many comparisons of two."""
    return sum(c.who is not Who.EVERYONE for c in comparisons(scale.raters))


def _first(there: int) -> str:
    return f"The first {MOST} of {there} comparisons. " if there > MOST else ""
