"""The files of one run; each appears under its name when whole.

`agreement.html` is one file: nothing is fetched from elsewhere, and all text is escaped.
"""

from __future__ import annotations

import base64
import math
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gluteal_grade.cohort.gallery import DISCLAIMER
from gluteal_grade.drawing import drawing_style
from gluteal_grade.errors import not_writable
from gluteal_grade.files import write_table, write_text
from gluteal_grade.report import count, environment, visible
from gluteal_grade.review.agreement import _tables
from gluteal_grade.review.agreement._figures import MOST, differences, forest, heat, muscles
from gluteal_grade.review.agreement._methods import paragraphs, sources
from gluteal_grade.review.agreement.comparisons import Who, comparisons
from gluteal_grade.review.agreement.labels import STATISTICS, figure_names, headline
from gluteal_grade.review.agreement.ratings import ScaleRatings
from gluteal_grade.review.agreement.report import COLUMNS, AgreementReport, AgreementRow
from gluteal_grade.review.agreement.scales import Kind, known
from gluteal_grade.review.model import PROGRAM

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


@dataclass(frozen=True)
class Picture:
    """A figure of the page.

    Attributes:
        kind: forest, confusion, bland_altman or muscles.
        scale: its name; empty where of all.
        path: the PNG.
        words: what it shows, for those who do not see it.
    """

    kind: str
    scale: str
    path: Path
    words: str

    @property
    def data(self) -> str:
        """The PNG inside the page."""
        return "data:image/png;base64," + base64.b64encode(self.path.read_bytes()).decode("ascii")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels, from the PNG's header."""
        width, height = struct.unpack(">II", self.path.read_bytes()[16:24])
        return int(width), int(height)


def render(found: AgreementReport, pictures: Sequence[Picture]) -> str:
    """The page."""
    r = found.ratings
    text: str = (
        _environment()
        .get_template("agreement.html.j2")
        .render(
            f=found,
            r=r,
            readers=[visible(name) for name in r.readers if name != PROGRAM],
            program=PROGRAM in r.readers,
            overview=_tables.overview(found),
            scales=[_scale(found, s, pictures) for s in r.scales],
            forest=next((p for p in pictures if p.kind == "forest"), None),
            muscles=next((p for p in pictures if p.kind == "muscles"), None),
            published=[p for p in PUBLISHED if p.scale in {s.scale.name for s in r.scales}],
            titles={s.scale.name: s.scale.title for s in r.scales},
            renamed={new: visible(old) for old, new in figure_names(r.readers).items() if new != old},
            paragraphs=paragraphs(found),
            sources=sources(found),
            kappas=any(s.scale.kind is not Kind.CONTINUOUS for s in r.scales),
        )
    )
    return text


def _explained(scale: ScaleRatings) -> str:
    pair, everyone = (STATISTICS[headline(scale.scale, e)] for e in (False, True))
    several = any(c.who is Who.EVERYONE for c in comparisons(scale.raters)) and pair != everyone
    return f"{pair}; all readers: {everyone}" if several else pair


def _scale(found: AgreementReport, scale: ScaleRatings, pictures: Sequence[Picture]) -> dict[str, Any]:
    name = scale.scale.name
    return {
        "name": name,
        "title": visible(scale.scale.title),
        "note": scale.scale.note,
        "kind": scale.scale.kind.value,
        "statistic": _explained(scale),
        "details": _tables.details(found, scale),
        "together": _tables.together(found, scale),
        "parts": _tables.by_part(found, scale),
        "pictures": [p for p in pictures if p.scale == name],
    }


def _environment() -> Any:
    """Page frame and style are those of the cohort's pages."""
    found = environment("gluteal_grade.review.agreement", "gluteal_grade.cohort.gallery")
    found.globals.update(disclaimer=DISCLAIMER, count=count)
    found.filters.update(number=lambda n: f"{n:,}")
    return found


@dataclass(frozen=True)
class Published:
    """One published figure; `what` says what it is of, as far as the source does."""

    scale: str
    what: str
    value: str
    setting: str
    source: str


_MARS = "82 patients, MARS MRI after total hip arthroplasty, 3 readers"
_MARS_SOURCE = "doi 10.1007/s00256-020-03611-9"
_KAPPA = "weighted kappa (weights not stated by us)"
_OA = "end-stage osteoarthritis of the hip"
PUBLISHED = (
    Published("quartile", f"between readers, {_KAPPA}", "0.93", _MARS, _MARS_SOURCE),
    Published("quartile", f"within readers, {_KAPPA}", "0.91, 0.89, 0.85", _MARS, _MARS_SOURCE),
    Published("goutallier", f"between readers, {_KAPPA}", "0.87", _MARS, _MARS_SOURCE),
    Published("bal_lowe", f"between readers, {_KAPPA}", "0.83", _MARS, _MARS_SOURCE),
    Published("goutallier", "between readers, kappa (weights not stated by us)", "0.23", _OA, "PMID 29587967"),
    Published("goutallier", "between readers, PABAK", "0.53", _OA, "PMID 29587967"),
)
