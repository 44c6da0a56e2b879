"""What each study's tile says, from the tables and the files of its folder."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gluteal_grade.cohort.gallery.picture import choose_level
from gluteal_grade.cohort.gallery.sheets import Tile
from gluteal_grade.cohort.gallery.study_files import StudyFiles
from gluteal_grade.cohort.gallery.tables import FAT, MEASURED, MUSCLES, SIDES, STATUSES, Cohort
from gluteal_grade.cohort.gallery.words import DASH, STATE_WORDS, STATUS_MARKS, STATUS_WORDS, in_words, percent
from gluteal_grade.report import count, visible
from gluteal_grade.result import MuscleStatus
from gluteal_grade.vocabulary import short_methods

Cell = tuple[int | None, str, str]


def make_tiles(cohort: Cohort, rows: np.ndarray[tuple[int], np.dtype[np.intp]], out: Path) -> Iterator[Tile]:
    """One tile per row, made when it is asked for."""
    table = cohort.refusals
    why = dict(zip(table["source"], zip(table["reason"], table["advice"], strict=True), strict=True))
    for row in rows:
        yield _tile(cohort, int(row), out, why)


def _tile(cohort: Cohort, row: int, out: Path, why: dict[str, tuple[str, str]]) -> Tile:
    study = cohort.entries(np.array([row]))[0]
    measured = study["state"] in MEASURED
    review = int(study["needs_review"])
    look = "needs_review" if measured and review else study["state"] if study["state"] in STATE_WORDS else "failed"
    banner = (
        f"NEEDS REVIEW: {count(review, 'muscle')}" if look == "needs_review" else STATE_WORDS.get(study["state"], visible(study["state"]))
    )
    title = visible(study["study"])[:16] or f"row {row + 2} of studies.csv"
    files = StudyFiles(out, study["folder"] if measured else "")
    name, level = choose_level(files.names, _worse_side(cohort, row))
    reason = in_words(study["reason"])
    instead = ("no picture", "The result folder holds no overlay of a level.")
    if not measured:
        code, advice = why.get(study["source"], (study["reason"], ""))
        instead = (banner, ". ".join(part for part in (in_words(code), visible(advice)) if part))
    elif name:
        instead = ("no picture", "The overlay file is damaged.")
    cells = study_cells(cohort, row) if measured else ()
    foot = " · ".join(part for part in (short_methods(study["method"]), level and f"{level} level", reason if measured else "") if part)
    words = [f"Study {title}", banner, *([] if measured else [instead[1]]), *_described(cells, cohort.primary.title)]
    picture = files.path(name) if name else None
    return Tile(title, look, banner, picture, instead, cells, foot[:62], files.best_link(), ". ".join(words))


def study_cells(cohort: Cohort, row: int) -> tuple[tuple[Cell, ...], ...]:
    """Per side and muscle: primary grade or None, words beside it, mark."""
    return tuple(tuple(_cell(cohort, (row, side, muscle)) for muscle in range(len(MUSCLES))) for side in range(len(SIDES)))


def _cell(cohort: Cohort, at: tuple[int, int, int]) -> Cell:
    code = int(cohort.status[at])
    if code < 0:
        return None, DASH, ""
    status: MuscleStatus = STATUSES[code]
    grade, fat = float(cohort.numbers[cohort.primary.key][at]), float(cohort.numbers[FAT][at])
    words = STATUS_WORDS.get(status, percent(fat))
    return None if math.isnan(grade) else int(grade), words, STATUS_MARKS.get(status, "")


def _described(cells: tuple[tuple[Cell, ...], ...], scale: str) -> list[str]:
    """Grades for who cannot see the tile."""
    marks = {"!": ", needs review", "*": ", partly in view", "": ""}
    return (
        [
            f"{side}: " + ", ".join(f"{m.short} {_spoken(cell, scale)}{marks[cell[2]]}" for m, cell in zip(MUSCLES, row, strict=True))
            for side, row in zip(("Right", "Left"), cells, strict=True)
        ]
        if cells
        else []
    )


def _spoken(cell: Cell, scale: str) -> str:
    grade, words, _ = cell
    words = words.replace(DASH, "not measured")
    return words if grade is None else f"{scale} {grade} ({words})"


def _worse_side(cohort: Cohort, row: int) -> str:
    """The side with the most fat in one muscle; right where there is none."""
    fat = np.nan_to_num(cohort.numbers[FAT][row], nan=-1)
    return SIDES[int(np.argmax(fat.max(axis=1)))].value
