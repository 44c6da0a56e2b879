"""What every object of this room shares: equipment, dates that follow from the study, the patient's and the study's elements."""

from __future__ import annotations

import re
from typing import Any

from highdicom.base import SOPClass
from pydicom.dataset import Dataset
from pydicom.valuerep import DA, TM

from gluteal_grade.io import text
from gluteal_grade.report.dicom import codes
from gluteal_grade.report.dicom.sources import Sources
from gluteal_grade.report.dicom.uids import Identity
from gluteal_grade.result import Provenance

MAKER, MODEL = "gluteal_grade", "gluteal-grade"
SERIES_NUMBERS = {
    "SEG": 9001,
    "SR": 9002,
    "SC": 9003,
    "STITCHED": 9004,
    "PDF": 9005,
    "FAT": 9006,
    "KO": 9007,
}  # a step of ten holds them all
# modules Patient, Clinical Trial Subject, General Study, Patient Study, Clinical Trial Study (PS3.3 C.7.1.1, C.7.1.3, C.7.2.1-3)
_PATIENT_AND_STUDY = """
    PatientName PatientID IssuerOfPatientID IssuerOfPatientIDQualifiersSequence TypeOfPatientID PatientBirthDate PatientBirthTime PatientSex
    OtherPatientIDsSequence OtherPatientNames EthnicGroup PatientSpeciesDescription QualityControlSubject
    PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence ClinicalTrialSponsorName ClinicalTrialProtocolID
    ClinicalTrialProtocolName ClinicalTrialSiteID ClinicalTrialSiteName ClinicalTrialSubjectID ClinicalTrialSubjectReadingID
    StudyInstanceUID StudyDate StudyTime ReferringPhysicianName StudyID AccessionNumber IssuerOfAccessionNumberSequence StudyDescription
    ProcedureCodeSequence PatientAge PatientSize PatientWeight ClinicalTrialTimePointID ClinicalTrialTimePointDescription
"""
PATIENT_AND_STUDY = tuple(_PATIENT_AND_STUDY.split())
_AGE = re.compile(r"\d{3}[DWMY]")  # PS3.5, VR AS
_UNKNOWN_DATE, _UNKNOWN_TIME = "19000101", "000000"  # a dummy as in PS3.15 E: ContentDate must not be empty


def common(kind: str, identity: Identity, made_by: Provenance, content: str = "") -> dict[str, Any]:
    """Arguments that all of highdicom's constructors take.

    Args:
        kind: a key of `SERIES_NUMBERS`.
        identity: of the result.
        made_by: program and settings.
        content: hash of what the object holds, where the identity does not tell it.
    """
    return {
        "series_instance_uid": identity.uid("series", kind),
        "series_number": SERIES_NUMBERS[kind] + 10 * identity.revision,
        "sop_instance_uid": identity.uid("instance", kind, content),
        "instance_number": 1,
        "manufacturer": MAKER,
        "manufacturer_model_name": MODEL,
        "software_versions": made_by.version,
        "device_serial_number": made_by.config_hash,  # must not be empty; the settings are what tells one such device from another
        "series_description": f"gluteal_grade {kind}" + (f" ({identity.revision + 1})" if identity.revision else ""),
        "content_date": _UNKNOWN_DATE,
        "content_time": _UNKNOWN_TIME,
    }


def stamp(data: SOPClass, sources: Sources) -> None:
    """Make a finished object the patient's: no clock time, the study's dates, the elements of Patient and Study as they are."""
    stamp_from(data, sources.header)


def stamp_from(data: Dataset, header: Dataset) -> None:
    """The same from a header alone, of an image or of another object of the study."""
    for keyword in ("InstanceCreationDate", "InstanceCreationTime", "DateOfSecondaryCapture", "TimeOfSecondaryCapture"):
        if keyword in data:
            delattr(data, keyword)
    date, time = _when(header)
    data.ContentDate, data.ContentTime = DA(date), TM(time)
    if "ContributingEquipmentSequence" in data:
        del data.ContributingEquipmentSequence  # the scanner's: hospital and station are in the source
    for keyword in ("SpecificCharacterSet", *PATIENT_AND_STUDY):
        if keyword in header:
            data[keyword] = header[keyword]
    if "PatientComments" in data:
        del data.PatientComments  # free text, which may say anything
    if "PatientAge" in data and not _AGE.fullmatch(text(data, "PatientAge")):
        del data.PatientAge  # optional, and a reader may refuse the object for it


def reference(image: Dataset, sources: Sources, plane: int | None = None) -> Dataset:
    """An image that an object is made of, as an item of Source Image Sequence; of an enhanced one its frames, or that of one plane."""
    item, purpose = Dataset(), Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = codes.SOURCE_IMAGE[:3]
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    if sources.enhanced:
        frames = sources.frames if plane is None else (sources.frames[plane],)
        item.ReferencedFrameNumber = [frame.index + 1 for frame in frames]
    item.PurposeOfReferenceCodeSequence = [purpose]
    return item


def _when(header: Dataset) -> tuple[str, str]:
    """Date and time of the images' content, or the next best that the header has."""
    for name in ("Content", "Acquisition", "Series", "Study"):
        date = text(header, f"{name}Date")
        if len(date) == 8 and date.isdigit():
            time = text(header, f"{name}Time")
            return date, time if time[:6].isdigit() and len(time) >= 6 else _UNKNOWN_TIME
    return _UNKNOWN_DATE, _UNKNOWN_TIME
