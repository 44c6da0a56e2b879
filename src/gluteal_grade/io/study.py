"""A study and its series: what was found, what each series is, and why."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from gluteal_grade.errors import GradeError, Note
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.imaging import held
from gluteal_grade.vocabulary import SeriesKind, Side

NAMED_BY_USER = "named by the user"  # why a series is of its kind


class Plane(StrEnum):
    """The plane of the slices, by the axis closest to their normal; oblique from 30 degrees on."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    OBLIQUE = "oblique"
    MIXED = "mixed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Acquisition:
    """Header facts that the measurement or the choice of series uses; None where the header does not say."""

    modality: str | None = None
    manufacturer: str | None = None
    field_strength_t: float | None = None
    te_ms: float | None = None
    tr_ms: float | None = None
    ti_ms: float | None = None
    flip_angle_deg: float | None = None
    bandwidth_hz_per_pixel: float | None = None
    scanning_sequence: tuple[str, ...] = ()
    contrast_agent: bool = False
    slice_thickness_mm: float | None = None
    tube_kv: float | None = None
    rescaled: bool = False  # stored values were turned into real ones by a header's slope and intercept
    offset: float = 0.0  # what a header's intercept adds to all values, in their unit
    display_slope: float | None = None  # RescaleSlope of the first DICOM image, where no private one says the scanner's scale
    model: str | None = None  # of the scanner, as `software`
    software: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """What all images of one acquisition share, to tell partners from strangers (`io.pairing`).

    Attributes:
        time_s: when the acquisition began, seconds of the day.
        number: AcquisitionNumber (0020,0012).
        split_by: what tells this volume from others of its series, but for echo and role, e.g. ``(("time", 2.0),)``.
        words: description without what names water, fat and phase.
        entities: BIDS entities that name an acquisition, e.g. ``(("run", "2"),)``.
        train: what the names of all echoes of one train of NIfTI files have in common; empty for other files.
    """

    time_s: float | None = None
    number: float | None = None
    split_by: tuple[tuple[str, float | str], ...] = ()
    words: str = ""
    entities: tuple[tuple[str, str], ...] = ()
    train: str = ""


def _nothing_done() -> tuple[Note, ...]:
    return ()


