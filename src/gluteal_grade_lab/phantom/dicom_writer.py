"""Phantom studies as classic (one file a slice) DICOM with complete headers; UIDs and bytes follow from the spec alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
    generate_uid,
)

from gluteal_grade.geometry import FloatArray, Volume, affine_from_lps
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.phantom.study import GENERATOR_VERSION, PhantomStudy, SeriesImage, SeriesSpec
from gluteal_grade_lab.phantom.vendors import PHILIPS_SLOPE, STYLES, Style, Vendor, description, image_type, rescale_slope, sequence_codes

TRANSFER_SYNTAXES = {
    "explicit": ExplicitVRLittleEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "jpegls": JPEGLSLossless,
    "rle": RLELossless,
}
_DATE, _TIME = "20250102", "101500"


def write_dicom(
    study: PhantomStudy,
    folder: Path,
    vendor: Vendor = Vendor.SIEMENS,
    transfer: str | tuple[str, ...] = "explicit",
) -> list[Path]:
    """Write each series to ``folder/<series name>/NNN.dcm``.

    Args:
        study: what to write.
        folder: created if missing.
        vendor: header style.
        transfer: a key of `TRANSFER_SYNTAXES`, or one a series.

    Returns:
        The files written.

    Raises:
        ValueError: an unknown transfer syntax, or not as many as there are series.
    """
    names = (transfer,) * len(study.images) if isinstance(transfer, str) else transfer
    if len(names) != len(study.images) or any(n not in TRANSFER_SYNTAXES for n in names):
        raise ValueError(f"transfer syntaxes are {sorted(TRANSFER_SYNTAXES)}, one a series")
    written: list[Path] = []
    numbers: dict[str, int] = {}
    instances: dict[str, int] = {}
    for image, transfer_name in zip(study.images, names, strict=True):
        series = image.spec.name  # images of one name make one series: a localizer's planes, a Dixon's types
        target = folder / series
        target.mkdir(parents=True, exist_ok=True)
        number = numbers.setdefault(series, len(numbers) + 1)
        for data in _slices(study, image, number, vendor, instances.get(series, 0)):
            path = target / f"{data.InstanceNumber:03d}.dcm"
            save(data, path, transfer_name)
            written.append(path)
            instances[series] = int(data.InstanceNumber)
    return written


def uid(study: PhantomStudy, *keys: object) -> str:
    """A UID that follows from the study's name, seed and the keys alone."""
    sources = ["gluteal_grade.phantom", GENERATOR_VERSION, study.spec.name, str(study.spec.seed), *map(str, keys)]
    return str(generate_uid(prefix="1.2.826.0.1.3680043.8.498.", entropy_srcs=sources))


def save(data: Dataset, path: Path, transfer: str) -> None:
    """Write one dataset in a transfer syntax, without preamble differences between runs."""
    syntax = TRANSFER_SYNTAXES[transfer]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID("1.2.826.0.1.3680043.8.498.1")
    meta.ImplementationVersionName = "GLUTEAL_PHANTOM"
    file = FileDataset(str(path), data, file_meta=meta, preamble=b"\0" * 128)
    if transfer in ("jpegls", "rle"):
        file.compress(syntax, generate_instance_uid=False)
    else:
        file.file_meta.TransferSyntaxUID = syntax
    file.save_as(path, enforce_file_format=True)


def stack(volume: Volume, slice_axis: int) -> tuple[npt.NDArray[Any], FloatArray]:
    """A RAS volume as DICOM stores it.

    Returns:
        (slices, rows, columns) array: axial and coronal columns run to the patient's left, rows to the back or the feet;
        sagittal columns run to the back. And the (4, 4) matrix from (column, row, slice) to LPS mm.
    """
    columns, rows = {2: (0, 1), 1: (0, 2), 0: (1, 2)}[slice_axis]
    order = (columns, rows, slice_axis)
    array = np.transpose(volume.array, order)[::-1, ::-1, :]
    affine = np.array(volume.affine)
    matrix = np.eye(4)
    matrix[:3, :3] = affine[:3, list(order)]
    matrix[:3, 3] = affine[:3, 3]
    for axis in (0, 1):
        matrix[:3, 3] += matrix[:3, axis] * (array.shape[axis] - 1)
        matrix[:3, axis] *= -1
    return np.ascontiguousarray(np.transpose(array, (2, 1, 0))), affine_from_lps(matrix)  # the same flip turns RAS into LPS


def _slices(study: PhantomStudy, image: SeriesImage, number: int, vendor: Vendor, before: int) -> list[Dataset]:
    spec = image.spec
    spacing_mm = image.volume.grid.spacing_mm
    slice_axis = max((2, 1, 0), key=lambda axis: round(spacing_mm[axis], 3))  # across the thickest voxels; axial where they are cubes
    pixels, matrix = stack(image.volume, slice_axis)
    found = []
    for index, plane in enumerate(pixels):
        data = common(study, spec, number, vendor)
        data.InstanceNumber = before + index + 1
        data.SOPInstanceUID = uid(study, "image", spec.name, data.InstanceNumber)
        data.AcquisitionNumber = 1
        place(data, matrix, index)
        set_pixels(data, plane, vendor, spec)
        found.append(data)
    return found


def place(data: Dataset, matrix: FloatArray, index: int) -> None:
    """Image plane module of one slice of a stack."""
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    data.ImagePositionPatient = [decimal(v) for v in matrix[:3, 3] + index * matrix[:3, 2]]
    data.ImageOrientationPatient = [decimal(v) for v in (*(matrix[:3, 0] / spacing[0]), *(matrix[:3, 1] / spacing[1]))]
    data.PixelSpacing = [decimal(spacing[1]), decimal(spacing[0])]
    data.SliceThickness = decimal(spacing[2])
    data.SpacingBetweenSlices = decimal(spacing[2])
    normal = np.cross(matrix[:3, 0] / spacing[0], matrix[:3, 1] / spacing[1])
    data.SliceLocation = decimal(float(normal @ (matrix[:3, 3] + index * matrix[:3, 2])))


