"""A rejection note: a Key Object Selection Document of objects that newer ones replace (IHE Imaging Object Change Management, IOCM).

An archive that follows the profile hides what was rejected for patient safety, and may hide what was rejected for quality. It is the site's
choice to ask for it: nothing of this is sent unless the settings say so.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import pydicom
from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from highdicom.sr import CodedConcept, DeviceObserverIdentifyingAttributes, ObserverContext
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import DA, TM

from gluteal_grade import __version__
from gluteal_grade.io import quiet_pydicom, text
from gluteal_grade.report.dicom.revision import patient_of
from gluteal_grade.report.dicom.sources import NO_PATIENT
from gluteal_grade.report.dicom.stamp import MAKER, MODEL, PATIENT_AND_STUDY, SERIES_NUMBERS, stamp_from
from gluteal_grade.report.dicom.uids import Identity

_OBJECT = ("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "Modality", "Rows", "Columns")
# CID 7010; which of them an archive hides is its own setting
_SAFETY = CodedConcept("113037", "DCM", "Rejected for Patient Safety Reasons")
_QUALITY = CodedConcept("113001", "DCM", "Rejected for Quality Reasons")
_WORDS = {
    _SAFETY.value: "These results of gluteal-grade were made under another patient, which was corrected.",
    _QUALITY.value: "Later results of gluteal-grade replace these.",
}


def header_of(path: Path) -> Dataset:
    """What a note needs of an object: patient, study, series and instance, and whether it is an image.

    Raises:
        Exception: whatever pydicom raises for a damaged file.
    """
    with quiet_pydicom():
        found = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[*_OBJECT, *PATIENT_AND_STUDY])
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return found


def same_patient(one: Dataset, other: Dataset) -> bool:
    """ID, issuer, name, birth date and sex are the same."""
    return patient_of(one) == patient_of(other)


def rejection_note(rejected: Sequence[Dataset], now: Dataset, patient: Dataset) -> Dataset:
    """The note that rejects objects.

    Args:
        rejected: headers of objects of one study, all under one patient; at least one.
        now: header of an object that replaces them, with the highest series number of those. Of another patient: they are rejected for
            patient safety, else for quality.
        patient: header of who the archive has the rejected objects under: the note goes where they are.
    """
    title = _QUALITY if same_patient(rejected[0], now) else _SAFETY
    uids = sorted(str(one.SOPInstanceUID) for one in rejected)
    identity = Identity(("gluteal_grade", "rejection", str(rejected[0].StudyInstanceUID), title.value, *uids))
    evidence = [_bare(one) for one in rejected]
    device = DeviceObserverIdentifyingAttributes(
        uid=identity.uid("device"), name=MODEL, manufacturer_name=MAKER, model_name=f"{MODEL} {__version__}"
    )
    content = KeyObjectSelection(
        title, evidence, observer_device_context=ObserverContext(codes.DCM.Device, device), description=_WORDS[title.value]
    )
    made = datetime.datetime.now().astimezone()
    with quiet_pydicom():
        note = KeyObjectSelectionDocument(
            evidence=evidence,
            content=content,
            series_instance_uid=identity.uid("series", "KO"),
            series_number=_series_number(now),
            sop_instance_uid=identity.uid("instance", "KO"),
            instance_number=1,
            manufacturer=MAKER,
            manufacturer_model_name=MODEL,
            software_versions=__version__,
            series_description="gluteal_grade rejection",
        )
        stamp_from(note, patient)
        for name in ("InstanceCreation", "Series", "Content"):
            setattr(note, f"{name}Date", DA(f"{made:%Y%m%d}"))
            setattr(note, f"{name}Time", TM(f"{made:%H%M%S.%f}"))
    return note


def _series_number(now: Dataset) -> int:
    """Beside the numbers of the new objects (9011, 9012, 9013: 9017), see `stamp.SERIES_NUMBERS`."""
    said = text(now, "SeriesNumber")
    return SERIES_NUMBERS["KO"] + 10 * max(0, (int(said) - 9001) // 10 if said.isdigit() else 0)


def _bare(header: Dataset) -> Dataset:
    """Without the patient: highdicom warns of odd names in the log, and those are laid over the finished note."""
    data = Dataset()
    for keyword in NO_PATIENT:
        setattr(data, keyword, "")
    for keyword in ("StudyInstanceUID", *_OBJECT[1:]):
        if keyword in header:
            setattr(data, keyword, header[keyword].value)
    return data
