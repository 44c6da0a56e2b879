"""The fat map as a series of derived images (MR or CT, one a slice), which any viewer shows: whole percent, no value outside the map.

It is no Parametric Map: few viewers read those, and OHIF 3.13 takes the order of their frames for that of its own slices.
"""

from __future__ import annotations

import hashlib

import numpy as np
from highdicom.base import SOPClass
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

from gluteal_grade.geometry import Array
from gluteal_grade.io import text
from gluteal_grade.pipeline import StudyImages
from gluteal_grade.report.dicom import codes
from gluteal_grade.report.dicom.seg import on_planes
from gluteal_grade.report.dicom.sources import Sources, ds
from gluteal_grade.report.dicom.stamp import common, reference, stamp
from gluteal_grade.report.dicom.uids import Identity
from gluteal_grade.result import StudyResult

_NO_VALUE = -1000  # where no fat was measured: black, and no percentage
_MOST = 900  # percent; noise alone goes below 0 and beyond 100


def fat_images(images: StudyImages, result: StudyResult, sources: Sources, identity: Identity) -> list[SOPClass]:
    """One image for each of the reference series, in its place; window 0-100 %.

    Args:
        images: with the fat map on the grid of the reference series.
        result: what they belong to.
        sources: the images of that series.
        identity: of the result.

    Raises:
        RefusedInput: `dicom_not_written`.
    """
    planes = on_planes(images.fat_fraction, sources.frames)
    there = np.isfinite(planes)
    percent = np.where(there, np.clip(np.rint(100 * np.where(there, planes, 0)), -_MOST, _MOST), _NO_VALUE).astype(np.int16)
    return [_image(plane, n, result, sources, identity) for n, plane in enumerate(percent)]


def _image(plane: Array, n: int, result: StudyResult, sources: Sources, identity: Identity) -> SOPClass:
    computed = sources.modality == "CT"
    content = hashlib.sha256(plane.tobytes()).hexdigest()
    arguments = common("FAT", identity, result.provenance, f"{n} {content}") | {"instance_number": n + 1}
    data = SOPClass(
        study_instance_uid=sources.study_uid,
        sop_class_uid=CTImageStorage if computed else MRImageStorage,
        modality="CT" if computed else "MR",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **arguments,
    )
    data.ImageType = ["DERIVED", "SECONDARY", "AXIAL" if computed else "OTHER", "FAT_FRACTION"]
    _place(data, n, sources)
    data.AcquisitionNumber = None
    data.BodyPartExamined, data.PatientPosition = "PELVIS", text(sources.header, "PatientPosition")
    if computed:
        data.KVP = None
        data.RescaleIntercept, data.RescaleSlope, data.RescaleType = "0", "1", "US"
    else:
        data.ScanningSequence, data.SequenceVariant, data.ScanOptions, data.MRAcquisitionType = "RM", "NONE", "", ""
        data.EchoTime, data.EchoTrainLength, data.RepetitionTime = None, None, None
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = plane.shape
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.add_new("PixelPaddingValue", "SS", _NO_VALUE)
    data.WindowCenter, data.WindowWidth, data.WindowCenterWidthExplanation = "50", "100", "Fat fraction, %"
    data.BurnedInAnnotation = "NO"
    data.DerivationDescription = "Fat fraction in percent, -1000: no value. Research use. Not a medical device."
    data.SourceImageSequence = [reference(sources.images[0 if sources.enhanced else n], sources, n)]
    data.RealWorldValueMappingSequence = [_percent()]
    data.PixelData = plane.astype("<i2").tobytes()
    stamp(data, sources)
    return data


def _place(data: SOPClass, n: int, sources: Sources) -> None:
    """Where the image lies: that of the reference series."""
    first, frame = sources.frames[0], sources.frames[n]
    gap = float(np.linalg.norm(np.subtract(sources.frames[-1].place.position or (), first.place.position or ())))
    gap /= max(1, len(sources.frames) - 1)
    data.FrameOfReferenceUID = frame.keys.frame_of_reference
    data.PositionReferenceIndicator = ""
    data.ImagePositionPatient = ds(frame.place.position or ())
    data.ImageOrientationPatient = ds((*(first.place.row_direction or ()), *(first.place.column_direction or ())))
    data.PixelSpacing = ds(first.place.spacing_mm or ())
    data.SliceThickness = ds((first.facts.slice_thickness_mm or gap,))[0]


def _percent() -> Dataset:
    """Stored values are percent (PS3.3 C.7.6.16.2.11)."""
    item, unit, quantity, name = Dataset(), Dataset(), Dataset(), Dataset()
    item.add_new("RealWorldValueFirstValueMapped", "SS", -_MOST)
    item.add_new("RealWorldValueLastValueMapped", "SS", _MOST)
    item.RealWorldValueIntercept, item.RealWorldValueSlope = 0.0, 1.0
    item.LUTExplanation, item.LUTLabel = "Fat fraction", "FAT_FRACTION"
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = codes.PERCENT[:3]
    item.MeasurementUnitsCodeSequence = [unit]
    name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = "246205007", "SCT", "Quantity"
    quantity.ValueType, quantity.ConceptNameCodeSequence = "CODE", [name]
    concept = Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = codes.FAT_FRACTION[:3]
    quantity.ConceptCodeSequence = [concept]
    item.QuantityDefinitionSequence = [quantity]
    return item
