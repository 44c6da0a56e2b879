"""The image of several stations as a DICOM series of its own, for the segmentation to lie on: derived MR images that name their sources."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from gluteal_grade.geometry import Array, FloatArray, Volume
from gluteal_grade.io import Frame, Placement, Series, Study
from gluteal_grade.report.dicom import codes
from gluteal_grade.report.dicom.revision import patient_of
from gluteal_grade.report.dicom.sources import NO_PATIENT, Sources, ds, frames_of, not_written, sources_from
from gluteal_grade.report.dicom.stamp import MAKER, MODEL, SERIES_NUMBERS, stamp_from
from gluteal_grade.report.dicom.uids import Identity
from gluteal_grade.result import Provenance

_LPS = np.array([-1.0, -1.0, 1.0])  # RAS+ to LPS
_MOST, _FEW = 4095, 1000  # largest stored value; a brightest voxel below would lose its digits, so it is scaled up
# across slices along each array axis: the axes of columns and rows, both walked from their far end, as radiologists see them
_PLANES = {0: (1, 2), 1: (0, 2), 2: (0, 1)}
_COPIED = """
    ScanningSequence SequenceVariant ScanOptions MRAcquisitionType RepetitionTime EchoTime EchoTrainLength FlipAngle MagneticFieldStrength
    ImagedNucleus ImagingFrequency SequenceName PatientPosition
