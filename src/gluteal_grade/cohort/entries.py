"""What a batch is given: one entry for each study, as far as that can be told without opening it."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from gluteal_grade.errors import GradeError
from gluteal_grade.io import Person

_LATER = ("exclude", "height_m", "weight_kg", "lean_kg")  # what the first version could not be told


@dataclass(frozen=True)
class Given:
    """What the user says of a study; None where the file decides or nothing is known.

    Attributes:
        labels: label map on the grid of one of its series.
        labelmap: numbering of `labels`, or of the run's bundle.
        exclude: mask of voxels that are not measured.
        kind: contrast, as `--kind` of `grade`.
        series: id of the series to measure.
        sex: "M" or "F", for norms and tables.
        metal: right, left, both, none or auto.
        age_years, height_m, weight_kg, lean_kg: age and body, for norms and tables.
        group, operated_side: for tables only.
        patient: any name that is the same in all studies of one person.
        date: of the examination.
        extra: further columns of a manifest.
    """

    labels: Path | None = None
    labelmap: str | None = None
    exclude: Path | None = None
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
    height_m: float | None = None
    weight_kg: float | None = None
    lean_kg: float | None = None

    def person(self, found: Person) -> Person:
        """Whom the files name, with what the user says of them."""
        return Person(
            self.patient or found.id,
            found.age_years if self.age_years is None else self.age_years,
            self.group or found.group,
            self.date or found.study_date,
            *(found.height_m, found.weight_kg, found.lean_kg),
        ).told(Person(height_m=self.height_m, weight_kg=self.weight_kg, lean_kg=self.lean_kg))

    @property
    def beside(self) -> tuple[Path, ...]:
        """Files that go with the images and are none: label map and mask."""
        return tuple(path for path in (self.labels, self.exclude) if path is not None)

    def absolute(self) -> Given:
        """The same for a process with another working directory."""
        labels, exclude = (path and path.absolute() for path in (self.labels, self.exclude))
        return replace(self, labels=labels, exclude=exclude)


@dataclass(frozen=True)
class Entry:
    """Files that are read together: in most cases one study.

    Attributes:
        source: what to call it, a path as the user gave it.
        root: folder, zip or file.
        parts: only these of the folder, see `io.files.walk_parts`; None: all of it.
        given: what the user says of it.
        refusal: why it need not be opened.
        given_by: the INPUT that gave it, absolute; empty where a program gave the entry.
    """

    source: str
    root: Path
    parts: tuple[str, ...] | None = None
    given: Given = Given()
    refusal: GradeError | None = None
    given_by: str = ""

    @property
    def key(self) -> str:
        """24 hex digits: the same for the same place on this file system."""
        place = "\0".join((str(self.root.absolute()), *(self.parts or ())))
        return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:24]

    def absolute(self) -> Entry:
        """The same for a process with another working directory."""
        return replace(self, root=self.root.absolute(), given=self.given.absolute())

    def fingerprint(self) -> str:
        """24 hex digits over names, sizes and times of the files and what is said of them: no file is opened.

        While it stays the same, a finished entry need not be looked at again.
        """
        return self.looked_at()[0]

    def looked_at(self) -> tuple[str, int]:
        """The fingerprint, and the bytes of all files."""
        said = {name: value for name, value in asdict(self.given).items() if name not in _LATER or value}  # as ledgers of 0.1 have it
        digest = hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode())
        size = 0
        for path in sorted(self.files()):
            try:
                status = path.stat()
            except OSError:
                continue
            size += status.st_size
            digest.update(f"{path.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:24], size

    def files(self) -> list[Path]:
        """Every file that is read, images or not."""
        found = list(self.given.beside)
        if self.parts is None:
            everything = self.root.rglob("*") if self.root.is_dir() else [self.root]
            return [*found, *(p for p in everything if p.is_file())]
        for part in self.parts:
            path = self.root / part
            found += [p for p in path.iterdir() if p.is_file()] if path.is_dir() else [path]
        return found
