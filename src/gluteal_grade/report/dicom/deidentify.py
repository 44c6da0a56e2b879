"""`--deidentify`: results without who, when and where, by the Basic Application Level Confidentiality Profile (PS3.15 E.2).

Only outputs are touched, and of pictures only their headers: the overlay page carries no patient's text. UIDs are mapped by a hash, so that
the objects of one study still belong together and the same study gives the same UIDs; anyone who has the original UIDs can find them again.
"""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from gluteal_grade.result import StudyResult

# what we wrote ourselves: it tells nothing of the patient (E.3.4 Clean Structured Content: nothing to clean)
_OURS = [
    "ContentSequence",
    "SeriesDescription",
    "ContentLabel",
    "ContentDescription",
    "SegmentSequence",
    "EncapsulatedDocument",
    "DocumentTitle",
    "DerivationDescription",
    "ManufacturerModelName",
    "SoftwareVersions",
]
# type 2 of the patient and study modules: there, and empty
_EMPTY = ["PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "ReferringPhysicianName"]
_NO_DAY, _NO_TIME = "19000101", "000000"  # where a date must be
_STANDARD_ROOT = "1.2.840.10008."
_NEVER = {"DA": _NO_DAY, "TM": _NO_TIME, "DT": _NO_DAY + _NO_TIME}
_METHOD = "gluteal-grade: PS3.15 basic profile, pixels not touched"


def mapped(uid: str) -> str:
    """Another UID for this one, the same each time; those of the standard stay."""
    if not uid or uid.startswith(_STANDARD_ROOT):
        return uid
    return f"2.25.{int.from_bytes(hashlib.sha256(f'gluteal_grade deidentify {uid}'.encode()).digest()[:16], 'big')}"


def deidentified(data: Dataset) -> Dataset:
    """One of our objects, changed; the original shares elements with the others of its study and stays as it is."""
    from dicomanonymizer.simpledicomanonymizer import anonymize_dataset, initialize_actions_2024b, keep

    data = copy.deepcopy(data)
    study = mapped(str(data.StudyInstanceUID))
    kept: dict[tuple[int, ...], Any] = {}
    for element in data:
        if element.keyword in _OURS or element.VR == "UI" or (element.VR == "SQ" and "Patient" not in element.keyword):
            kept[(element.tag.group, element.tag.element)] = keep
    anonymize_dataset(data, kept, delete_private_tags=True, base_rules_gen=initialize_actions_2024b)
    _map_uids(data, {})
    _map_uids(data.file_meta, {})
    for keyword in _EMPTY:
        setattr(data, keyword, "")
    for element in data:
        if element.VR in _NEVER and element.value and element.keyword not in _EMPTY:
            element.value = _NEVER[element.VR]
    data.PatientID = f"GG{hashlib.sha256(study.encode()).hexdigest()[:10].upper()}"
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = _METHOD
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "113100", "DCM", "Basic Application Confidentiality Profile"
    data.DeidentificationMethodCodeSequence = Sequence([code])
    data.LongitudinalTemporalInformationModified = "REMOVED"
    return data


def _map_uids(data: Dataset, done: dict[int, object]) -> None:
    """Every element once: sequences share items where an image is named in several places, and a UID mapped twice is another."""
    for element in data:
        if id(element) in done:
            continue
        done[id(element)] = element  # kept, so that no other takes its number
        if element.VR == "SQ":
            for item in element.value:
                _map_uids(item, done)
        elif element.VR == "UI" and element.value:
            several = not isinstance(element.value, str | UID)
            element.value = [mapped(str(one)) for one in element.value] if several else mapped(str(element.value))


def deidentified_result(result: StudyResult) -> StudyResult:
    """The result with the UIDs that `deidentified` gives; nothing else in it tells of the patient."""
    series = tuple(
        one.model_copy(update={"uid": one.uid and mapped(one.uid), "sources": tuple(_source(s) for s in one.sources)})
        for one in result.series
    )
    return result.model_copy(update={"series": series})


def _source(source: str) -> str:
    """SOPInstanceUIDs are mapped; the content hash of a NIfTI file is none."""
    return mapped(source) if "." in source else source
