"""What is written anew of a study says so: which report it replaces, a series number that counts up, and when it was made.

The first results of a study carry no clock time, so that the same input gives the same bytes. Results that replace others must be told from
them by who reads both in the PACS (a study that came in two halves, a corrected patient, other settings).
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.valuerep import DA, TM

from gluteal_grade.io import quiet_pydicom, text
from gluteal_grade.report.dicom.uids import Identity

_STEP = 10  # between the series numbers of one kind, see `stamp.common`
_PATIENT = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex")
_WANTED = ("SpecificCharacterSet", *_PATIENT, "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "SOPClassUID", "SOPInstanceUID",
           "InstanceCreationDate", "InstanceCreationTime", "PredecessorDocumentsSequence")  # fmt: skip


@dataclass(frozen=True)
class Revision:
    """Which writing of a study's results this is.

    Attributes:
        identity: all UIDs of this writing.
        number: 0 for the first.
        created: date and time, DA and TM, local; None for the first.
        predecessor: the report that it replaces, as an item of Predecessor Documents Sequence; None for the first.
    """

    identity: Identity
    number: int = 0
    created: tuple[str, str] | None = None
    predecessor: Dataset | None = None

    def mark(self, objects: Iterable[Dataset]) -> None:
        """Write it into the finished objects."""
        if self.created is None:
            return
        for data in objects:
            for name in ("InstanceCreation", "Series", "Content"):
                setattr(data, f"{name}Date", DA(self.created[0]))
                setattr(data, f"{name}Time", TM(self.created[1]))
            if self.predecessor is not None and data.get("Modality") == "SR":
                data.PredecessorDocumentsSequence = [self.predecessor]


def revision_of(identity: Identity, header: Dataset, earlier: Path | None) -> Revision:
    """Which writing this is, by the report that lies in the study's folder.

    Args:
        identity: of the result.
        header: of the study's images.
        earlier: `sr.dcm` of the result that is replaced; None or no such file: there is none.
    """
    before = _read(earlier)
    if before is None or text(before, "StudyInstanceUID") != text(header, "StudyInstanceUID"):
        return Revision(identity)
    whose = patient_of(header)
    corrected = Identity((*identity.key, "patient", whose))
    number = _number(before)
    # reports of before the number was part of the UIDs are still known for the same
    numbered = [_numbered(identity, number), _numbered(corrected, number)]
    for one in (*numbered, replace(identity, revision=number), replace(corrected, revision=number)):
        if patient_of(before) == whose and text(before, "SOPInstanceUID") == one.uid("instance", "SR", ""):
            # the same once more: byte for byte
            told = before.get("PredecessorDocumentsSequence")
            created = (text(before, "InstanceCreationDate"), text(before, "InstanceCreationTime"))
            return Revision(one, number, created if number else None, told[0] if told else None)
    chosen = identity if patient_of(before) == whose else corrected
    now = datetime.datetime.now().astimezone()
    created = (f"{now:%Y%m%d}", f"{now:%H%M%S.%f}")
    return Revision(_numbered(chosen, number + 1), number + 1, created, reference_to(before))


def _numbered(identity: Identity, number: int) -> Identity:
    """Of the writing with this number. Settings that were tried and taken back give objects of their own: the PACS has the first ones,
    takes no second ones with their UIDs, and may have been told to reject them."""
    return identity if not number else Identity((*identity.key, "revision", str(number)), number)


def _read(path: Path | None) -> Dataset | None:
    if path is None or not path.is_file():
        return None
    try:
        with quiet_pydicom():
            found = pydicom.dcmread(path, specific_tags=list(_WANTED))
            return found if text(found, "SOPInstanceUID") and text(found, "SeriesInstanceUID") else None
    except MemoryError:
        raise
    except Exception:  # damaged: nothing to refer to
        return None


def patient_of(data: Dataset) -> str:
    """Hash of ID, issuer, name, birth date and sex."""
    told = "\0".join(text(data, name).rstrip("^ ") for name in _PATIENT)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:16]


def _number(report: Dataset) -> int:
    said = text(report, "SeriesNumber")
    return max(0, (int(said) - 9002) // _STEP) if said.isdigit() else 0


def reference_to(report: Dataset) -> Dataset:
    """A report as an item of Predecessor Documents Sequence (PS3.3 C.17.2.3): study, series and instance."""
    instance, series, item = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID = report.SOPClassUID, report.SOPInstanceUID
    series.SeriesInstanceUID, series.ReferencedSOPSequence = report.SeriesInstanceUID, [instance]
    item.StudyInstanceUID, item.ReferencedSeriesSequence = report.StudyInstanceUID, [series]
    return item
