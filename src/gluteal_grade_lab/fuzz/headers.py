"""Faults of DICOM headers, in one file, in one series or in all of a study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from gluteal_grade_lab.fuzz.seeds import Case

Fault = Callable[[Case, Random], None]
Change = Callable[[Dataset, Random], None]

_VALUES: dict[str, tuple[object, ...]] = {
    "RescaleSlope": (2, -1, 0, 0.5, 1e9),
    "RescaleIntercept": (100, -100, -1024, 1e9),
    "PixelSpacing": ([3, 3], [6, 3], [0, 0], [-6, 6], [6000, 6000], [0.006, 0.006]),
    "SliceThickness": (0, 5, 100),
    "SpacingBetweenSlices": (0, -12, 3, 100),
    "ImageOrientationPatient": ([-1, 0, 0, 0, 1, 0], [1, 0, 0, 0, -1, 0], [0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0], [0, 1, 0, 1, 0, 0]),
    "ImagePositionPatient": ([0, 0, 0], [1e6, 0, 0], None),
    "PatientID": ("OTHER", ""),
    "PatientName": ("Other^Name", "\x1b[31mRed"),
    "PatientSex": ("", "X", "M"),
    "PatientPosition": ("HFP", "FFS", "HFDR"),
    "StudyInstanceUID": ("1.2.3", ""),
    "SeriesInstanceUID": ("1.2.3.4", ""),
    "FrameOfReferenceUID": ("1.2.3.5", ""),
    "SeriesNumber": (0, 99999, ""),
    "SeriesDescription": ("", "localizer", "STIR", "T2* map", "water fat in opp"),
    "ProtocolName": ("", "fat fraction", "PDFF permille"),
    "ImageType": (["DERIVED", "SECONDARY", "W"], ["ORIGINAL", "PRIMARY", "F"], ["ORIGINAL", "PRIMARY", "FF"], ["ORIGINAL"]),
    "EchoTime": (0, 1.0, 80, -1, 2.3),
    "RepetitionTime": (0, 5, 9000, -1),
    "FlipAngle": (0, 90, 400),
    "InversionTime": (150, 220),
    "MagneticFieldStrength": (0, 1.5, 7, 15000),
    "ContrastBolusAgent": ("Gadovist", "none"),
    "ScanOptions": ("FS", ["FS", "IR"]),
    "AcquisitionNumber": (2, 77),
    "TemporalPositionIdentifier": (2,),
    "BitsStored": (8, 12, 16, 17),
    "HighBit": (7, 15, 31),
    "PixelRepresentation": (1, 2),
    "Rows": (1, 7, 65535),
    "Columns": (1, 7, 65535),
    "SamplesPerPixel": (3,),
    "PhotometricInterpretation": ("MONOCHROME1", "RGB", ""),
    "Modality": ("CT", "PT", "OT", ""),
    "SOPClassUID": ("1.2.840.10008.5.1.4.1.1.2", "1.2.3"),
    "SpecificCharacterSet": ("ISO_IR 999", ["", "ISO 2022 IR 87"]),
    "AcquisitionTime": ("235959", "99"),
}


def files_of(case: Case) -> list[Path]:
    """All DICOM files, in the order of their names."""
    return sorted(case.images.rglob("*.dcm"))


def edit(path: Path, change: Callable[[Dataset], object]) -> None:
    """Change one file; a value that pydicom cannot write is left as it was."""
    data = pydicom.dcmread(path)
    try:
        change(data)
        data.save_as(path)
    except (ValueError, TypeError, OverflowError, AttributeError):
        return


def chosen(case: Case, rng: Random) -> list[Path]:
    """One file, one series, or everything."""
    files = files_of(case)
    how = rng.choice(("file", "series", "study"))
    one = rng.choice(files)
    return [one] if how == "file" else [f for f in files if f.parent == one.parent] if how == "series" else files


def _value(keyword: str) -> Fault:
    def fault(case: Case, rng: Random) -> None:
        value = rng.choice(_VALUES[keyword])

        def change(data: Dataset) -> None:
            if value is None:
                data.pop(keyword, None)
            else:
                setattr(data, keyword, value)

        for path in chosen(case, rng):
            edit(path, change)

    return fault


def _removed(case: Case, rng: Random) -> None:
    keyword = rng.choice([*_VALUES, "PixelData", "InstanceNumber", "SOPInstanceUID"])
    for path in chosen(case, rng):
        edit(path, lambda data: data.pop(keyword, None))


def _same_instance_uid(case: Case, rng: Random) -> None:
    files = files_of(case)
    one = pydicom.dcmread(rng.choice(files)).SOPInstanceUID
    edit(rng.choice(files), lambda data: setattr(data, "SOPInstanceUID", one))


def _series_uid_per_slice(case: Case, rng: Random) -> None:
    for path in chosen(case, rng):
        edit(path, lambda data: setattr(data, "SeriesInstanceUID", generate_uid()))


def _position_moved(case: Case, rng: Random) -> None:
    by = rng.choice((0.05, 0.3, 3.0, 12.0, -40.0))
    for path in chosen(case, rng):
        edit(path, lambda data: data.ImagePositionPatient.__setitem__(2, float(data.ImagePositionPatient[2]) + by))


FAULTS: dict[str, Fault] = {
    **{f"header {keyword}": _value(keyword) for keyword in _VALUES},
    "header element removed": _removed,
    "header one instance UID twice": _same_instance_uid,
    "header series UID per slice": _series_uid_per_slice,
    "header position moved": _position_moved,
}