"""


@dataclass(frozen=True)
class Stitched:
    """The derived series.

    Attributes:
        sources: its images, as the segmentation refers to them.
        images: the objects, in slice order.
    """

    sources: Sources
    images: tuple[Dataset, ...]


def stitched_of(study: Study, series: Series, volume: Volume, made_by: Provenance) -> Stitched:
    """The stitched image as MR images.

    Args:
        study: with the stations.
        series: the stitched one.
        volume: its voxels, RAS+.
        made_by: program and settings.

    Raises:
        RefusedInput: `dicom_not_written`: a station is no DICOM MR, or lies in another frame of reference.
        TransientFailure: `read_failed`.
    """
    stations = [one for name in series.stations for one in study.series if one.id == name]
    found = [sources_from(frames_of(study, one)) for one in stations]
    if any(one.modality != "MR" for one in found):
        raise not_written("stations that are no MR images")
    if len({one.frames[0].keys.frame_of_reference for one in found}) != 1:
        raise not_written("the stations have different frames of reference")
    first = found[0]
    planes, places = _planes(volume, series.slice_axis)
    factor = _factor(planes)
    stored = np.clip(np.rint(planes * factor), 0, 65535).astype(np.uint16)
    identity = _identity(found, stored, made_by)
    frames = tuple(_frame(first.frames[0], place, stored.shape[1:], identity, n) for n, place in enumerate(places))
    images = tuple(_image(n, one, found, (frames, stored, factor), made_by) for n, one in enumerate(frames))
    headers = sources_from(frames, first.header, sop_class=MRImageStorage)
    return Stitched(headers, images)


def _planes(volume: Volume, slice_axis: int) -> tuple[FloatArray, list[Placement]]:
    """(slices, rows, columns) and where each lies."""
    column_axis, row_axis = _PLANES[slice_axis]
    array = np.transpose(volume.array, (slice_axis, row_axis, column_axis))[:, ::-1, ::-1]
    step = np.eye(3)
    along = {axis: np.asarray(volume.grid.to_world(step[axis])) - np.asarray(volume.grid.to_world([0, 0, 0])) for axis in range(3)}
    corner = np.zeros(3)
    corner[[row_axis, column_axis]] = [volume.shape[row_axis] - 1, volume.shape[column_axis] - 1]
    row, column = (-_LPS * along[axis] for axis in (column_axis, row_axis))
    spacing = (float(np.linalg.norm(column)), float(np.linalg.norm(row)))
    places = []
    for n in range(volume.shape[slice_axis]):
        corner[slice_axis] = n
        position = _LPS * np.asarray(volume.grid.to_world(corner))
        places.append(Placement(_vector(position), _vector(row / spacing[1]), _vector(column / spacing[0]), spacing))
    return np.asarray(array, np.float32), places


def _vector(values: FloatArray) -> tuple[float, float, float]:
    x, y, z = map(float, values)
    return x, y, z


def _factor(planes: FloatArray) -> float:
    """What values are multiplied with to be stored as whole numbers."""
    most = float(planes.max(initial=0.0))
    return _MOST / most if 0 < most < _FEW or most > 65535 else 1.0


def _identity(found: list[Sources], stored: Array, made_by: Provenance) -> Identity:
    """The same stations of the same patient give the same objects, whatever is measured on them."""
    uids = sorted(uid for one in found for uid in one.sop_uids)
    pixels = hashlib.sha256(np.ascontiguousarray(stored).tobytes()).hexdigest()
    return Identity(("gluteal_grade stitched", found[0].study_uid, patient_of(found[0].header), *uids, made_by.version, pixels))


def _frame(lead: Frame, place: Placement, shape: tuple[int, ...], identity: Identity, number: int) -> Frame:
    keys = replace(lead.keys, series_uid=identity.uid("series"), sop_uid=identity.uid("instance", number))
    facts = replace(lead.facts, slice_thickness_mm=None)
    return replace(lead, index=0, keys=keys, facts=facts, shape=(shape[0], shape[1]), place=place)


def _image(number: int, frame: Frame, found: list[Sources], whole: tuple[tuple[Frame, ...], Array, float], made_by: Provenance) -> Dataset:
    frames, stored, factor = whole
    data, lead = Dataset(), found[0]
    for keyword in NO_PATIENT:
        setattr(data, keyword, "")
    data.SOPClassUID, data.SOPInstanceUID = MRImageStorage, frame.keys.sop_uid
    data.StudyInstanceUID, data.SeriesInstanceUID = frame.keys.study_uid, frame.keys.series_uid
    data.Modality, data.SeriesNumber, data.InstanceNumber = "MR", SERIES_NUMBERS["STITCHED"], number + 1
    data.SeriesDescription = "gluteal_grade stitched stations"
    data.Manufacturer, data.ManufacturerModelName, data.SoftwareVersions = MAKER, MODEL, made_by.version
    data.DeviceSerialNumber = made_by.config_hash
    data.BodyPartExamined = "PELVIS"
    data.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    scaled = f" Values multiplied by {factor:.6g}." if factor != 1.0 else ""
    data.DerivationDescription = f"Stitched of {len(found)} stations: brightness matched, overlap blended.{scaled} Research use."
    data.SourceImageSequence = _references(frame, frames, found)
    for keyword in _COPIED.split():
        data.update(_copied(lead.header, keyword))
    data.FrameOfReferenceUID, data.PositionReferenceIndicator = frame.keys.frame_of_reference, ""
    data.ImagePositionPatient = ds(frame.place.position or ())
    data.ImageOrientationPatient = ds((*(frame.place.row_direction or ()), *(frame.place.column_direction or ())))
    data.PixelSpacing = ds(frame.place.spacing_mm or ())
    gap = _gap(frames)
    data.SliceThickness = data.SpacingBetweenSlices = ds((gap,))[0]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = frame.shape
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
    data.PixelData = np.ascontiguousarray(stored[number]).astype("<u2").tobytes()
    data.ContentDate = data.ContentTime = ""
    stamp_from(data, lead.header)
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID, data.file_meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return data


def _copied(header: Dataset, keyword: str) -> Dataset:
    """An element of MR Image, empty where the header lacks one that must be there."""
    data = Dataset()
    if keyword in header:
        data[keyword] = header[keyword]
    elif keyword in ("ScanningSequence", "SequenceVariant"):  # must say something
        setattr(data, keyword, {"ScanningSequence": "RM", "SequenceVariant": "NONE"}[keyword])
    elif keyword in ("ScanOptions", "MRAcquisitionType", "RepetitionTime", "EchoTime", "EchoTrainLength", "PatientPosition"):
        setattr(data, keyword, None)
    return data


def _references(frame: Frame, frames: tuple[Frame, ...], found: list[Sources]) -> list[Dataset]:
    """The stations' images that lie less than a slice from this one; there is at least one where any station reaches."""
    gap, here = _gap(frames), np.asarray(frame.place.position)
    items = []
    for station in found:
        for source in station.frames:
            away = abs(float(np.dot(np.asarray(source.place.position) - here, frame.normal)))
            if away < gap:
                items.append(_reference(source, station))
    return items


def _reference(source: Frame, station: Sources) -> Dataset:
    item, purpose = Dataset(), Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = codes.SOURCE_IMAGE[:3]
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = station.images[0].SOPClassUID, source.keys.sop_uid
    if station.enhanced:
        item.ReferencedFrameNumber = source.index + 1
    item.PurposeOfReferenceCodeSequence = [purpose]
    return item


def _gap(frames: tuple[Frame, ...]) -> float:
    if len(frames) < 2:
        return frames[0].facts.slice_thickness_mm or 1.0
    first, second = (np.asarray(frame.place.position) for frame in frames[:2])
    return float(np.linalg.norm(second - first))
