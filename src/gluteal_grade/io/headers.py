"""A DICOM file's header as frames: which objects are images, and the facts of a classic one.

Headers only, up to Pixel Data (7FE0,0010), and of those only the elements named here, so that a study of thousands of files stays small.
"""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from typing import BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from gluteal_grade.errors import GradeError, Reason, RefusedInput, TransientFailure
from gluteal_grade.io.classic import CLASSIC_CT, CLASSIC_MR, GE_SEQUENCE, PHILIPS_BLOCKS, classic_frame, facts_of, keys_of
from gluteal_grade.io.deflated import check_deflated
from gluteal_grade.io.elements import integer, raw, text
from gluteal_grade.io.enhanced import enhanced_frames
from gluteal_grade.io.files import FileRef
from gluteal_grade.io.frames import Frame
from gluteal_grade.io.pixels import PIXEL_PADDING
from gluteal_grade.io.quiet import quiet_pydicom

_ENHANCED = {
    "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR
    "1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT
    "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT
}
_PIXEL_GROUP = 0x7FE0
_UNDEFINED_LENGTH = 0xFFFFFFFF  # of encapsulated, compressed pixel data

_KEYWORDS = """
    SpecificCharacterSet ImageType SOPClassUID SOPInstanceUID Modality Manufacturer SeriesDescription ProtocolName SequenceName
    PulseSequenceName PatientSex ContrastBolusAgent ScanningSequence SequenceVariant ScanOptions SliceThickness RepetitionTime EchoTime
    InversionTime MagneticFieldStrength PixelBandwidth FlipAngle EchoNumbers TriggerTime DiffusionBValue ComplexImageComponent
    AcquisitionContrast StudyInstanceUID SeriesInstanceUID SeriesNumber AcquisitionNumber TemporalPositionIdentifier FrameOfReferenceUID
    ImagePositionPatient ImageOrientationPatient PixelSpacing SamplesPerPixel Rows Columns NumberOfFrames BitsAllocated RescaleSlope
    RescaleIntercept EchoPulseSequence ContrastBolusAgentSequence SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
    StudyDescription PatientID IssuerOfPatientID PatientAge PatientBirthDate StudyDate AcquisitionTime AcquisitionDate RescaleType KVP
    ManufacturerModelName SoftwareVersions
"""
_SCALE_SLOPES = [tag for block in PHILIPS_BLOCKS for tag in ((0x2005, block), (0x2005, block << 8 | 0x0E))]
_PRIVATE = [(0x0019, 0x0010), GE_SEQUENCE, *_SCALE_SLOPES]
_TAGS = [*map(Tag, _KEYWORDS.split()), *map(Tag, _PRIVATE)]


def read_frames(file: FileRef) -> list[Frame] | None:
    """The images of a DICOM file.

    Returns:
        The frames, with their `Frame.damage` where pixel data are missing; None for a
        DICOM object that is no image (report, presentation state, segmentation, DICOMDIR...).

    Raises:
        RefusedInput: `unreadable_dicom`.
        TransientFailure: `read_failed`.
    """
    with quiet_pydicom(), file.open() as stream:
        check_deflated(stream)
        data = read_header(stream)
        sop_class = text(data, "SOPClassUID") or text(data.file_meta, "MediaStorageSOPClassUID")
        if not _is_image(data, sop_class):
            if not sop_class and not text(data, "StudyInstanceUID"):
                raise RefusedInput(Reason.UNREADABLE_DICOM, "no DICOM attributes could be read")
            return None
        damage = _pixel_damage(data, stream, file.size)
        keys, facts = keys_of(file, data), facts_of(data)
        frames = enhanced_frames(file, data, keys, facts) if sop_class in _ENHANCED else [classic_frame(file, data, keys, facts)]
    return [replace(frame, damage=damage) for frame in frames] if damage else frames


def read_header(stream: BinaryIO) -> Dataset:
    """The elements in `_TAGS` of a data set, up to its pixels, where the stream is left.

    Raises:
        RefusedInput: `unreadable_dicom`.
        TransientFailure: `read_failed`.
    """
    try:
        return pydicom.dcmread(stream, stop_before_pixels=True, force=True, specific_tags=_TAGS)
    except (GradeError, MemoryError):
        raise
    except OSError as error:
        if error.errno is not None:  # the disk's; pydicom's own have none
            raise TransientFailure(Reason.READ_FAILED, error.strerror or "cannot be read") from error
        raise RefusedInput(Reason.UNREADABLE_DICOM, "an element ends early") from error
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


def _pixel_damage(data: Dataset, stream: BinaryIO, size: int) -> str:
    """What is wrong with the pixel data element: absent, cut, or too short for the image (no pixel is read); ``""`` if nothing.

    Raises:
        RefusedInput: `unreadable_dicom`, the file ends before that.
    """
    if not raw(data, "Rows") or not raw(data, "Columns"):
        raise RefusedInput(Reason.UNREADABLE_DICOM, "the header ends before the image attributes")
    if getattr(data.file_meta, "TransferSyntaxUID", None) == DeflatedExplicitVRLittleEndian:
        return ""  # the stream position means nothing in a deflated file; loading will tell
    implicit, little = data.original_encoding
    start, order, offset = stream.tell(), "<" if little is not False else ">", 4 if implicit is not False else 8
    head = stream.read(offset + 4)
    if len(head) < offset + 4 or struct.unpack(f"{order}H", head[:2])[0] != _PIXEL_GROUP:
        return "a header without pixel data"
    (length,) = struct.unpack(f"{order}L", head[offset:])
    if length == _UNDEFINED_LENGTH:
        return ""  # compressed: only decoding will tell
    missing = start + offset + 4 + length - size
    if missing > 0:
        return f"{missing} of {length} bytes of pixel data are missing"
    expected = math.prod(integer(data, k) or 1 for k in ("Rows", "Columns", "SamplesPerPixel", "NumberOfFrames", "BitsAllocated")) // 8
    if length > expected + PIXEL_PADDING:  # as clear a word as too few: header and pixels do not belong together
        return f"{length} bytes of pixel data, {expected} by the header"
    return f"{expected - length} of {expected} bytes of pixel data are missing" if length < expected else ""
