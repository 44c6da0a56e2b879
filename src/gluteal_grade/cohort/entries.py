"""What a batch is given: one entry for each study, as far as that can be told without opening it."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from gluteal_grade.errors import GradeError
from gluteal_grade.io.study import Person


@dataclass(frozen=True)
class Given:
    """What the user says of a study; None where the file decides or nothing is known.

    Attributes:
        labels: label map on the grid of one of its series.
        labelmap: numbering of `labels`.
        kind: contrast, as `--kind` of `grade`.
        series: id of the series to measure.
        sex: "M" or "F", for norms and tables.
        metal: right, left, both, none or auto.
        age_years, group, operated_side: for tables only.
        patient: any name that is the same in all studies of one person.
        date: of the examination.
        extra: further columns of a manifest.
    """

    labels: Path | None = None
    labelmap: str | None = None
    kind: tuple[str, ...] = ()
    series: str | None = None
    sex: str | None = None
    metal: str | None = None
    age_years: float | None = None
    group: str | None = None
    operated_side: str | None = None
    patient: str | None = field(default=None, repr=False)
    date: datetime.date | None = field(default=None, repr=False)
    extra: tuple[tuple[str, str], ...] = ()

    def person(self, found: Person) -> Person:
        """Whom the files name, with what the user says of them."""
        return Person(
            self.patient or found.id,
            found.age_years if self.age_years is None else self.age_years,
            self.group or found.group,
            self.date or found.study_date,
        )

    def measuring(self) -> dict[str, Any]:
        """What changes the numbers, for the hash of the input; of the labels their content, not their place."""
        said = {"labelmap": self.labelmap, "kind": self.kind, "series": self.series, "sex": self.sex, "metal": self.metal}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True)
class Entry:
    """Files that are read together: in most cases one study.

    Attributes:
        source: what to call it, a path as the user gave it.
        root: folder, zip or file.
        parts: only these of the folder, see `io.files.walk_parts`; None: all of it.
        given: what the user says of it.
        refusal: why it need not be opened.
    """

    source: str
    root: Path
    parts: tuple[str, ...] | None = None
    given: Given = Given()
    refusal: GradeError | None = None

    @property
    def key(self) -> str:
        """24 hex digits: the same for the same place on this file system."""
        place = "\0".join((str(self.root.absolute()), *(self.parts or ())))
        return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:24]

    def absolute(self) -> Entry:
        """The same for a process with another working directory."""
        labels = self.given.labels
        return replace(self, root=self.root.absolute(), given=replace(self.given, labels=labels.absolute() if labels else None))

    def fingerprint(self) -> str:
        """24 hex digits over names, sizes and times of the files and what is said of them: no file is opened.

        While it stays the same, a finished entry need not be looked at again.
        """
        digest = hashlib.sha256(json.dumps(asdict(self.given), default=str, sort_keys=True).encode())
        for path in sorted(self.files()):
            try:
                status = path.stat()
            except OSError:
                continue
            digest.update(f"{path.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:24]

    def files(self) -> list[Path]:
        """Every file that is read, images or not."""
        found = [self.given.labels] if self.given.labels else []
        if self.parts is None:
            everything = self.root.rglob("*") if self.root.is_dir() else [self.root]
            return [*found, *(p for p in everything if p.is_file())]
        for part in self.parts:
            path = self.root / part
            found += [p for p in path.iterdir() if p.is_file()] if path.is_dir() else [path]
        return found
