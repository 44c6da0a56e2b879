"""Sending results: C-STORE or STOW-RS, and then asking whether they are there. What is there is not sent again."""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gluteal_grade.errors import GradeError, Reason, RefusedInput, TransientFailure
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.contexts import UNCOMPRESSED
from gluteal_grade.pacs.query import directory, images_in

_PAUSES_S = (0.0, 0.5, 1.0, 2.0, 4.0)  # before each look: some archives list an object a moment after they took it
_AT_ONCE = 64 << 20  # bytes of one STOW request
_WARNINGS = (0xB000, 0xB006, 0xB007)
_DUPLICATE = 0x0111


@dataclass(frozen=True)
class Object:
    """A file to be sent."""

    path: Path = field(repr=False)
    study: str = field(repr=False)
    series: str = field(repr=False)
    instance: str = field(repr=False)
    sop_class: str
    syntax: str


@dataclass(frozen=True)
class Sent:
    """What became of the objects.

    Attributes:
        sent: how many the peer took just now.
        already: how many it had.
        warnings: how many it took with a warning (coerced, elements dropped).
        verified: it was asked, and has all of them; False only for a peer that can't be asked (no C-FIND).
    """

    sent: int
    already: int
    warnings: int = 0
    verified: bool = True


def listed(settings: PacsSettings, files: Sequence[Path]) -> list[Path] | None:
    """Those of these objects that the peer lists; None where it can't be asked. Raises as `send_objects`."""
    objects = {one.instance: one for one in map(_object, files)}
    there = _there(settings, _sends_by_web(settings), list(objects.values()))
    return None if there is None else [one.path for one in objects.values() if one.instance in there]


def send_objects(settings: PacsSettings, files: Sequence[Path], *, may_hide: bool = False) -> Sent:
    """Send DICOM files to the peer, and ask for each whether it is there.

    Args:
        settings: the peer; `send_by` says how.
        files: DICOM files; may be of several studies.
        may_hide: the peer may take them and never list them, as archives do with rejection notes: its word that it took them is enough.

    Raises:
        RefusedInput: `unreadable_dicom`, a file is no DICOM file.
        TransientFailure: `send_failed` (not taken, with the codes), `not_stored` (taken, but not there),
            `peer_unreachable`, `peer_refused`, `query_failed`.
    """
    objects = [_object(path) for path in files]
    objects = list({one.instance: one for one in objects}.values())
    if not objects:
        return Sent(0, 0)
    by_web = _sends_by_web(settings)
    there = None if may_hide else _there(settings, by_web, objects)
    todo = [one for one in objects if one.instance not in (there or ())]
    if not todo:
        return Sent(0, len(objects))
    codes = _by_stow(settings, todo) if by_web else _by_store(settings, todo)
    warnings = sum(code in _WARNINGS for code in codes.values())
    failed = {one: code for one, code in codes.items() if code not in (0x0000, _DUPLICATE, *_WARNINGS)}
    missing = set() if there is None else _missing(settings, by_web, todo)
    # the archive's word counts: what it refused as a duplicate and has is fine, what it took and has not is not
    refused = [code for one, code in failed.items() if there is None or one in missing]
    if refused:
        words = ", ".join(sorted({"no answer" if code is None else f"{code:04X}" for code in refused}))
        raise TransientFailure(Reason.SEND_FAILED, f"{len(refused)} of {len(objects)} not taken: status {words}")
    if missing:
        raise TransientFailure(Reason.NOT_STORED, f"{len(missing)} of {len(objects)} are not there")
    return Sent(len(todo), len(objects) - len(todo), warnings, verified=there is not None)


def _sends_by_web(settings: PacsSettings) -> bool:
    return settings.send_by == "web" or settings.pacs is None


def _object(path: Path) -> Object:
    from pydicom import dcmread

    from gluteal_grade.io import quiet_pydicom

    tags = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"]
    try:
        with quiet_pydicom():
            found = dcmread(path, stop_before_pixels=True, specific_tags=tags)
            syntax = str(found.file_meta.TransferSyntaxUID)
            study, series, instance, sop_class = (str(found[tag].value) for tag in tags)
    except Exception as error:
        raise RefusedInput(Reason.UNREADABLE_DICOM, f"an object to be sent ({type(error).__name__})") from None
    return Object(path, study, series, instance, sop_class, syntax)


