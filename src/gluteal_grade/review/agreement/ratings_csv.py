"""A CSV of ratings, read and checked line by line. No message repeats a cell: it could name a patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.files import user_rows
from gluteal_grade.review.agreement.ratings import Rater, Ratings, ScaleRatings
from gluteal_grade.review.agreement.scales import known, number, scale_name, unknown_scale
from gluteal_grade.review.model import NOT_ASSESSABLE, PROGRAM
from gluteal_grade.vocabulary import Muscle, Side

COLUMNS = ("reader", "read", "study", "muscle", "side", "scale", "grade")
_LONGEST_READER = 60
_MISSING = ("", "n/a", "na", "nan")
_SIDES = {"": "", "right": Side.RIGHT.value, "r": Side.RIGHT.value, "left": Side.LEFT.value, "l": Side.LEFT.value}
_MUSCLES = {"": "", **{m.value: m.value for m in Muscle}}

_Unit = tuple[str, str, str]  # study, muscle, side


@dataclass(frozen=True)
class _Rating:
    line: int
    rater: Rater
    unit: _Unit
    scale: str
    grade: str  # empty, not_assessable or a grade
    value: float  # NaN where missing


def read_ratings(path: Path, *, to_compare: bool = True) -> Ratings:
    """The ratings of a file.

    Args:
        path: UTF-8, with or without BOM; comma, semicolon or tab (told by the header line); any line ends. Columns `COLUMNS` in any order,
            others are not looked at. `read` is 1, 2, ...; empty means 1. An empty grade and `not_assessable` are missing.
        to_compare: refuse ratings of which no two are of the same thing.

    Raises:
        RefusedInput: `input_not_found`; `bad_ratings`, naming the line.
        TransientFailure: `read_failed`.
    """
    ratings = [_rating(line, cells) for line, cells in _lines(path)]
    if not ratings:
        raise RefusedInput(Reason.BAD_RATINGS, "no rating below the header line")
    kept, repeated = _once(ratings)
    if to_compare and len({r.rater for r in kept}) < 2:
        raise RefusedInput(Reason.BAD_RATINGS, "one read of one reader alone: there is nothing to compare")
    order = list(known())
    names = sorted({r.scale for r in kept}, key=lambda n: (order.index(n) if n in order else len(order), n))
    studies = {name: n for n, name in enumerate(sorted({r.unit[0] for r in kept}))}
    found = Ratings(
        scales=tuple(s for name in names if (s := _scale(name, [r for r in kept if r.scale == name], studies)) is not None),
        studies=len(studies),
        rows=len(ratings),
        empty=sum(not r.grade for r in ratings),
        not_assessable=sum(r.grade == NOT_ASSESSABLE for r in ratings),
        repeated=repeated,
        names=tuple(studies),
    )
    if to_compare and not any((np.isfinite(s.values).sum(axis=1) > 1).any() for s in found.scales):
        raise RefusedInput(Reason.BAD_RATINGS, "nothing was graded twice on one scale: there is nothing to compare")
    return found


def _lines(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        rows = user_rows(path, Reason.BAD_RATINGS, separator=_separator)
    except FileNotFoundError as error:
        raise RefusedInput(Reason.INPUT_NOT_FOUND, "no such file") from error
    except IsADirectoryError as error:
        raise RefusedInput(Reason.BAD_RATINGS, "a folder, not a CSV file") from error
    except OSError as error:
        raise TransientFailure(Reason.READ_FAILED, error.strerror or "the ratings cannot be read") from error
    if not rows:
        raise RefusedInput(Reason.BAD_RATINGS, "the file is empty")
    header = [cell.strip().lower() for cell in rows[0][1]]
    if missing := [name for name in COLUMNS if name not in header]:
        raise RefusedInput(Reason.BAD_RATINGS, f"no column {', '.join(missing)} in the header line (comma, semicolon or tab between them)")
    if twice := [name for name in COLUMNS if header.count(name) > 1]:
        raise RefusedInput(Reason.BAD_RATINGS, f"column {', '.join(twice)} stands twice")
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise RefusedInput(Reason.BAD_RATINGS, f"line {line}: {len(row)} cells where the header has {len(header)}")
    places = {name: header.index(name) for name in COLUMNS}
    return [(line, {name: row[place].strip() for name, place in places.items()}) for line, row in rows[1:]]


def _separator(text: str) -> str:
    """What stands most often in the first line that is not blank: ratings come from many table programs."""
    return max(",;\t", key=next((line for line in text.splitlines() if line.strip()), "").count)


def _rating(line: int, cells: Mapping[str, str]) -> _Rating:
    try:
        scale = scale_name(cells["scale"])
        grade = cells["grade"]
        missing = grade.lower() in (*_MISSING, NOT_ASSESSABLE)
        if missing:
            grade = NOT_ASSESSABLE if grade.lower() == NOT_ASSESSABLE else ""
        if not cells["study"]:
            raise ValueError("study is empty")
        unit = (cells["study"], _word(cells["muscle"], _MUSCLES, "muscle"), _word(cells["side"], _SIDES, "side"))
        value = float("nan") if missing else number(scale, grade)
        return _Rating(line, Rater(_reader(cells["reader"]), _read(cells["read"])), unit, scale, grade, value)
    except ValueError as error:
        raise RefusedInput(Reason.BAD_RATINGS, f"line {line}: {error}") from None


def _reader(text: str) -> str:
    if not text or len(text) > _LONGEST_READER or not text.isprintable():
        raise ValueError(f"reader is empty, longer than {_LONGEST_READER} characters or not printable")
    if " vs " in text:
        raise ValueError("reader holds ' vs ', which stands between two readers")
    return PROGRAM if text.lower() == PROGRAM else text


def _read(text: str) -> int:
    if not text:
        return 1
    whole = text.removesuffix(".0")  # a table program's way of writing whole numbers
    if not (whole.isascii() and whole.isdigit() and len(whole) < 4 and int(whole) > 0):
        raise ValueError("read is not 1, 2, ...")
    return int(whole)


def _word(text: str, allowed: Mapping[str, str], column: str) -> str:
    found = allowed.get("_".join(text.lower().split()))
    if found is None:
        raise ValueError(f"{column} is none of {', '.join(dict.fromkeys(v for v in allowed.values() if v))}, nor empty")
    return found


def _once(ratings: list[_Rating]) -> tuple[list[_Rating], int]:
    """Without what was said twice; how often that was."""
    kept: dict[tuple[Rater, _Unit, str], _Rating] = {}
    for r in ratings:
        earlier = kept.setdefault((r.rater, r.unit, r.scale), r)
        if earlier is not r and (earlier.value != r.value if r.value == r.value else earlier.grade != r.grade):
            raise RefusedInput(
                Reason.BAD_RATINGS, f"lines {earlier.line} and {r.line}: one reader gave two grades for the same thing in one read"
            )
    return list(kept.values()), len(ratings) - len(kept)


def _scale(name: str, ratings: list[_Rating], studies: Mapping[str, int]) -> ScaleRatings | None:
    """None where every grade is missing and the scale is not known."""
    graded = [r.value for r in ratings if r.value == r.value]
    told = known().get(name)
    scale = told
    if scale is None:
        if not graded:
            return None
        try:
            scale = unknown_scale(name, graded)
        except ValueError as error:
            raise RefusedInput(Reason.BAD_RATINGS, str(error)) from None
    raters = tuple(sorted({r.rater for r in ratings}))
    units = sorted({r.unit for r in ratings})
    row, column = {u: n for n, u in enumerate(units)}, {r: n for n, r in enumerate(raters)}
    values = np.full((len(units), len(raters)), np.nan)
    values[[row[r.unit] for r in ratings], [column[r.rater] for r in ratings]] = [r.value for r in ratings]
    if told is None:
        values -= min(graded)
    study = np.array([studies[u[0]] for u in units], np.intp)
    return ScaleRatings(scale, raters, study, np.array([u[1] for u in units]), np.array([u[2] for u in units]), values)
