"""Storage commitment (PS3.4 J): a sender asks which of its images are safely here, and may then delete its own."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gluteal_grade.pacs.arrivals import Arrivals
from gluteal_grade.pacs.config import LocalSettings
from gluteal_grade.pacs.contexts import COMMITMENT, UNCOMPRESSED
from gluteal_grade.pacs.inbox import stored_image
from gluteal_grade.pacs.log import StepLog
from gluteal_grade.pacs.tls import client_context

_WELL_KNOWN = "1.2.840.10008.1.20.1.1"
_NO_SUCH_INSTANCE, _CLASS_CONFLICT = 0x0112, 0x0119  # PS3.3 C.14
_ANSWER_S = 10.0
_TRIES = 3
_MOST = 100_000  # instances of one request


@dataclass(frozen=True)
class Committed:
    """What a request comes to.

    Attributes:
        transaction: its UID, to be sent back.
        stored: SOP class and instance UIDs that are on the disk.
        failed: those that are not, with the failure reason.
        studies: hashes of the studies they belong to.
    """

    transaction: str
    stored: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str, int], ...]
    studies: frozenset[str]

    def report(self) -> tuple[int, Any]:
        """Event type (1: all stored, 2: some are not) and event information of the N-EVENT-REPORT."""
        from pydicom.dataset import Dataset

        data = Dataset()
        data.TransactionUID = self.transaction
        if self.stored:
            data.ReferencedSOPSequence = [_item(*one) for one in self.stored]
        if self.failed:
            data.FailedSOPSequence = [_item(*one) for one in self.failed]
        return (2 if self.failed else 1), data


def commit(request: Any, inbox: Path, arrivals: Arrivals) -> Committed:
    """Look for each instance of a request on the disk; studies of which all are there need to wait no longer.

    Args:
        request: action information of the N-ACTION, a data set.
        inbox: folder of the receiver.
        arrivals: told which studies are whole.

    Raises:
        ValueError: no transaction UID, or too many or no instances.
    """
    items = list(request.get("ReferencedSOPSequence") or [])
    transaction = str(request.get("TransactionUID") or "")
    if not transaction or not 0 < len(items) <= _MOST:
        raise ValueError("not a storage commitment request")
    where = list(arrivals.studies())
    stored, failed, studies = [], [], []
    for item in items:
        asked = str(item.get("ReferencedSOPClassUID") or ""), str(item.get("ReferencedSOPInstanceUID") or "")
        study, path = next(((one, path) for one in where if (path := stored_image(inbox / one, asked[1])) is not None), (None, None))
        if study is None or path is None:
            failed.append((*asked, _NO_SUCH_INSTANCE))
        elif _class_of(path) != asked[0]:
            failed.append((*asked, _CLASS_CONFLICT))
        else:
            stored.append(asked)
            studies.append(study)
            if where[0] != study:  # the next one is most likely beside it
                where.remove(study)
                where.insert(0, study)
    if not failed:
        arrivals.hurry(set(studies))
    return Committed(transaction, tuple(stored), tuple(failed), frozenset(studies))


class Answers:
    """Sends the results, each in a thread of its own: to the peer's listener if we know it, else on the asking association."""

    def __init__(self, settings: LocalSettings, log: StepLog) -> None:
        self._settings, self._log = settings, log
        self._wait = threading.Event()

    def send(self, association: Any, result: Committed) -> None:
        """Begin to send; the outcome goes to the log."""
        threading.Thread(target=self._send, args=(association, result), name="commitment", daemon=True).start()

    def stop(self) -> None:
        """Stop trying to deliver answers."""
        self._wait.set()

    def _send(self, association: Any, result: Committed) -> None:
        peer = association.requestor.ae_title.strip()
        known = peer in self._settings.listeners
        for attempt in range(_TRIES if known else 1):
            if self._wait.wait(0.2 if attempt == 0 else 5.0 * attempt):  # first: let the response to the request go out
                return
            try:
                sent = self._to_listener(peer, result) if known else _report(association, result)
            except Exception:  # the library raises what it likes when a peer goes away
                sent = False
            if sent:
                break
        self._log("commitment_answered" if sent else "commitment_unanswered", stored=len(result.stored), missing=len(result.failed))

    def _to_listener(self, peer: str, result: Committed) -> bool:
        from pynetdicom import AE, build_role

        listener = self._settings.listeners[peer]
        entity = AE(ae_title=self._settings.ae_title)
        entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _ANSWER_S
        entity.add_requested_context(COMMITMENT, list(UNCOMPRESSED))
        tls = None if self._settings.tls is None else (client_context(self._settings.tls), listener.host)
        role = build_role(COMMITMENT, scp_role=True)  # we call, but we are the provider
        association = entity.associate(listener.host, listener.port, ae_title=peer, ext_neg=[role], tls_args=tls)
        if not association.is_established:
            return False
        try:
            return _report(association, result)
        finally:
            association.release()


def _report(association: Any, result: Committed) -> bool:
    if not association.is_established:
        return False
    association.dimse_timeout = _ANSWER_S
    kind, data = result.report()
    status, _ = association.send_n_event_report(data, kind, COMMITMENT, _WELL_KNOWN)
    return "Status" in status and status.Status == 0x0000


def _item(sop_class: str, instance: str, reason: int | None = None) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    if reason is not None:
        item.FailureReason = reason
    return item


def _class_of(path: Path) -> str:
    from pydicom.filereader import read_file_meta_info

    try:
        return str(read_file_meta_info(path).MediaStorageSOPClassUID)
    except Exception:  # gone or damaged: not safely stored
        return ""
