"""The images a result was made of, as DICOM objects are to refer to them.

highdicom is given bare headers, made here of places and UIDs alone: no value of a patient passes through it (it warns of odd names in the
log), and what a sloppy header lacks or breaks stops nothing. The patient's and the study's elements are laid over the finished object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage, EnhancedCTImageStorage, EnhancedMRImageStorage, MRImageStorage
from pydicom.valuerep import DSfloat

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.io import FileRef, Frame, Series, StackLoader, Study, quiet_pydicom, read_frames, text

_CLASSIC = {str(MRImageStorage), str(CTImageStorage)}
_ENHANCED = {str(EnhancedMRImageStorage), str(EnhancedCTImageStorage), "1.2.840.10008.5.1.4.1.1.4.4", "1.2.840.10008.5.1.4.1.1.2.2"}
_NO_PATIENT = "PatientID PatientName PatientBirthDate PatientSex AccessionNumber StudyID StudyDate StudyTime ReferringPhysicianName"
NO_PATIENT = tuple(_NO_PATIENT.split())  # what highdicom asks for, to be left empty


@dataclass(frozen=True)
class Sources:
    """The images of the reference series.

    Attributes:
        header: of the first image, without its pixels: patient, study, dates.
        images: bare headers for highdicom, in the order of `frames`; a single one for an enhanced object.
        frames: the images of the volume, in slice order.
    """

    header: Dataset
    images: tuple[Dataset, ...]
    frames: tuple[Frame, ...]

    @property
    def study_uid(self) -> str:
        """StudyInstanceUID."""
        return self.frames[0].keys.study_uid

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID."""
        return self.frames[0].keys.series_uid

    @property
    def sop_uids(self) -> tuple[str, ...]:
        """SOPInstanceUIDs, each once."""
        return tuple(dict.fromkeys(frame.keys.sop_uid for frame in self.frames))

    @property
    def enhanced(self) -> bool:
        """All frames lie in one object."""
        return "NumberOfFrames" in self.images[0]

    @property
    def modality(self) -> str:
        """MR or CT."""
        return str(self.images[0].Modality)


def not_written(why: str) -> RefusedInput:
    """The refusal of this room."""
    return RefusedInput(Reason.DICOM_NOT_WRITTEN, why)


def sources_of(study: Study, series_id: str | None) -> Sources:
    """The images of a series, or of the first one that has any.

    Args:
        study: as discovery found it.
        series_id: `StudyResult.reference_series`; None for a study of which no series was measured.

    Raises:
        RefusedInput: `dicom_not_written`.
        TransientFailure: `read_failed`.
    """
    named = [s for s in study.series if series_id in (None, s.id)]
    problem = not_written("the study has no such series")
    for series in named:
        try:
            with quiet_pydicom():
                return sources_from(frames_of(study, series))
        except RefusedInput as error:
            problem = error if error.reason is Reason.DICOM_NOT_WRITTEN else not_written(f"{error.reason.value}: {error.detail}")
    raise problem


def frames_of(study: Study, series: Series) -> tuple[Frame, ...]:
    """The images of a series, in slice order.

    Raises:
        RefusedInput: `dicom_not_written`: it is no DICOM, or stitched (`stitched.stitched_of`).
        TransientFailure: `read_failed`.
    """
    if series.stations:
        raise not_written("the image is stitched of several stations: there is no DICOM series on its grid")
    if series.uid is None:
        raise not_written("the images are not DICOM, or carry no SeriesInstanceUID")
    if isinstance(series.load, StackLoader):
        return series.load.frames
    found = [frame for file in study.files if isinstance(file, FileRef) for frame in _readable(file)]
    mine = [f for f in found if f.keys.series_uid == series.uid and f.keys.sop_uid in series.sources and f.place.known]
    placed = {f.place.position: f for f in reversed(mine)}  # of an enhanced object's volumes at one place, the first
    return tuple(sorted(placed.values(), key=lambda f: sum(a * b for a, b in zip(f.normal, f.place.position or (), strict=False))))


def _readable(file: FileRef) -> list[Frame]:
    try:
        return read_frames(file) or []
    except RefusedInput:
        return []


