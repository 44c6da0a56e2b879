"""Asking a PACS which studies it has: by C-FIND or by QIDO-RS, with the same answer."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.pacs.config import PacsSettings, QuerySettings
from gluteal_grade.pacs.found import (
    RETURNED,
    Directory,
    Found,
    FoundSeries,
    Level,
    Record,
    first,
    matches,
    series_of,
    study_of,
    union,
    variants,
)

MOST_MATCHES = 100_000  # of one query; a peer that never ends its answers does not fill the memory
_PENDING = (0xFF00, 0xFF01)


class FindDirectory:
    """A peer asked by C-FIND, study root (PS3.4 C.6.2), over one association."""

    def __init__(self, association: Any, watch: Any) -> None:
        self._association = association
        self._watch = watch

    def ask(self, level: Level, keys: Mapping[str, str]) -> list[Record]:
        """See `Directory`."""
        from pydicom.dataset import Dataset
        from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind

        from gluteal_grade.io import quiet_pydicom

        query = Dataset()
        query.QueryRetrieveLevel = level
        for keyword in RETURNED[level]:
            setattr(query, keyword, "")
        found: list[Record] = []
        with quiet_pydicom():
            for keyword, value in keys.items():
                setattr(query, keyword, value)
            if not self._association.is_established:
                raise self._watch.failure()
            for status, answer in self._association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
                if "Status" not in status:
                    raise self._watch.failure()
                if status.Status in _PENDING:
                    if answer is None:
                        raise TransientFailure(Reason.QUERY_FAILED, "an answer cannot be decoded")
                    found.append(_record(answer, RETURNED[level]))
                    if len(found) > MOST_MATCHES:
                        raise TransientFailure(Reason.QUERY_FAILED, f"more than {MOST_MATCHES} matches")
                elif status.Status != 0x0000:
                    raise TransientFailure(Reason.QUERY_FAILED, f"status {status.Status:04X} at {level.lower()} level")
        return found


@contextmanager
def find_directory(settings: PacsSettings) -> Iterator[Directory]:
    """The peer of `settings.pacs`, for the time of the block.

    Raises:
        TransientFailure: see `associated`.
    """
    from pynetdicom import build_context
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as Model

    from gluteal_grade.pacs.association import associated

    with associated(settings, [build_context(Model)]) as (association, watch):
        yield FindDirectory(association, watch)


@contextmanager
def directory(settings: PacsSettings, by: Literal["dimse", "web"] | None = None) -> Iterator[Directory]:
    """Whom the settings say to ask: DICOMweb where studies are fetched by it or there is no other peer, else C-FIND."""
    if by == "web" or (by is None and asks_web(settings)):
        from gluteal_grade.pacs.web import web_directory

        with web_directory(settings) as one:
            yield one
    else:
        with find_directory(settings) as one:
            yield one


def asks_web(settings: PacsSettings) -> bool:
    """Whether studies are looked for by DICOMweb."""
    return settings.web is not None and (settings.query.retrieve == "web" or settings.pacs is None)


def find_studies(
    settings: PacsSettings,
    since: datetime.date,
    until: datetime.date,
    known: Collection[str] = (),
    left: Callable[[int], object] = lambda _: None,
    by: Literal["dimse", "web"] | None = "dimse",
    most: int | None = None,
) -> list[Found]:
    """Studies of these days (both included) that fit `settings.query`, the oldest first, then by hash.

    Modality, description and date are asked for and checked again here: peers differ in what they match, and how.

    Args:
        settings: whom to ask, and for what.
        since: first StudyDate.
        until: last StudyDate.
        known: hashes of studies that are left out and do not count.
        left: told how many studies more there are than `most`; not called where all are returned.
        by: C-FIND or QIDO-RS; None: as the settings say.
        most: how many are returned; None: `query.max_studies`.

    Raises:
        TransientFailure: `peer_unreachable`, `peer_refused`, `query_failed`.
    """
    if until < since:
        return []
    most = settings.query.max_studies if most is None else most
    with directory(settings, by) as peer:
        dates = f"{since:%Y%m%d}-{until:%Y%m%d}"
        found = [s for s in _asked(peer, settings.query, {"StudyDate": dates}) if s.date and since <= s.date <= until]
        found = sorted((s for s in found if s.hash not in known), key=lambda s: (s.date or since, s.hash))
        kept = _detailed(peer, settings.query, found, most + 1)
        if len(kept) <= most:
            return kept
    # how many more is told from the list of candidates: to be exact would mean to ask for the series of all of them
    left(len(found) - [s.study_uid for s in found].index(kept[-1].study_uid))
    return kept[:-1]


def find_studies_web(settings: PacsSettings, since: datetime.date, until: datetime.date, **more: Any) -> list[Found]:
    """Studies of these days, by QIDO-RS; see `find_studies`."""
    return find_studies(settings, since, until, by="web", **more)


def find_priors(settings: PacsSettings, found: Found, by: Literal["dimse", "web"] | None = None) -> list[Found]:
    """Studies of the same patient from earlier days that fit `settings.query`, the latest first, `settings.query.priors` of them.

    Same patient: same PatientID and same issuer. Without a PatientID there are none.

    Raises:
        TransientFailure: `peer_unreachable`, `peer_refused`, `query_failed`.
    """
    if not found.patient_id or found.date is None or not settings.query.priors:
        return []
    before = found.date - datetime.timedelta(days=1)
    keys = {"PatientID": found.patient_id, "StudyDate": f"-{before:%Y%m%d}"}
    if found.issuer:
        keys["IssuerOfPatientID"] = found.issuer
    with directory(settings, by) as peer:
        earlier = [
            one
            for one in _asked(peer, settings.query, keys)
            # again here: a PatientID may hold a * or ?, and then others match too
            if (one.patient_id, one.issuer) == (found.patient_id, found.issuer) and one.date and one.date <= before
        ]
        earlier.sort(key=lambda one: (one.date or before, one.hash), reverse=True)
        return _detailed(peer, settings.query, earlier, settings.query.priors)


def patients_of(settings: PacsSettings, study_uid: str) -> set[str]:
    """PatientIDs under which the peer lists one study; more than one where a patient was corrected and both are kept.

    Raises:
        TransientFailure: `peer_unreachable`, `peer_refused`, `query_failed`.
    """
    with directory(settings) as peer:
        return {first(r, "PatientID") for r in peer.ask("STUDY", {"StudyInstanceUID": study_uid})} - {""}


def series_in(peer: Directory, study_uid: str) -> list[FoundSeries]:
    """Its series in the order of their UIDs."""
    records = union(peer.ask("SERIES", {"StudyInstanceUID": study_uid}), "SeriesInstanceUID")
    found = [series_of(r) for r in records if first(r, "StudyInstanceUID") in ("", study_uid)]
    return sorted((s for s in found if s is not None), key=lambda s: s.uid)


def images_in(peer: Directory, study_uid: str, series_uid: str) -> dict[str, str]:
    """SOPInstanceUID -> SOPClassUID (empty where the peer does not say) of one series."""
    records = peer.ask("IMAGE", {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid})
    return {uid: first(r, "SOPClassUID") for r in records if (uid := first(r, "SOPInstanceUID"))}


def _asked(peer: Directory, query: QuerySettings, keys: Mapping[str, str]) -> list[Found]:
    descriptions = tuple(dict.fromkeys(v for p in query.descriptions for v in variants(p))) or ("",)
    records: list[Record] = []
    # one modality a query: a list of them is not matched everywhere
    for modality, description in itertools.product(query.modalities or ("",), descriptions):
        asked = {"ModalitiesInStudy": modality, "StudyDescription": description}
        records += peer.ask("STUDY", {**{k: v for k, v in asked.items() if v}, **keys})
    studies = [study_of(r) for r in union(records, "StudyInstanceUID")]
    return [s for s in studies if s is not None and matches(s.description, query.descriptions) and _fits(s.modalities, query.modalities)]


def _fits(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the modalities fit, or cannot be told yet."""
    return not found or not wanted or not set(found).isdisjoint(m.upper() for m in wanted)


