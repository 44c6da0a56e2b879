"""A CSV manifest: one study a line, with what is known of it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path

from gluteal_grade.cohort.entries import Entry, Given
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.files import user_rows, usual_separator
from gluteal_grade.io import HEIGHT, LEAN, SEXES, WEIGHT, height_of, mass_of, number_of

_ALIASES = {"study": "path", "study_path": "path", "input": "path", "operated": "operated_side", "side": "operated_side",
            "patient_id": "patient", "participant_id": "patient", "study_date": "date", "age_years": "age",
            **dict.fromkeys(HEIGHT, "height"), **dict.fromkeys(WEIGHT, "weight"), **dict.fromkeys(LEAN, "lean_mass")}  # fmt: skip
_KNOWN = (
    *("path", "labels", "labelmap", "exclude", "kind", "series", "sex", "metal", "age", "group", "operated_side", "patient", "date"),
    *("height", "weight", "lean_mass"),
)
_SIDES = {"right": "right", "r": "right", "left": "left", "l": "left", "both": "both", "none": "none"}
_EMPTY = ("", "n/a", "na", "nan", "unknown")


def read_manifest(path: Path, source: str) -> list[Entry]:
    """The studies of a manifest.

    Args:
        path: CSV or TSV (by its ending) with a header line; `path` is required, paths are relative to the manifest's folder. Columns:
            labels, labelmap, exclude (a mask), kind (several joined by `;`), series, sex, metal, age, group, operated_side, patient,
            date (YYYY-MM-DD), height (m or cm), weight and lean_mass (kg); others are carried to `studies.csv`.
        source: what the user calls the manifest.

    Returns:
        an entry a line; a line that cannot be used is an entry with a refusal (`manifest_unreadable`, `input_not_found`).

    Raises:
        RefusedInput: `manifest_unreadable`, for the file as a whole.
        TransientFailure: `read_failed`.
    """
    lines = _lines(path)
    seen: set[str] = set()
    entries = []
    for number, cells in lines:
        entry = _entry(path, source, number, cells)
        if entry.refusal is None and entry.key in seen:
            entry = _refused(path, f"{source}:{number}", number, "the same path stands on an earlier line", Reason.STUDY_TWICE)
        seen.add(entry.key)
        entries.append(entry)
    return entries


def _lines(path: Path) -> list[tuple[int, dict[str, str]]]:
    tabs = path.suffix.lower() == ".tsv"
    try:
        rows = user_rows(path, Reason.MANIFEST_UNREADABLE, "the manifest", lambda text: "\t" if tabs else usual_separator(text))
    except OSError as error:
        raise TransientFailure(Reason.READ_FAILED, error.strerror or "the manifest cannot be read") from error
    header = [_column(cell) for cell in rows[0][1]] if rows else []
    if "path" not in header:
        raise RefusedInput(Reason.MANIFEST_UNREADABLE, "no column `path`")
    if len(set(header)) < len(header):
        raise RefusedInput(Reason.MANIFEST_UNREADABLE, "a column stands twice")
    return [
        (number, {name: cell.strip() for name, cell in zip(header, row, strict=False)} | _wrong_length(header, row))
        for number, row in rows[1:]
    ]


def _column(cell: str) -> str:
    name = cell.strip().lower().replace(" ", "_")
    return _ALIASES.get(name, name)


def _wrong_length(header: list[str], row: list[str]) -> dict[str, str]:
    return {} if len(row) == len(header) else {"\0length": f"{len(row)} cells where the header has {len(header)}"}


def _entry(manifest: Path, source: str, number: int, cells: Mapping[str, str]) -> Entry:
    place = f"{source}:{number}"
    if problem := cells.get("\0length"):
        return _refused(manifest, place, number, problem)
    if not cells["path"]:
        return _refused(manifest, place, number, "`path` is empty")
    path = manifest.parent / cells["path"]
    try:
        given = _given(manifest, cells)
    except ValueError as error:
        return _refused(manifest, cells["path"], number, str(error))
    missing = RefusedInput(Reason.INPUT_NOT_FOUND, "no such file or folder") if not path.exists() else None
    return Entry(cells["path"], path, None, given, missing)


def _refused(manifest: Path, place: str, number: int, problem: str, reason: Reason = Reason.MANIFEST_UNREADABLE) -> Entry:
    error = RefusedInput(reason, f"line {number}: {problem}")
    return Entry(place, manifest, (f":{number}",), refusal=error)  # a key of its own, though there is no such file


def _given(manifest: Path, cells: Mapping[str, str]) -> Given:
    said = {name: value for name, value in cells.items() if value.lower() not in _EMPTY}
    age = said.get("age")
    if age is not None and number_of(age) is None:
        raise ValueError("age is no number of years")
    return Given(
        labels=manifest.parent / said["labels"] if "labels" in said else None,
        labelmap=said.get("labelmap"),
        exclude=manifest.parent / said["exclude"] if "exclude" in said else None,
        kind=tuple(k.strip() for k in said.get("kind", "").split(";") if k.strip()),
        series=said.get("series"),
        sex=_one_of(said, "sex", SEXES),
        metal=_one_of(said, "metal", {**_SIDES, "auto": "auto"}),
        age_years=number_of(age) if age else None,
        group=said.get("group"),
        operated_side=_one_of(said, "operated_side", _SIDES),
        patient=said.get("patient"),
        date=_date(said.get("date")),
        height_m=_body(said, "height", height_of, "height in m or cm"),
        weight_kg=_body(said, "weight", mass_of, "weight in kg"),
        lean_kg=_body(said, "lean_mass", mass_of, "mass in kg"),
        extra=tuple((name, value) for name, value in cells.items() if name not in _KNOWN and name),
    )


def _body(said: Mapping[str, str], column: str, read: Callable[[str], float | None], what: str) -> float | None:
    if column not in said:
        return None
    if (found := read(said[column])) is None:
        raise ValueError(f"{column} is no {what} of a person")
    return found


def _one_of(said: Mapping[str, str], column: str, allowed: Mapping[str, str]) -> str | None:
    if column not in said:
        return None
    found = allowed.get(said[column].lower())
    if found is None:
        raise ValueError(f"{column} is none of {', '.join(dict.fromkeys(allowed.values()))}")
    return found


def _date(text: str | None) -> datetime.date | None:
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError("date is not YYYY-MM-DD") from None
