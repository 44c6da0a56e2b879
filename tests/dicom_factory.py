"""Small DICOM series for tests: any geometry, contrast, layout and damage, with nothing but what a test asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, EnhancedMRImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))

SPIN_ECHO_T1 = {
    "ScanningSequence": "SE",
    "SequenceVariant": "SK",
    "EchoTime": 12.0,
    "RepetitionTime": 550.0,
    "SeriesDescription": "t1_tse_tra",
}


def uid(*parts: object) -> str:
    """A UID that depends on nothing but its parts."""
    return str(generate_uid(entropy_srcs=[str(part) for part in parts]))


def voxels(slices: int = 4, rows: int = 6, columns: int = 5, seed: int = 0) -> npt.NDArray[np.uint16]:
    """(slices, rows, columns) noise that no flip or transposition maps onto itself."""
    return np.random.default_rng(seed).integers(0, 4000, (slices, rows, columns), dtype=np.uint16)


def positions(count: int, directions: Any = AXIAL, gap_mm: float = 3.0, origin: Any = (-50.0, -60.0, 10.0)) -> npt.NDArray[np.float64]:
    """(count, 3) LPS mm along the normal."""
    normal = np.cross(*directions)
    return np.asarray(origin) + np.arange(count)[:, None] * gap_mm * normal


def image(array: npt.NDArray[Any], position: Any, directions: Any = AXIAL, spacing: Any = (0.8, 0.7), **elements: Any) -> Dataset:
    """One classic MR image (CT with ``Modality="CT"``); `elements` set or, with None, remove attributes."""
    data = Dataset()
    data.Modality = "MR"
    data.StudyInstanceUID = uid("study")
    data.SeriesInstanceUID = uid("series", elements.get("SeriesNumber", 3))
    data.SeriesNumber = 3
    data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    data.ImagePositionPatient = [f"{v:.9g}" for v in position]
    data.ImageOrientationPatient = [f"{v:.9g}" for v in (*directions[0], *directions[1])]
    data.PixelSpacing = [f"{v:.9g}" for v in spacing]
    set_pixels(data, array)
    put(data, elements)
    if "SOPClassUID" not in elements:
        data.SOPClassUID = CTImageStorage if data.get("Modality") == "CT" else MRImageStorage
    if "SOPInstanceUID" not in elements:
        facts = [elements.get(k) for k in ("SeriesNumber", "EchoTime", "ImageType", "TemporalPositionIdentifier", "InstanceNumber")]
        data.SOPInstanceUID = uid(*position, *facts)
    return data


def set_pixels(data: Dataset, array: npt.NDArray[Any]) -> None:
    data.Rows, data.Columns = array.shape[-2:]
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated = 16
    data.BitsStored = 16
    data.HighBit = 15
    data.PixelRepresentation = int(array.dtype.kind == "i")
    data.PixelData = array.tobytes()


def put(data: Dataset, elements: dict[str, Any]) -> None:
    for keyword, value in elements.items():
        if value is None:
            if keyword in data:
                delattr(data, keyword)
        else:
            setattr(data, keyword, value)


def write(path: Path, data: Dataset, syntax: str = ExplicitVRLittleEndian, *, preamble: bool = True) -> Path:
    """Save with file meta information, or as a bare data set."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if preamble:
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = syntax
        data.file_meta.MediaStorageSOPClassUID = data.get("SOPClassUID", MRImageStorage)
        data.file_meta.MediaStorageSOPInstanceUID = data.get("SOPInstanceUID", uid("none"))
        dcmwrite(path, data, enforce_file_format=True)
    else:
        dcmwrite(path, data, implicit_vr=True, little_endian=True)
    return path


def write_stack(
    folder: Path,
    array: npt.NDArray[Any],
    places: npt.NDArray[np.float64] | None = None,
    directions: Any = AXIAL,
    spacing: Any = (0.8, 0.7),
    prefix: str = "im",
    syntax: str = ExplicitVRLittleEndian,
    **elements: Any,
) -> list[Path]:
    """One file a slice; `places` (slices, 3) LPS mm, evenly spaced by default."""
    places = positions(len(array), directions) if places is None else places
    paths = []
    for index, (pixels, place) in enumerate(zip(array, places, strict=True)):
        data = image(pixels, place, directions, spacing, **{"InstanceNumber": index + 1, **elements})
        paths.append(write(folder / f"{prefix}{index:03d}.dcm", data, syntax))
    return paths


def group(**elements: Any) -> Sequence:
    """A one-item sequence."""
    item = Dataset()
    put(item, elements)
    return Sequence([item])


def enhanced(frames: list[dict[str, Any]], array: npt.NDArray[Any], directions: Any = AXIAL, **elements: Any) -> Dataset:
    """An Enhanced MR object: `frames` has for each of `array` (frames, rows, columns) its ``position`` and functional groups by keyword."""
    data = image(array, (0, 0, 0), directions, **{"SOPClassUID": EnhancedMRImageStorage, **elements})
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(data, keyword)
    data.NumberOfFrames = len(frames)
    shared = Dataset()
    shared.PlaneOrientationSequence = group(ImageOrientationPatient=[*directions[0], *directions[1]])
    shared.PixelMeasuresSequence = group(PixelSpacing=[0.8, 0.7], SliceThickness=3.0)
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    items = []
    for frame in frames:
        item = Dataset()
        item.PlanePositionSequence = group(ImagePositionPatient=list(map(float, frame["position"])))
        put(item, {k: v for k, v in frame.items() if k != "position"})
        items.append(item)
    data.PerFrameFunctionalGroupsSequence = Sequence(items)
    return data


def lps_affine(places: npt.NDArray[np.float64], directions: Any, spacing: Any) -> npt.NDArray[np.float64]:
    """Voxel (column, row, slice) to LPS mm, as PS3.3 C.7.6.2.1.1 has it."""
    affine = np.eye(4)
    affine[:3, 0] = np.asarray(directions[0]) * spacing[1]
    affine[:3, 1] = np.asarray(directions[1]) * spacing[0]
    affine[:3, 2] = places[1] - places[0]
    affine[:3, 3] = places[0]
    return affine