def decimal(value: float) -> str:
    """A decimal string of at most 16 characters; -0 as 0."""
    return f"{float(value) + 0.0:.10g}"[:16] if abs(value) > 1e-9 else "0"


def common(study: PhantomStudy, spec: SeriesSpec, number: int, vendor: Vendor) -> Dataset:
    """Patient, study, series, equipment and acquisition modules."""
    data = Dataset()
    style: Style = STYLES[vendor]
    ct = spec.kind is SeriesKind.CT
    data.SpecificCharacterSet = "ISO_IR 100"
    data.ImageType = image_type(vendor, spec) if spec.kind is not SeriesKind.LOCALIZER else ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    data.InstanceCreationDate, data.InstanceCreationTime = _DATE, _TIME
    data.SOPClassUID = CTImageStorage if ct else MRImageStorage
    for name in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        setattr(data, name, _DATE)
    for name in ("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime"):
        setattr(data, name, _TIME)
    data.AccessionNumber = f"PH{study.spec.seed:06d}"
    data.Modality = "CT" if ct else "MR"
    data.Manufacturer = style.manufacturer
    data.InstitutionName = "Synthetic Data"
    data.ReferringPhysicianName = ""
    data.StudyDescription = study.spec.description or ("CT Pelvis" if ct else "MR Pelvis")
    data.SeriesDescription = description(vendor, spec)
    data.ManufacturerModelName = style.model
    data.PatientName = f"Phantom^{study.spec.name}"
    data.PatientID = f"PHANTOM-{study.spec.seed:04d}"
    data.PatientBirthDate = f"{2025 - study.spec.age_years}0101"
    data.PatientSex = study.spec.body.sex
    data.PatientAge = f"{study.spec.age_years:03d}Y"
    data.PatientComments = "Synthetic phantom, no patient"
    data.BodyPartExamined = "PELVIS"
    data.SoftwareVersions = style.software.split("\\")
    data.DeviceSerialNumber = "00000"
    data.PatientPosition = "HFS"
    data.ProtocolName = spec.protocol_name or spec.name
    data.StudyInstanceUID = uid(study, "study")
    data.SeriesInstanceUID = uid(study, "series", spec.name)
    data.FrameOfReferenceUID = uid(study, "frame of reference")
    data.PositionReferenceIndicator = ""
    data.StudyID = "1"
    data.SeriesNumber = number
    if ct:
        data.KVP, data.ConvolutionKernel = "120", "B30f"
    else:
        _mr(data, spec)
    return data


def _mr(data: Dataset, spec: SeriesSpec) -> None:
    protocol = spec.protocol
    assert protocol is not None
    data.ScanningSequence, data.SequenceVariant, data.ScanOptions, data.MRAcquisitionType = sequence_codes(spec)
    data.SequenceName = spec.sequence_name or None
    if not spec.sequence_name:
        del data.SequenceName
    data.RepetitionTime, data.EchoTime = decimal(protocol.tr_ms), decimal(protocol.te_ms)
    if protocol.ti_ms is not None:
        data.InversionTime = decimal(protocol.ti_ms)
    data.NumberOfAverages = "1"
    data.ImagingFrequency = decimal(42.577 * protocol.field_t)
    data.ImagedNucleus = "1H"
    data.EchoNumbers = 1
    data.MagneticFieldStrength = decimal(protocol.field_t)
    data.EchoTrainLength = 1 if protocol.technique == "spoiled_gradient_echo" else 4
    data.PercentSampling, data.PercentPhaseFieldOfView = "100", "100"
    data.PixelBandwidth = decimal(spec.bandwidth_hz)
    data.FlipAngle = decimal(protocol.flip_deg)
    data.TransmitCoilName = "Body"
    data.InPlanePhaseEncodingDirection = "ROW"
    data.VariableFlipAngleFlag = "N"
    data.SAR = "0.5"


def set_pixels(data: Dataset, pixels: npt.NDArray[Any], vendor: Vendor, spec: SeriesSpec) -> None:
    """Pixel and rescale modules of one image; `pixels` are grey levels (rows, columns), stored finer where the slope is smaller."""
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.Rows, data.Columns = pixels.shape
    signed = pixels.dtype.kind == "i"
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16 if signed else 12, 15 if signed else 11
    data.PixelRepresentation = int(signed)
    finer = 1
    if spec.kind is SeriesKind.CT:
        data.RescaleIntercept, data.RescaleSlope, data.RescaleType = "0", "1", "HU"
        data.WindowCenter, data.WindowWidth = "40", "400"
    else:
        bright = (spec.snr or 100) * spec.counts_per_sigma * (3.5 if spec.kind in (SeriesKind.T1, SeriesKind.PD) else 1.3)
        data.WindowCenter, data.WindowWidth = decimal(round(bright / 2)), decimal(round(bright))
        slope = rescale_slope(vendor, spec.kind)
        if slope is not None:
            finer = round(PHILIPS_SLOPE / slope)
            data.RescaleSlope, data.RescaleIntercept, data.RescaleType = decimal(slope), "0", "US"
    stored = pixels if signed else np.minimum(pixels * finer, 4095)
    data.PixelData = stored.astype("<i2" if signed else "<u2").tobytes()
    data["PixelData"].VR = "OW"
