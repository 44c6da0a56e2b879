"""What a reader's DICOM report refers to: the patient, the study, its images and the program's segmentation.

Taken from the program's own report where it lies with the result, else from the images.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.io import quiet_pydicom
from gluteal_grade.report import DICOM, Place
from gluteal_grade.report.dicom import SEG, SR, not_written, sources_of
from gluteal_grade.result import StudyResult
from gluteal_grade.review.origin import origin_of
from gluteal_grade.segmentation import SegFile, open_seg, part_of

_NO_PATIENT = "PatientID PatientName PatientBirthDate PatientSex AccessionNumber StudyID StudyDate StudyTime ReferringPhysicianName"


@dataclass(frozen=True)
class Segmented:
    """The program's segmentation.

    Attributes:
        reference: bare header.
        frames: from 1, by muscle and side; empty for a label map, whose frames show all of them.
    """

    reference: Dataset
    frames: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Basis:
    """What reports of one study have in common.

    Attributes:
        result: the program's.
        header: with the elements of patient and study.
        images: bare headers, without anything of the patient.
        segmented: the program's segmentation, None where it was not written.
        modality: MR or CT.
        deidentify: the header still names the patient, and must not.
    """

    result: StudyResult
    header: Dataset
    images: tuple[Dataset, ...]
    segmented: Segmented | None
    modality: str
    deidentify: bool = False


def basis_of(out: Path, place: Place, result: StudyResult, data: Path | None = None) -> Basis:
    """What a report on this result refers to.

    Args:
        out: the output folder.
        place: of the result.
        result: the program's.
        data: folder of images, for a study that is not where the ledger says.

    Raises:
        RefusedInput: `dicom_not_written`: NIfTI, or headers that give no valid object; `images_not_found`.
        TransientFailure: `read_failed`.
    """
    folder = out / place.folder / DICOM
    if (folder / SR).is_file():
        try:
            with quiet_pydicom():
                return _from_report(folder, result)
        except (GradeError, MemoryError):
            raise
        except Exception as error:  # not as we wrote it
            raise not_written(f"{type(error).__name__} in {SR}") from error
    if all(series.uid is None for series in result.series):
        raise RefusedInput(Reason.DICOM_NOT_WRITTEN, "the images are not DICOM, or carry no SeriesInstanceUID")
    origin = origin_of(out, result.study, data)
    sources = sources_of(origin.study, result.reference_series)
    return Basis(result, sources.header, sources.images, None, sources.modality, origin.deidentified)


def _from_report(folder: Path, result: StudyResult) -> Basis:
    header = pydicom.dcmread(folder / SR)
    evidence = [
        _bare(header.StudyInstanceUID, series.SeriesInstanceUID, one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID)
        for name in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")
        for study in header.get(name, ())
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    ]
    segmented = _segmented(folder / SEG) if (folder / SEG).is_file() else None
    own = str(segmented.reference.SOPInstanceUID) if segmented else ""
    images = tuple(one for one in evidence if str(one.SOPInstanceUID) != own)
    if not images:
        raise not_written(f"{SR} refers to no image")
    return Basis(result, header, images, segmented, "CT" if "CT" in images[0].SOPClassUID.name else "MR")


def _segmented(path: Path) -> Segmented:
    told = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[*_IDENTITY])
    bare = _bare(*(told[name].value for name in _IDENTITY))
    return Segmented(bare, _frames(open_seg(path)))


_IDENTITY = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")


def _frames(seg: SegFile) -> dict[tuple[str, str], tuple[int, ...]]:
    parts = {segment.number: part for segment in seg.segments if (part := part_of(segment)) is not None}
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for frame in seg.frames:
        if frame.segment is not None and (part := parts.get(frame.segment)) is not None:
            key = (part.muscle.value, part.side.value)
            found[key] = (*found.get(key, ()), frame.index + 1)
    return found


def _bare(study: str, series: str, sop_class: str, sop: str) -> Dataset:
    data = Dataset()
    for keyword in _NO_PATIENT.split():
        setattr(data, keyword, "")
    data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPClassUID, data.SOPInstanceUID = study, series, sop_class, sop
    return data