def _there(settings: PacsSettings, by_web: bool, objects: Sequence[Object]) -> set[str] | None:
    """SOPInstanceUIDs that the peer has; None where it takes objects but cannot be asked."""
    from gluteal_grade.pacs.association import NotOffered

    series: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in objects:
        series[one.study, one.series].add(one.instance)
    try:
        with directory(settings, "web" if by_web else "dimse") as peer:
            return {uid for (study, name), uids in series.items() for uid in uids & images_in(peer, study, name).keys()}
    except NotOffered:
        return None


def _missing(settings: PacsSettings, by_web: bool, objects: Sequence[Object]) -> set[str]:
    left = list(objects)
    for pause in _PAUSES_S:
        time.sleep(pause)
        there = _there(settings, by_web, left) or set()
        left = [one for one in left if one.instance not in there]
        if not left:
            break
    return {one.instance for one in left}


def _by_store(settings: PacsSettings, objects: Sequence[Object]) -> dict[str, int | None]:
    """Status of each by SOPInstanceUID."""
    from pynetdicom import build_context

    from gluteal_grade.pacs.association import associated

    kinds = list(dict.fromkeys((one.sop_class, one.syntax) for one in objects))
    # one context a transfer syntax, and for what is not compressed the other way of writing it too
    contexts = [build_context(c, [s, *(u for u in UNCOMPRESSED if s in UNCOMPRESSED and u != s)]) for c, s in kinds[:128]]
    codes: dict[str, int | None] = {}
    with associated(settings, contexts) as (association, watch):
        for one in objects:
            if not association.is_established:
                raise watch.failure()
            try:
                codes[one.instance] = _stored(association, one)
            except ValueError:  # no accepted context
                raise TransientFailure(Reason.PEER_REFUSED, "the peer does not take this kind of object") from None
            if codes[one.instance] is None:
                raise watch.failure()
    return codes


def _stored(association: Any, one: Object) -> int | None:
    from pydicom import dcmread

    from gluteal_grade.io import quiet_pydicom

    with quiet_pydicom():
        status = association.send_c_store(dcmread(one.path))
    return int(status.Status) if "Status" in status else None


def _by_stow(settings: PacsSettings, objects: Sequence[Object]) -> dict[str, int | None]:
    """Status of each by SOPInstanceUID; what the answer does not name counts as taken, until it is asked for."""
    from gluteal_grade.pacs.web import web_peer

    codes: dict[str, int | None] = {}
    with web_peer(settings) as peer:
        for batch in _batches(objects):
            codes |= {one.instance: 0x0000 for one in batch} | _stowed(peer, batch)
    return codes


def _stowed(peer: Any, batch: Sequence[Object]) -> dict[str, int | None]:
    from gluteal_grade.pacs.multipart import written
    from gluteal_grade.pacs.web import JSON, parsed, values

    boundary = uuid.uuid4().hex
    headers = {**JSON, "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}'}
    body = written((one.path.read_bytes() for one in batch), boundary)
    failed: dict[str, int | None] = {}
    # 409: none was stored, or some were not; the answer says which (PS3.18 10.5.3)
    with peer.answer("POST", "/studies", Reason.SEND_FAILED, headers=headers, data=body, fine=(409,)) as found:
        data = peer.body(found)
        conflict = found.status_code == 409
    try:
        told = parsed(data, Reason.SEND_FAILED)
    except GradeError:
        told = None  # XML or nothing: the query afterwards tells
    for item in values(told, "FailedSOPSequence"):
        uid = "".join(str(v) for v in values(item, "ReferencedSOPInstanceUID"))
        code = values(item, "FailureReason")
        failed[uid] = int(code[0]) if code and str(code[0]).isdigit() else None
    for item in values(told, "ReferencedSOPSequence"):
        uid = "".join(str(v) for v in values(item, "ReferencedSOPInstanceUID"))
        warned = values(item, "WarningReason")
        if warned and str(warned[0]).isdigit():
            failed[uid] = int(warned[0])
    if conflict and not failed:
        return dict.fromkeys((one.instance for one in batch), None)
    return {uid: code for uid, code in failed.items() if uid in {one.instance for one in batch}}


def _batches(objects: Sequence[Object]) -> Iterator[list[Object]]:
    batch: list[Object] = []
    size = 0
    for one in objects:
        more = one.path.stat().st_size
        if batch and size + more > _AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += more
    if batch:
        yield batch