def sources_from(frames: tuple[Frame, ...], header: Dataset | None = None, sop_class: str = "") -> Sources:
    """Images to refer to.

    Args:
        frames: in slice order.
        header: of patient and study; None: that of the first image.
        sop_class: of the images; empty: as the header says.

    Raises:
        RefusedInput: `dicom_not_written`.
        TransientFailure: `read_failed`.
    """
    if not frames:
        raise not_written("none of the series' images is there")
    keys = frames[0].keys
    if keys.study_uid.startswith("folder:") or keys.series_uid.startswith("folder:") or not all(f.keys.sop_uid for f in frames):
        raise not_written("StudyInstanceUID, SeriesInstanceUID or SOPInstanceUID is missing")
    if not keys.frame_of_reference:
        raise not_written("FrameOfReferenceUID is missing")
    if not all(frame.place.known for frame in frames):
        raise not_written("an image has no place")
    header = _header(frames[0].file) if header is None else header
    sop_class = sop_class or text(header, "SOPClassUID")
    if sop_class in _CLASSIC:
        return Sources(header, tuple(_classic(frame, frames, header, sop_class) for frame in frames), frames)
    if sop_class in _ENHANCED and len({frame.keys.sop_uid for frame in frames}) == 1:
        return Sources(header, (_enhanced(frames, header, sop_class),), frames)
    raise not_written("the images are neither classic nor enhanced MR or CT")


def _header(file: FileRef) -> Dataset:
    with file.open() as stream:
        try:
            data = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
            data.remove_private_tags()
        except (GradeError, MemoryError):
            raise
        except Exception as error:  # damaged headers raise anything
            raise not_written(f"{type(error).__name__} in the header") from error
    return data


def _bare(frame: Frame, header: Dataset, sop_class: str) -> Dataset:
    data = Dataset()
    for keyword in NO_PATIENT:
        setattr(data, keyword, "")
    data.StudyInstanceUID, data.SeriesInstanceUID = frame.keys.study_uid, frame.keys.series_uid
    data.SOPClassUID, data.SOPInstanceUID = UID(sop_class), frame.keys.sop_uid
    data.FrameOfReferenceUID = frame.keys.frame_of_reference
    data.PositionReferenceIndicator = text(header, "PositionReferenceIndicator")
    data.Modality = frame.facts.modality or ("CT" if "CT" in data.SOPClassUID.name else "MR")
    data.Rows, data.Columns = frame.shape
    if text(header, "LossyImageCompression") == "01":
        data.LossyImageCompression = "01"
        for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
            if text(header, keyword):
                setattr(data, keyword, header[keyword].value)
    return data


def _classic(frame: Frame, frames: tuple[Frame, ...], header: Dataset, sop_class: str) -> Dataset:
    data = _bare(frame, header, sop_class)
    data.ImagePositionPatient = ds(frame.place.position or ())
    data.ImageOrientationPatient = _orientation(frames[0])
    _measures(data, frames)
    return data


def _enhanced(frames: tuple[Frame, ...], header: Dataset, sop_class: str) -> Dataset:
    """Only this volume's frames, one plane after the other; their true numbers are put in later."""
    data = _bare(frames[0], header, sop_class)
    data.NumberOfFrames = len(frames)
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = _orientation(frames[0])
    _measures(measures, frames)
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    items = []
    for frame in frames:
        item, position = Dataset(), Dataset()
        position.ImagePositionPatient = ds(frame.place.position or ())
        item.PlanePositionSequence = [position]
        items.append(item)
    data.SharedFunctionalGroupsSequence, data.PerFrameFunctionalGroupsSequence = [shared], items
    return data


def _orientation(frame: Frame) -> list[DSfloat]:
    """The same for all images: highdicom takes differences in the last digit for another orientation."""
    return ds((*(frame.place.row_direction or ()), *(frame.place.column_direction or ())))


def _measures(data: Dataset, frames: tuple[Frame, ...]) -> None:
    first, last = (np.asarray(frame.place.position) for frame in (frames[0], frames[-1]))
    gap = float(np.linalg.norm(last - first)) / max(1, len(frames) - 1)
    data.PixelSpacing = ds(frames[0].place.spacing_mm or ())
    # a label's voxel is as thick as the slices lie apart where the header does not tell
    data.SliceThickness = ds((frames[0].facts.slice_thickness_mm or gap,))[0]
    if len(frames) > 1:
        data.SpacingBetweenSlices = ds((gap,))[0]


def ds(values: tuple[float, ...]) -> list[DSfloat]:
    """Decimal strings of at most 16 characters."""
    return [DSfloat(value, auto_format=True) for value in values]