@dataclass(frozen=True)
class Series:
    """One volume (a DICOM series that holds several gives several `Series`).

    Attributes:
        id: short, stable, free of patient data; unique in the study (e.g. ``"s3"``, ``"s3.water"``).
        uid: SeriesInstanceUID, None for NIfTI.
        number: SeriesNumber where known.
        description: SeriesDescription or the file's name stem; shown to the user, never logged.
        kind: contrast; `kind_reason` the rule and the tag values it rests on.
        plane: plane of the slices.
        mars: True where the header speaks for metal-artifact reduction; `mars_reason` says which words.
        grid: RAS+ grid of the loaded volume, None where refused.
        slice_axis: array axis (0-2) of the RAS+ volume across the slices.
        frame_of_reference: FrameOfReferenceUID, None where unknown.
        origin: what it shares with the other volumes of its acquisition.
        sources: SOPInstanceUIDs (DICOM) or sha256 of the file (NIfTI).
        refusal: why no volume can be made of it, None if one can.
        notes: what its headers contradict themselves in; told in the study's result.
        load: reads the voxels; raises `RefusedInput` or `TransientFailure`. RAS+, float32, in real-world units where stated.
        notes_read: what was done to the voxels; asked once they were read.
        stations: ids of the series that it is stitched of, lowest first; empty for a series as it came.
        apart: ids of series of the same examination that show other parts of the body (`io.stations`).
    """

    id: str
    kind: SeriesKind
    kind_reason: str
    load: Callable[[], Volume] = field(repr=False, compare=False)
    uid: str | None = None
    number: int | None = None
    description: str = ""
    plane: Plane = Plane.UNKNOWN
    mars: bool = False
    mars_reason: str = ""
    grid: Grid | None = None
    slice_axis: int = 2
    frame_of_reference: str | None = None
    acquisition: Acquisition = Acquisition()
    origin: Origin = Origin()
    sources: tuple[str, ...] = ()
    refusal: GradeError | None = None
    notes: tuple[Note, ...] = ()
    image_count: int = 1
    notes_read: Callable[[], tuple[Note, ...]] = field(default=_nothing_done, repr=False, compare=False)
    stations: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImplantHint:
    """What descriptions say about a hip implant, without their text.

    Attributes:
        named: a hip implant is named, and not as absent or planned.
        sides: sides named with it; empty where none is.
    """

    named: bool = False
    sides: tuple[Side, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Who was examined, and when. Never logged; a cohort writes pseudonyms and days, not these.

    Attributes:
        id: PatientID (0010,0020) with its issuer, or the BIDS subject; None where it is not told.
        age_years: at the examination.
        group: of `participants.tsv`.
        study_date: StudyDate (0008,0020).
        height_m, weight_kg: PatientSize (0010,1020) and PatientWeight (0010,1030), or of `participants.tsv`.
        lean_kg: lean mass of the body, where the user says it.
    """

    id: str | None = field(default=None, repr=False)
    age_years: float | None = None
    group: str | None = None
    study_date: datetime.date | None = field(default=None, repr=False)
    height_m: float | None = None
    weight_kg: float | None = None
    lean_kg: float | None = None

    def told(self, said: Person) -> Person:
        """The same, with what somebody says of age and body."""
        return replace(
            self,
            **{name: value for name in ("age_years", "height_m", "weight_kg", "lean_kg") if (value := getattr(said, name)) is not None},
        )


class _Once:
    """Reads when first called; the voxels are then shared, so nobody may write into them."""

    def __init__(self, load: Callable[[], Volume]) -> None:
        self._load = load
        self._volume: Volume | None = None

    def __call__(self) -> Volume:
        if self._volume is None:
            volume = self._load()
            shared = volume.array.view()
            shared.flags.writeable = False
            self._volume = held(volume.with_array(shared))
        return self._volume


def _no_content() -> str:
    return ""


class StudyFile(Protocol):
    """One of the files a study was made of, on disk or in a zip; `io.files.FileRef` is one."""

    @property
    def path(self) -> Path:
        """The file, or the zip that holds it."""
        ...

    def open(self) -> BinaryIO:
        """A seekable binary stream; the caller closes it. Raises `RefusedInput` or `TransientFailure`."""
        ...

    def sha256(self) -> str:
        """Hex digest of its bytes; same errors as `open`."""
        ...


@dataclass(frozen=True)
class Study:
    """One examination.

    Attributes:
        id: 12 hex digits, see `study_id`.
        series: every volume found, the refused ones too, in series order.
        patient_sex: "M", "F" or None; for norms only.
        notes: what a reader of the result should know about the input, e.g. files that could not be read.
        implant: what descriptions say about a hip implant.
        person: who was examined, and when.
        content: reads all its files and gives their sha256; raises `TransientFailure`.
        files: what it was made of, each file once; empty for a study made in memory.
    """

    id: str
    series: tuple[Series, ...]
    patient_sex: str | None = None
    notes: tuple[Note, ...] = ()
    implant: ImplantHint = ImplantHint()
    person: Person = Person()
    content: Callable[[], str] = field(default=_no_content, repr=False, compare=False)
    files: tuple[StudyFile, ...] = field(default=(), repr=False, compare=False)

    @property
    def sex(self) -> Literal["M", "F"] | None:
        """The patient's sex as norms use it; None where it is unknown or another."""
        return "M" if self.patient_sex == "M" else "F" if self.patient_sex == "F" else None

    def find(self, *kinds: SeriesKind) -> tuple[Series, ...]:
        """Usable series of these kinds, in series order."""
        return tuple(s for s in self.series if s.kind in kinds and s.refusal is None)

    def read_once(self) -> Study:
        """The same study, whose series keep their voxels (read-only) once they were read, as long as it lives."""
        return replace(self, series=tuple(s if isinstance(s.load, _Once) else replace(s, load=_Once(s.load)) for s in self.series))


def study_id(keys: Iterable[str]) -> str:
    """12 hex digits from the StudyInstanceUID, or from the content hashes of NIfTI files (order does not matter)."""
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:12]
