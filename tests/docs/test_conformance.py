"""The conformance statement of the PACS page names what the program offers to take, and every kind of object that it can send."""

import importlib
import re
from pathlib import Path

import highdicom
from highdicom.base import SOPClass
from pydicom import uid

from gluteal_grade.pacs.contexts import STORAGE

ROOM = "gluteal_grade.report.dicom"
PAGE = Path(__file__).parents[2] / "docs" / "howto" / "pacs.md"
LABEL_MAP = uid.UID("1.2.840.10008.5.1.4.1.1.66.7")  # pydicom's dictionary does not know it yet
WRITTEN = {  # a class of highdicom: what its objects are
    highdicom.seg.Segmentation: {uid.SegmentationStorage, LABEL_MAP},
    highdicom.sr.Comprehensive3DSR: {uid.Comprehensive3DSRStorage},
    highdicom.sc.SCImage: {uid.SecondaryCaptureImageStorage},
    highdicom.ko.KeyObjectSelectionDocument: {uid.KeyObjectSelectionDocumentStorage},
}
READ = {"sources"}  # modules that name what is read, not what is written


def stated(role: str) -> str:
    (row,) = re.findall(rf"^\| Storage \| {role} \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return str(row)


def name_of(one: str) -> str:
    return "Label Map Segmentation" if one == LABEL_MAP else uid.UID(one).name.removesuffix(" Storage")


def written() -> set[str]:
    found: set[str] = set()
    for path in Path(importlib.import_module(ROOM).__path__[0]).glob("[a-z]*.py"):
        for value in vars(importlib.import_module(f"{ROOM}.{path.stem}")).values() if path.stem not in READ else ():
            if isinstance(value, uid.UID) and value.name.endswith("Storage"):
                found.add(value)
            elif isinstance(value, type) and issubclass(value, SOPClass) and value is not SOPClass:
                found |= WRITTEN[value]
    return found


def test_what_is_taken() -> None:
    assert sorted(stated("SCP").split(", ")) == sorted(map(name_of, STORAGE))


def test_what_is_sent() -> None:
    names = {name_of(one) for one in written()}
    assert len(names) >= len(WRITTEN) + 3
    every = {name_of(LABEL_MAP)} | {name_of(one) for one in uid.UID_dictionary if uid.UID(one).name.endswith(" Storage")}
    told = stated("SCU")
    found = set()
    for name in sorted(every, key=len, reverse=True):  # the longest first: "Label Map Segmentation" is no "Segmentation"
        if re.search(rf"\b{re.escape(name)}\b", told):
            found.add(name)
            told = re.sub(rf"\b{re.escape(name)}\b", "", told)
    assert found == names
