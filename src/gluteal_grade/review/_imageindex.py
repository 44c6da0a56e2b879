"""Which study lies where below a folder of images, looked up once and kept in `OUT/review/images.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from gluteal_grade.cohort import Entry, head_of, index_folder
from gluteal_grade.files import whole
from gluteal_grade.io import single, study_id
from gluteal_grade.review.database import FOLDER

_NAME = "images.json"
_Where = tuple[str, tuple[str, ...] | None]  # root, parts


class ImageIndex:
    """The studies below a folder.

    Args:
        out: the output folder, which is not looked into.
        data: folder, zip or file of images.
    """

    def __init__(self, out: Path, data: Path) -> None:
        self._out, self._data = out, data.absolute()
        self._path = out / FOLDER / _NAME

    def entries(self, study: str) -> Iterator[Entry]:
        """Where the study may lie, most likely first; the caller looks, and takes the next where it is not there.

        Raises:
            TransientFailure: `read_failed`, `output_not_writable`.
        """
        known = self._read()
        if study in known:
            yield _entry(known[study])
        if not self._data.exists():
            return
        found = index_folder(self._data, "data", self._out) if self._data.is_dir() else [Entry("data", self._data)]
        guesses = {guess: _where(entry) for entry in found if (guess := _guess(entry))}
        self._write(known | guesses)
        if study in guesses:
            yield _entry(guesses[study])
        for entry in found:  # NIfTI files and zips tell only when they are read
            if _where(entry) not in guesses.values() and not entry.refusal:
                yield entry

    def remember(self, study: str, entry: Entry) -> None:
        """That is where it lies.

        Raises:
            TransientFailure: `output_not_writable`.
        """
        self._write(self._read() | {study: _where(entry)})

    def _read(self) -> dict[str, _Where]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            if stored["data"] != str(self._data):
                return {}
            return {study: (root, None if parts is None else tuple(parts)) for study, (root, parts) in stored["studies"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _write(self, studies: dict[str, _Where]) -> None:
        with whole(self._path) as scratch:
            scratch.write_text(json.dumps({"data": str(self._data), "studies": studies}), encoding="utf-8", newline="\n")


def _where(entry: Entry) -> _Where:
    return str(entry.root), entry.parts


def _entry(where: _Where) -> Entry:
    return Entry("data", Path(where[0]), where[1])


def _guess(entry: Entry) -> str:
    """The hash of a DICOM study, from one of its files."""
    if entry.parts is None or entry.refusal:
        return ""
    path = entry.root / entry.parts[0]
    try:
        file = path if path.is_file() else min(p for p in path.iterdir() if p.is_file())
        found = head_of(single(file)).study
    except (OSError, ValueError):
        return ""
    return study_id([found]) if found and not found.startswith("folder:") else ""
