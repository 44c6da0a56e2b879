"""A DICOM file's header as frames: which objects are images, and the facts of a classic one.

Headers only, up to Pixel Data (7FE0,0010), and of those only the elements named here, so that a study of thousands of files stays small.
"""

from __future__ import annotations

import struct
import warnings
from typing import BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.io.classic import CLASSIC_CT, CLASSIC_MR, GE_SEQUENCE, PHILIPS_SCALE_SLOPE, classic_frame, facts_of, keys_of
from gluteal_grade.io.elements import raw, text
from gluteal_grade.io.enhanced import enhanced_frames
from gluteal_grade.io.files import FileRef
from gluteal_grade.io.frames import Frame

_ENHANCED = {
    "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR
    "1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT
    "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT
}
_DEFLATED = "1.2.840.10008.1.2.1.99"

_KEYWORDS = """
    SpecificCharacterSet ImageType SOPClassUID SOPInstanceUID Modality Manufacturer SeriesDescription ProtocolName SequenceName
    PulseSequenceName PatientSex ContrastBolusAgent ScanningSequence SequenceVariant ScanOptions SliceThickness RepetitionTime EchoTime
    InversionTime MagneticFieldStrength PixelBandwidth FlipAngle EchoNumbers TriggerTime DiffusionBValue ComplexImageComponent
    AcquisitionContrast StudyInstanceUID SeriesInstanceUID SeriesNumber AcquisitionNumber TemporalPositionIdentifier FrameOfReferenceUID
    ImagePositionPatient ImageOrientationPatient PixelSpacing SamplesPerPixel Rows Columns NumberOfFrames BitsAllocated RescaleSlope
    RescaleIntercept EchoPulseSequence ContrastBolusAgentSequence SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
"""
_PRIVATE = [(0x0019, 0x0010), GE_SEQUENCE, (0x2005, 0x0010), PHILIPS_SCALE_SLOPE]
_TAGS = [*map(Tag, _KEYWORDS.split()), *map(Tag, _PRIVATE)]


def read_frames(file: FileRef) -> list[Frame] | None:
    """The images of a DICOM file.

    Returns:
        The frames; None for a DICOM object that is no image (report, presentation state, segmentation, DICOMDIR...).

    Raises:
        RefusedInput: `unreadable_dicom`, `truncated_pixels`.
        TransientFailure: `read_failed`.
    """
    with file.open() as stream:
        data = read_header(stream)
        sop_class = text(data, "SOPClassUID") or text(data.file_meta, "MediaStorageSOPClassUID")
        if not _is_image(data, sop_class):
            if not sop_class and not text(data, "StudyInstanceUID"):
                raise RefusedInput(Reason.UNREADABLE_DICOM, "no DICOM attributes could be read")
            return None
        _check_pixels(data, stream, file.size)
    if sop_class in _ENHANCED:
        return enhanced_frames(file, data, keys_of(file, data), facts_of(data))
    return [classic_frame(file, data)]


def read_header(stream: BinaryIO) -> Dataset:
    """The elements in `_TAGS` of a data set, up to its pixels, where the stream is left.

    Raises:
        RefusedInput: `unreadable_dicom`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom warns of harmless irregular values, one line each, with their content
            return pydicom.dcmread(stream, stop_before_pixels=True, force=True, specific_tags=_TAGS)
    except (GradeError, MemoryError):
        raise
    except InvalidDicomError as error:
        raise RefusedInput(Reason.UNREADABLE_DICOM, "no DICOM header") from error
    except Exception as error:  # damaged files raise anything from struct.error to RecursionError
        raise RefusedInput(Reason.UNREADABLE_DICOM, f"{type(error).__name__} in the header") from error


def refused_series(frame: Frame) -> RefusedInput | None:
    """Why this image can be part of no volume, whatever its neighbours; None if it can."""
    if frame.facts.modality not in ("MR", "CT", ""):
        return RefusedInput(Reason.UNSUPPORTED_PIXELS, f"a {frame.facts.modality} object, not an MR or CT image")
    if ("class", "other") in frame.splitters:
        return RefusedInput(Reason.UNSUPPORTED_PIXELS, "a secondary capture or another object that is no MR or CT image")
    if ("colour", "yes") in frame.splitters:
        return RefusedInput(Reason.UNSUPPORTED_PIXELS, "a colour image")
    if "MOSAIC" in frame.facts.image_type:
        return RefusedInput(Reason.UNSUPPORTED_PIXELS, "a Siemens mosaic: all slices lie in one image; export it as enhanced DICOM")
    if ("multiframe", "classic") in frame.splitters:
        return RefusedInput(Reason.NO_GEOMETRY, "several frames in an object that has no position for each")
    if not frame.place.known:
        return RefusedInput(Reason.NO_GEOMETRY, "no image position, orientation or pixel spacing")
    return None


def _is_image(data: Dataset, sop_class: str) -> bool:
    """SEG, parametric maps and the like have rows and columns too; they are results beside the images."""
    if sop_class in {CLASSIC_MR, CLASSIC_CT, *_ENHANCED}:
        return True
    if raw(data, "Rows") is None or raw(data, "Columns") is None:
        return False
    return text(data, "Modality").upper() not in ("SEG", "SR", "PR", "KO", "RTSTRUCT", "RTDOSE", "REG", "DOC", "OT", "SM")


def _check_pixels(data: Dataset, stream: BinaryIO, size: int) -> None:
    """Pixel data are there, and as long as their element says (one seek, no pixel is read)."""
    if not raw(data, "Rows") or not raw(data, "Columns"):
        raise RefusedInput(Reason.UNREADABLE_DICOM, "the header ends before the image attributes")
    if getattr(data.file_meta, "TransferSyntaxUID", None) == _DEFLATED:
        return  # the stream position means nothing in a deflated file
    start = stream.tell()
    head = stream.read(12)
    little = data.original_encoding[1] is not False
    implicit = data.original_encoding[0] is not False
    order = "<" if little else ">"
    if len(head) < 8 or struct.unpack(f"{order}HH", head[:4])[0] != 0x7FE0:
        raise RefusedInput(Reason.TRUNCATED_PIXELS, "a header without pixel data")
    offset = 4 if implicit else 8
    if len(head) < offset + 4:
        raise RefusedInput(Reason.TRUNCATED_PIXELS, "the file ends in the pixel data element")
    (length,) = struct.unpack(f"{order}L", head[offset : offset + 4])
    if length != 0xFFFFFFFF and start + offset + 4 + length > size:
        raise RefusedInput(Reason.TRUNCATED_PIXELS, f"{start + offset + 4 + length - size} of {length} bytes of pixel data are missing")
