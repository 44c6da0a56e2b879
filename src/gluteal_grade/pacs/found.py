"""What a PACS says of its studies: one shape for C-FIND and QIDO-RS."""

from __future__ import annotations

import datetime
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

from gluteal_grade.io import study_id

Level = Literal["STUDY", "SERIES", "IMAGE"]
Record = Mapping[str, tuple[str, ...]]  # keyword -> values as text; what the peer did not say is missing

RETURNED: dict[Level, tuple[str, ...]] = {
    "STUDY": ("StudyInstanceUID", "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate",
              "ModalitiesInStudy", "StudyDescription",
              "NumberOfStudyRelatedInstances"),
    "SERIES": ("StudyInstanceUID", "SeriesInstanceUID", "Modality", "BodyPartExamined", "SeriesDescription",
               "NumberOfSeriesRelatedInstances"),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"),
}  # fmt: skip


PATIENT = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex")


class Directory(Protocol):
    """Somebody who can be asked what a PACS holds."""

    def ask(self, level: Level, keys: Mapping[str, str]) -> list[Record]:
        """Every match of the keys; the elements of `RETURNED` are asked for.

        Raises:
            TransientFailure: `peer_unreachable`, `peer_refused`, `query_failed`.
        """
        ...


@dataclass(frozen=True)
class FoundSeries:
    """One series of a study; `images` None where the peer does not count."""

    uid: str
    modality: str = ""
    body_part: str = ""
    description: str = field(default="", repr=False)
    images: int | None = None


@dataclass(frozen=True)
class Found:
    """One study of a PACS. Its repr names no patient.

    Attributes:
        study_uid: StudyInstanceUID.
        patient_id: PatientID; `issuer` says whose number it is.
        date: StudyDate.
        modalities: sorted.
        description: StudyDescription, as the peer wrote it.
        images: how many instances the peer counts, None where it does not.
        series: in the order of their UIDs; empty where they were not asked for.
        whose: hash of patient ID, issuer, name, birth date and sex; empty where the peer says none of them.
    """

    study_uid: str = field(repr=False)
    patient_id: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)
    date: datetime.date | None = field(default=None, repr=False)
    modalities: tuple[str, ...] = ()
    description: str = field(default="", repr=False)
    images: int | None = None
    series: tuple[FoundSeries, ...] = field(default=(), repr=False)
    whose: str = field(default="", repr=False)

    @cached_property
    def hash(self) -> str:
        """The study's name in every output of this program."""
        return study_id([self.study_uid])

    def __repr__(self) -> str:
        return f"Found({self.hash}, {'+'.join(self.modalities) or '?'}, {self.images} images)"


def first(record: Record, keyword: str) -> str:
    """Its first value, stripped; empty where the peer says nothing."""
    values = record.get(keyword, ())
    return values[0].strip() if values else ""


def number(record: Record, keyword: str) -> int | None:
    """A count; None where there is none or it is no whole number."""
    text = first(record, keyword)
    return int(text) if text.isascii() and text.isdigit() else None


def day(text: str) -> datetime.date | None:
    """A DICOM date (DA, also the old form with full stops)."""
    digits = text.replace(".", "")
    try:
        return datetime.datetime.strptime(digits, "%Y%m%d").date() if len(digits) == 8 else None
    except ValueError:
        return None


def study_of(record: Record) -> Found | None:
    """A record of the study level; None without a StudyInstanceUID."""
    uid = first(record, "StudyInstanceUID")
    modalities = {m.strip().upper() for value in record.get("ModalitiesInStudy", ()) for m in value.split("\\")}
    return uid_or_none(uid) and Found(
        uid,
        first(record, "PatientID"),
        first(record, "IssuerOfPatientID"),
        day(first(record, "StudyDate")),
        tuple(sorted(modalities - {""})),
        first(record, "StudyDescription"),
        number(record, "NumberOfStudyRelatedInstances"),
        whose=whose(uid, record),
    )  # fmt: skip


def whose(study_uid: str, record: Record) -> str:
    """16 hex digits of whose study it is, to see that it was corrected; empty where nothing is said of the patient."""
    told = [first(record, name).split("=")[0].rstrip("^ ") for name in PATIENT]
    return hashlib.sha256("\0".join((study_uid, *told)).encode()).hexdigest()[:16] if any(told) else ""


def series_of(record: Record) -> FoundSeries | None:
    """A record of the series level; None without a SeriesInstanceUID."""
    uid = first(record, "SeriesInstanceUID")
    return uid_or_none(uid) and FoundSeries(
        uid,
        first(record, "Modality").upper(),
        first(record, "BodyPartExamined"),
        first(record, "SeriesDescription"),
        number(record, "NumberOfSeriesRelatedInstances"),
    )


def uid_or_none(text: str) -> Literal[True] | None:
    """True for a UID: it becomes part of addresses and of queries, so nothing else may be in it."""
    return True if re.fullmatch(r"[0-9]+(\.[0-9]+)*", text) and len(text) <= 64 else None


def matches(text: str, patterns: Sequence[str]) -> bool:
    """Whether one of the wildcard patterns (``*``, ``?``) matches, whatever the case; no pattern matches anything."""
    return not patterns or any(_expression(p).fullmatch(_plain(text)) for p in patterns)


def variants(pattern: str) -> tuple[str, ...]:
    """How one pattern is asked of peers that mind case: two spellings find all usual ones, and what else they find is sorted out here.

    Letters outside ASCII become a wildcard, as character sets differ, and so do those that part the values of a list.
    """
    text = unicodedata.normalize("NFC", pattern)
    # "mr pelvis*" -> "?? ?elvis*" finds MR Pelvis, Mr pelvis and so on
    small = re.sub(r"(?<!\w)(\w{1,2}(?!\w)|\w)", lambda found: "?" * len(found[0]), _ascii(text.lower()))
    asked = [small, _ascii(text.upper())]
    if text not in (text.lower(), text.upper(), text.title()):
        asked.append(_ascii(text))
    return tuple(dict.fromkeys(asked))


def _ascii(text: str) -> str:
    return re.sub(r"\*+", "*", re.sub(r"[^\x20-\x7e]+", "*", re.sub(r"[,\\]", "?", text)))


def union(records: Iterable[Record], keyword: str) -> list[Record]:
    """Each UID once, the first record of it."""
    kept: dict[str, Record] = {}
    for record in records:
        kept.setdefault(first(record, keyword), record)
    return list(kept.values())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().strip()


def _expression(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(c, re.escape(c)) for c in _plain(pattern)), re.DOTALL)
