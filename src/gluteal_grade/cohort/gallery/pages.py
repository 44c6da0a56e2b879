"""The HTML pages, made from templates in which all text is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.cohort.gallery.figures import KINDS, Figure
from gluteal_grade.cohort.gallery.sheets import Sheet
from gluteal_grade.cohort.gallery.study_files import FIGURES, StudyFiles
from gluteal_grade.cohort.gallery.summary import Summary
from gluteal_grade.cohort.gallery.tables import MEASURED, MUSCLES, STATUSES, Cohort
from gluteal_grade.cohort.gallery.tiles import study_cells
from gluteal_grade.cohort.gallery.values import lines
from gluteal_grade.cohort.gallery.words import DISCLAIMER, STATE_WORDS, in_words, percent
from gluteal_grade.files import write_text
from gluteal_grade.report import count, visible
from gluteal_grade.report import environment as plain_environment
from gluteal_grade.vocabulary import Scale, primary_scale, short_methods

PAGE_ROWS = 500
REFUSALS_ON_INDEX = 100  # more of them get pages of their own

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Numbered:
    """One page of several.

    Attributes:
        number: from 1.
        name: of the file.
        first: number of its first entry, from 1.
        last: of its last entry.
    """

    number: int
    name: str
    first: int
    last: int


def numbered(stem: str, entries: int) -> tuple[Numbered, ...]:
    """Pages that so many entries take."""
    starts = range(1, entries + 1, PAGE_ROWS)
    return tuple(Numbered(n, f"{stem}_{n:03d}.html", first, min(first + PAGE_ROWS - 1, entries)) for n, first in enumerate(starts, start=1))


def environment(scales: Sequence[Scale]) -> Any:
    """With the words of the cohort's pages."""
    found = plain_environment("gluteal_grade.cohort.gallery")
    found.globals.update(disclaimer=DISCLAIMER, count=count, muscles=MUSCLES, scales=scales, kinds=KINDS, primary=primary_scale(scales))
    found.filters.update(words=in_words, visible=visible, percent=percent, number=lambda n: f"{n:,}")
    return found


def write_studies(env: Any, cohort: Cohort, order: Rows, out: Path) -> Iterator[Path]:
    """`studies_<nnn>.html`, in the order of the contact sheets."""
    pages = numbered("studies", len(order))
    template = env.get_template("studies.html.j2")
    worst = cohort.worst_fat()
    for page in pages:
        rows = order[page.first - 1 : page.last]
        entries = [study_entry(cohort, int(n), study, float(worst[n]), out) for n, study in zip(rows, cohort.entries(rows), strict=True)]
        text = template.render(page=page, pages=pages, entries=entries, total=len(order))
        yield write_text(out / page.name, text)


def study_entry(cohort: Cohort, row: int, study: dict[str, Any], worst: float, out: Path) -> dict[str, Any]:
    """What the list says of one study."""
    measured = study["state"] in MEASURED
    files = StudyFiles(out, study["folder"])
    report = ("report", files.link("report.html")) if "report.html" in files.names else ("overlay", files.link("overlay_summary.png"))
    links = (report, ("json", files.link("result.json")), ("csv", files.link("muscles.csv")))
    return {
        "hash": visible(study["study"]) or "no hash",
        "link": files.best_link(),
        "state": STATE_WORDS.get(study["state"], visible(study["state"])),
        "code": study["state"] if study["state"] in STATE_WORDS else "failed",
        "review": int(study["needs_review"]) if measured else 0,
        "reason": in_words(study["reason"]),
        "source": visible(study["source"]),
        "patient": visible(study["patient"]),
        "person": ", ".join(p for p in (visible(study["sex"]), visible(study["age"])) if p),
        "group": visible(study["group"]),
        "method": short_methods(study["method"]),
        "worst": percent(worst),
        "cells": study_cells(cohort, row) if measured else (),
        "links": [(words, address) for words, address in links if address],
    }


def write_refusals(env: Any, cohort: Cohort, out: Path) -> Iterator[Path]:
    """`refusals_<nnn>.html`, where there are too many for the index."""
    entries = refusal_entries(cohort)
    if len(entries) <= REFUSALS_ON_INDEX:
        return
    pages = numbered("refusals", len(entries))
    template = env.get_template("refusals.html.j2")
    for page in pages:
        part = entries[page.first - 1 : page.last]
        yield write_text(out / page.name, template.render(page=page, pages=pages, entries=part, total=len(entries)))


def refusal_entries(cohort: Cohort) -> Sequence[dict[str, str]]:
    """By reason, then in the order of `refusals.csv`."""
    table = cohort.refusals.sort_values("reason", kind="stable")
    return [{str(name): visible(value) for name, value in entry.items()} for entry in table.to_dict("records")]


def write_sheet_pages(env: Any, sheets: Sequence[Sheet], out: Path) -> Iterator[Path]:
    """`contact_sheet_<nnn>.html`: a sheet on which every study is a link."""
    template = env.get_template("sheet.html.j2")
    for sheet in sheets:
        yield write_text(out / f"contact_sheet_{sheet.number:03d}.html", template.render(sheet=sheet, sheets=sheets))


def write_index(
    env: Any, cohort: Cohort, summary: Summary, sheets: Sequence[Sheet], figures: Sequence[Figure], out: Path, *, tiles_left_out: int
) -> Path:
    """`index.html`."""
    entries = refusal_entries(cohort)
    many = len(entries) > REFUSALS_ON_INDEX
    text = env.get_template("index.html.j2").render(
        s=summary,
        sheets=sheets,
        figures=figures,
        folder=FIGURES,
        lines=lines(cohort),
        statuses=[in_words(status.value) for status in STATUSES],
        study_pages=numbered("studies", len(cohort.studies)),
        refusals=[] if many else entries,
        refusal_total=len(entries),
        refusal_pages=numbered("refusals", len(entries)) if many else (),
        tiles_left_out=tiles_left_out,
    )
    return write_text(out / "index.html", text)
