"""The three ways of fetching, each opened for the time of a study."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from gluteal_grade.errors import GradeError, Reason, TransientFailure
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.contexts import STORAGE, SYNTAXES, UNCOMPRESSED
from gluteal_grade.pacs.landing import IMAGE_CLASSES, Landing, Part
from gluteal_grade.pacs.multipart import BrokenMultipart, boundary_of, read_parts

# of MR and CT series too, but no images: taken, so that the peer's count comes out, and not written
_OTHERS = (*STORAGE[11:], "1.2.840.10008.5.1.4.1.1.66", "1.2.840.10008.5.1.4.1.1.4.2", "1.2.840.10008.5.1.4.1.1.11.1")
_OFTEN = IMAGE_CLASSES[:7]
_CANNOT, _FULL, _OTHER_STUDY = 0xC000, 0xA700, 0xA900
_WADO = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
_SINGLY = 20  # up to so many missing images of a series are asked for one by one


@dataclass(frozen=True)
class Wanted:
    """What is fetched in one go.

    Attributes:
        study_uid: of the study.
        series_uid: None where the peer does not know the series level, and the whole study is fetched.
        images: SOPInstanceUIDs; None where the peer does not tell them.
        count: how many the peer counts; None where it does not.
    """

    study_uid: str
    series_uid: str | None
    images: tuple[str, ...] | None
    count: int | None


@dataclass
class Tally:
    """Sub-operations, as the peer counts them."""

    failed: int = 0
    warned: int = 0

    def __str__(self) -> str:
        return f"{self.failed} failed, {self.warned} with a warning"


class Fetcher(Protocol):
    """One way of fetching; opened for the time of a study."""

    def __call__(self, wanted: Wanted, landing: Landing, tally: Tally, /) -> None:
        """Fetch what the landing lacks."""
        ...


@contextmanager
def by_get(settings: PacsSettings) -> Iterator[Fetcher]:
    """C-GET (PS3.4 C.4.3): the images come on the association that asks for them.

    Raises:
        TransientFailure: `peer_unreachable`, `peer_refused`.
    """
    from pynetdicom import build_context, build_role, evt
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as Model

    from gluteal_grade.pacs.association import associated, need

    # One context a transfer syntax: the peer picks one of a context's, and then could not send what is stored in another.
    contexts = [build_context(Model)]
    contexts += [build_context(one, [syntax]) for one in _OFTEN for syntax in SYNTAXES]
    contexts += [build_context(one, list(UNCOMPRESSED)) for one in (*IMAGE_CLASSES[len(_OFTEN) :], *_OTHERS)]
    roles = [build_role(one, scp_role=True) for one in (*IMAGE_CLASSES, *_OTHERS)]
    desk = _Desk()
    with associated(settings, contexts, roles, [(evt.EVT_C_STORE, desk.store)]) as (association, watch):
        need(association, Model, "C-GET")

        def fetch(wanted: Wanted, landing: Landing, tally: Tally) -> None:
            desk.landing = landing
            if not association.is_established:
                raise watch.failure()
            _followed(association.send_c_get(_identifier(wanted), Model), tally, watch, landing)

        yield fetch


@contextmanager
def by_move(settings: PacsSettings) -> Iterator[Fetcher]:
    """C-MOVE (PS3.4 C.4.2): the images come on associations that the peer opens to us, as many as it likes.

    Raises:
        TransientFailure: `peer_unreachable`, `peer_refused`, `port_in_use`.
    """
    from pynetdicom import AE, build_context, evt
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as Model
    from pynetdicom.sop_class import Verification

    from gluteal_grade.pacs.association import associated, peer_of
    from gluteal_grade.pacs.tls import server_context

    local, query = settings.local, settings.query
    title, port = query.move_to or local.ae_title, query.move_port or local.port
    desk = _Desk()
    with associated(settings, [build_context(Model)]) as (association, watch):
        ae = AE(ae_title=title)
        ae.supported_contexts = [build_context(one, list(SYNTAXES)) for one in (*IMAGE_CLASSES, *_OTHERS)]
        ae.add_supported_context(Verification)
        ae.require_called_aet = True
        ae.maximum_associations = local.max_associations
        ae.maximum_pdu_size = local.max_pdu
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = peer_of(settings).timeout_s
        context = server_context(local.tls) if local.tls else None
        try:
            # what moves on these associations counts as a sign of life too
            handlers = [*watch.handlers, (evt.EVT_C_STORE, desk.store)]
            server = ae.start_server((local.host, port), block=False, evt_handlers=handlers, ssl_context=context)
        except OSError as error:
            raise TransientFailure(Reason.PORT_IN_USE, f"port {port} for the images of a C-MOVE ({type(error).__name__})") from None

        def fetch(wanted: Wanted, landing: Landing, tally: Tally) -> None:
            desk.landing = landing
            if not association.is_established:
                raise watch.failure()
            before = len(landing.here)
            try:
                _followed(association.send_c_move(_identifier(wanted), title, Model), tally, watch, landing)
            except TransientFailure as failure:
                # some peers break off instead of answering A801 (destination unknown)
                if failure.reason is Reason.PEER_UNREACHABLE and not watch.fired and len(landing.here) == before:
                    raise TransientFailure(Reason.RETRIEVE_FAILED, f"the peer broke off; does it know {title}, host and port?") from None
                raise
            while server.active_associations and not watch.fired and wanted.images and landing.lacks(wanted.images):
                time.sleep(0.02)  # the last answer may overtake the last image

        try:
            yield fetch
        finally:
            server.shutdown()


@contextmanager
def by_wado(settings: PacsSettings) -> Iterator[Fetcher]:
    """WADO-RS (PS3.18 10.4), as stored: whole series, or single images where few are missing."""
    from gluteal_grade.pacs.web import web_peer

    with web_peer(settings) as peer:

        def load(path: str, landing: Landing) -> None:
            landing.check_space()
            with peer.answer("GET", path, Reason.RETRIEVE_FAILED, headers=_WADO) as found:
                boundary = boundary_of(found.headers.get("Content-Type", ""))
                chunks = peer.chunks(found)
                try:
                    if boundary:
                        read_parts(chunks, boundary, (landing.part() for _ in itertools.count()))
                    else:
                        _single(chunks, landing.part())
                except BrokenMultipart:
                    raise TransientFailure(Reason.RETRIEVE_FAILED, "the answer ends early or is no multipart") from None
                except ValueError:
                    raise TransientFailure(Reason.RETRIEVE_FAILED, "a part is no DICOM file of this study") from None

        def fetch(wanted: Wanted, landing: Landing, _tally: Tally) -> None:
            path = f"/studies/{wanted.study_uid}" + (f"/series/{wanted.series_uid}" if wanted.series_uid else "")
            missing = landing.lacks(wanted.images or ())
            if wanted.images and len(missing) < len(wanted.images) and len(missing) <= _SINGLY:
                for uid in missing:
                    load(f"{path}/instances/{uid}", landing)
            else:
                load(path, landing)

        yield fetch


class _Desk:
    """Takes what the peer stores with us."""

    def __init__(self) -> None:
        self.landing: Landing | None = None

    def store(self, event: Any) -> int:
        """The status to answer (PS3.4 B.2.3)."""
        landing, request = self.landing, event.request
        if landing is None or landing.failure is not None:
            return _FULL
        try:
            from pynetdicom.dsutils import encode_file_meta

            head = b"\0" * 128 + b"DICM" + encode_file_meta(event.file_meta)
            landing.put(head, request.DataSet, str(event.context.transfer_syntax))
        except GradeError:
            return _FULL
        except ValueError:
            return _OTHER_STUDY
        except Exception as error:  # whatever it is: told by its kind alone
            landing.failure = landing.failure or TransientFailure(Reason.RETRIEVE_FAILED, type(error).__name__)
            return _CANNOT
        return 0x0000


def _single(chunks: Any, part: Part) -> None:
    try:
        for chunk in chunks:
            part.write(chunk)
    except BaseException:
        part.drop()
        raise
    part.done()


def _identifier(wanted: Wanted) -> Any:
    from pydicom.dataset import Dataset

    found = Dataset()
    found.QueryRetrieveLevel = "SERIES" if wanted.series_uid else "STUDY"
    found.StudyInstanceUID = wanted.study_uid
    if wanted.series_uid:
        found.SeriesInstanceUID = wanted.series_uid
    return found


def _followed(answers: Any, tally: Tally, watch: Any, landing: Landing) -> None:
    """To the last answer; a failure of it is raised, single images that failed are counted."""
    for status, _ in answers:
        if "Status" not in status:
            raise landing.failure or watch.failure()
        code = int(status.Status)
        if code in (0xFF00, 0xFF01):
            continue
        tally.failed += int(status.get("NumberOfFailedSuboperations") or 0)
        tally.warned += int(status.get("NumberOfWarningSuboperations") or 0)
        if code not in (0x0000, 0xB000) and landing.failure is None:
            raise TransientFailure(Reason.RETRIEVE_FAILED, f"status {code:04X}; {tally}")
