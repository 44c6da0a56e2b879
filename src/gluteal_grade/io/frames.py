"""One image of a DICOM file, a classic file's only one or one frame of an enhanced one, without its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gluteal_grade.geometry import FloatArray
from gluteal_grade.io.files import FileRef
from gluteal_grade.io.sequences import SeriesFacts
from gluteal_grade.io.study import ImplantHint, Person

Vector3 = tuple[float, float, float]
NO_IMPLANT = ImplantHint()
NOBODY = Person()


@dataclass(frozen=True, slots=True)
class SeriesKeys:
    """What all images of a file share: where it belongs and how it is called.

    Attributes:
        study_uid: StudyInstanceUID (0020,000D), or the folder's name where it is absent.
        series_uid: SeriesInstanceUID (0020,000E), or the folder's name where it is absent.
        patient: PatientID with its issuer, PatientBirthDate, PatientSex as they stand; ``""`` where the header is silent.
        time_s: AcquisitionTime (0008,0032) in seconds of the day, of AcquisitionDate where it is another.
    """

    study_uid: str
    series_uid: str
    number: int | None = None
    description: str = ""
    sop_uid: str = ""
    frame_of_reference: str | None = None
    patient_sex: str | None = None
    implant: ImplantHint = NO_IMPLANT
    person: Person = NOBODY
    patient: tuple[str, str, str] = ("", "", "")
    time_s: float | None = None


@dataclass(frozen=True, slots=True)
class Scaling:
    """How stored values become real ones.

    Attributes:
        slope: RescaleSlope (0028,1053).
        intercept: RescaleIntercept (0028,1052).
        scale_slope: Philips' private (2005,100E), None elsewhere: what one unit of signal was multiplied with to be stored.
        given: which of the tags the header states.
    """

    slope: float = 1.0
    intercept: float = 0.0
    scale_slope: float | None = None
    given: frozenset[str] = frozenset()

    def display(self) -> tuple[float, float]:
        """Slope and intercept to the values a viewer shows (HU on CT)."""
        return self.slope, self.intercept

    def precise(self) -> tuple[float, float]:
        """Slope and intercept to values that compare between the volumes of one examination.

        Philips scales each volume to fill its 12 bits, so display values of a water and a fat image are on two scales. The signal
        itself is (stored * slope + intercept) / (slope * scale slope), Chenevert et al. 2014, 10.1593/tlo.13811.
        """
        if self.scale_slope is None:
            return self.display()
        return 1.0 / self.scale_slope, self.intercept / (self.slope * self.scale_slope)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies, None where the header does not say or is impossible.

    Attributes:
        position: ImagePositionPatient (0020,0032), LPS mm of the first pixel's centre.
        row_direction, column_direction: ImageOrientationPatient (0020,0037), LPS, along increasing column and row index.
        spacing_mm: PixelSpacing (0028,0030), between rows, between columns.
    """

    position: Vector3 | None = None
    row_direction: Vector3 | None = None
    column_direction: Vector3 | None = None
    spacing_mm: tuple[float, float] | None = None

    @property
    def known(self) -> bool:
        """True if the header says all of it."""
        return None not in (self.position, self.row_direction, self.column_direction, self.spacing_mm)


@dataclass(frozen=True, slots=True)
class Frame:
    """One 2-D image.

    Attributes:
        file: where its pixels are.
        index: frame number in the file, from 0.
        shape: rows, columns.
        place: where it lies.
        splitters: named values that tell volumes of one series apart, see `stacks.SPLITTERS`.
        damage: what is wrong with its pixel data, ``""`` if nothing is known to be.
    """

    file: FileRef
    index: int
    keys: SeriesKeys
    facts: SeriesFacts
    shape: tuple[int, int]
    scaling: Scaling
    place: Placement = Placement()
    splitters: tuple[tuple[str, float | str], ...] = ()
    damage: str = ""

    @property
    def normal(self) -> FloatArray:
        """Unit vector across the image, LPS; only for a frame whose place is known."""
        normal = np.cross(np.asarray(self.place.row_direction), np.asarray(self.place.column_direction))
        return np.asarray(normal / np.linalg.norm(normal))
