"""A Dixon study as one enhanced multi-frame MR object in Philips style: all types in one file, each frame with its own type and slope."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.phantom.dicom_writer import common, decimal, place, save, stack, uid
from gluteal_grade_lab.phantom.study import PhantomStudy, SeriesImage
from gluteal_grade_lab.phantom.vendors import PHILIPS_SLOPE, Vendor, rescale_slope

_FRAME_TYPE = {
    SeriesKind.DIXON_WATER: ["DERIVED", "PRIMARY", "W", "W"],
    SeriesKind.DIXON_FAT: ["DERIVED", "PRIMARY", "F", "F"],
    SeriesKind.DIXON_IN_PHASE: ["ORIGINAL", "PRIMARY", "IP", "IP"],
    SeriesKind.DIXON_OPPOSED_PHASE: ["ORIGINAL", "PRIMARY", "OP", "OP"],
}


def write_enhanced_dixon(study: PhantomStudy, path: Path) -> None:
    """Write every Dixon image of the study's own grid into one file.

    Raises:
        ValueError: the study has no Dixon image.
    """
    images = [i for i in study.images if i.spec.kind in _FRAME_TYPE and i.spec.grid is None]
    if not images:
        raise ValueError("the study has no Dixon images")
    spec = images[0].spec
    data = common(study, spec, 1, Vendor.PHILIPS)
    for name in (
        "EchoTime",
        "RepetitionTime",
        "FlipAngle",
        "InversionTime",
        "SequenceName",
        "ScanningSequence",
        "SequenceVariant",
        "ScanOptions",
    ):
        if name in data:
            delattr(data, name)
    data.SOPClassUID = EnhancedMRImageStorage
    data.SOPInstanceUID = uid(study, "enhanced")
    data.SeriesInstanceUID = uid(study, "series", "enhanced")
    data.ImageType = ["ORIGINAL", "PRIMARY", "W", "MIXED"]
    data.SeriesDescription = spec.protocol_name or spec.name
    data.InstanceNumber = 1
    data.ContentQualification = "PRODUCT"
    data.AcquisitionDateTime = "20250102101500"
    data.VolumetricProperties = "VOLUME"
    data.ComplexImageComponent = "MAGNITUDE"
    data.PulseSequenceName = "T1FFE"
    data.EchoPulseSequence = "GRADIENT"
    frames: list[Dataset] = []
    pixels = []
    for number, image in enumerate(images, start=1):
        array, matrix = stack(image.volume, 2)
        for index, plane in enumerate(array):
            plane_data = Dataset()
            place(plane_data, matrix, index)
            frames.append(_frame(image, plane_data, number, index))
            pixels.append(plane * round(PHILIPS_SLOPE / (rescale_slope(Vendor.PHILIPS, image.spec.kind) or PHILIPS_SLOPE)))
    data.SharedFunctionalGroupsSequence = Sequence([_shared(images[0], plane_data)])
    data.PerFrameFunctionalGroupsSequence = Sequence(frames)
    data.NumberOfFrames = len(frames)
    data.Rows, data.Columns = pixels[0].shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.PixelData = np.minimum(np.stack(pixels), 4095).astype("<u2").tobytes()
    data["PixelData"].VR = "OW"
    path.parent.mkdir(parents=True, exist_ok=True)
    save(data, path, "explicit")


def _one(**values: object) -> Sequence:
    item = Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    return Sequence([item])


def _shared(image: SeriesImage, plane: Dataset) -> Dataset:
    protocol = image.spec.protocol
    assert protocol is not None
    groups = Dataset()
    groups.PixelMeasuresSequence = _one(
        PixelSpacing=plane.PixelSpacing, SliceThickness=plane.SliceThickness, SpacingBetweenSlices=plane.SpacingBetweenSlices
    )
    groups.PlaneOrientationSequence = _one(ImageOrientationPatient=plane.ImageOrientationPatient)
    groups.MRTimingAndRelatedParametersSequence = _one(
        RepetitionTime=protocol.tr_ms, FlipAngle=protocol.flip_deg, EchoTrainLength=1, GradientEchoTrainLength=2
    )
    groups.FrameAnatomySequence = _one(FrameLaterality="B")
    return groups


def _frame(image: SeriesImage, plane: Dataset, number: int, index: int) -> Dataset:
    protocol = image.spec.protocol
    assert protocol is not None
    groups = Dataset()
    groups.FrameContentSequence = _one(
        StackID="1", InStackPositionNumber=index + 1, DimensionIndexValues=[1, index + 1, number], FrameAcquisitionNumber=1
    )
    groups.PlanePositionSequence = _one(ImagePositionPatient=plane.ImagePositionPatient)
    groups.MRImageFrameTypeSequence = _one(
        FrameType=_FRAME_TYPE[image.spec.kind],
        PixelPresentation="MONOCHROME",
        VolumetricProperties="VOLUME",
        VolumeBasedCalculationTechnique="NONE",
        ComplexImageComponent="MAGNITUDE",
        AcquisitionContrast="T1",
    )
    groups.MREchoSequence = _one(EffectiveEchoTime=protocol.te_ms)
    slope = rescale_slope(Vendor.PHILIPS, image.spec.kind) or PHILIPS_SLOPE
    groups.PixelValueTransformationSequence = _one(RescaleIntercept="0", RescaleSlope=decimal(slope), RescaleType="US")
    return groups