def _detailed(peer: Directory, query: QuerySettings, found: Sequence[Found], most: int) -> list[Found]:
    """The first that fit, with the series and counts that had to be asked for on the way."""
    kept: list[Found] = []
    for one in found:
        if len(kept) == most:
            break
        if query.body_parts or one.images is None or not one.modalities:
            one = _with_series(peer, one)
            if not _fits(one.modalities, query.modalities) or not _shows(one, query):
                continue
        kept.append(one)
    return kept


def _with_series(peer: Directory, one: Found) -> Found:
    series = tuple(
        s if s.images is not None else replace(s, images=len(images_in(peer, one.study_uid, s.uid)))
        for s in series_in(peer, one.study_uid)
    )  # fmt: skip
    counted = sum(s.images or 0 for s in series)
    modalities = one.modalities or tuple(sorted({s.modality for s in series} - {""}))
    return replace(one, series=series, modalities=modalities, images=counted if one.images is None else one.images)


def _shows(one: Found, query: QuerySettings) -> bool:
    wanted = {m.upper() for m in query.modalities}
    parts = [s.body_part for s in one.series if not wanted or s.modality in wanted]
    return not query.body_parts or any(part and matches(part, query.body_parts) for part in parts)


def _record(answer: Any, keywords: Sequence[str]) -> Record:
    """Values as text; one that cannot be read is as good as not told."""
    record: dict[str, tuple[str, ...]] = {}
    for keyword in keywords:
        try:
            value = answer.get(keyword)
        except (ValueError, TypeError, AttributeError, LookupError):
            continue
        if value is None or value == "":
            continue
        values = value if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue" else [value]
        record[keyword] = tuple(str(v) for v in values)
    return record
