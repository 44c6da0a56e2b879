"""Whether the peers answer: C-ECHO, C-FIND offered, DICOMweb."""

from __future__ import annotations

from dataclasses import dataclass

from gluteal_grade.errors import GradeError, Reason, TransientFailure
from gluteal_grade.pacs.config import PacsSettings


@dataclass(frozen=True)
class Echo:
    """One service.

    Attributes:
        service: its name, e.g. ``"C-ECHO"``.
        failure: None where it works.
    """

    service: str
    failure: GradeError | None = None


def echo_all(settings: PacsSettings) -> list[Echo]:
    """Try every service that the settings use; nothing is asked that names a patient.

    Raises:
        ValueError: the settings' TLS files or secrets cannot be read.
    """
    tried = []
    if settings.pacs is not None:
        tried += _dimse(settings)
    if settings.web is not None:
        tried.append(_web(settings))
    return tried


def _dimse(settings: PacsSettings) -> list[Echo]:
    from pynetdicom import build_context
    from pynetdicom.sop_class import (
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
        StudyRootQueryRetrieveInformationModelMove,
        Verification,
    )

    from gluteal_grade.pacs.association import associated, need

    services = {"C-ECHO": Verification, "C-FIND": StudyRootQueryRetrieveInformationModelFind}
    if settings.query.retrieve == "get":
        services["C-GET"] = StudyRootQueryRetrieveInformationModelGet
    elif settings.query.retrieve == "move":
        services["C-MOVE"] = StudyRootQueryRetrieveInformationModelMove
    told: dict[str, Echo] = {}
    try:
        with associated(settings, [build_context(one) for one in services.values()]) as (association, watch):
            for name, service in services.items():
                try:
                    need(association, service, name)
                    told[name] = Echo(name)
                except GradeError as failure:
                    told[name] = Echo(name, failure)
            if told["C-ECHO"].failure is None:
                status = association.send_c_echo()
                if "Status" not in status:
                    raise watch.failure()
                if status.Status != 0x0000:
                    told["C-ECHO"] = Echo("C-ECHO", TransientFailure(Reason.PEER_REFUSED, f"status {int(status.Status):04X}"))
    except GradeError as failure:
        told = {name: Echo(name, failure) for name in services}
    return list(told.values())


def _web(settings: PacsSettings) -> Echo:
    from gluteal_grade.pacs.web import web_peer

    try:
        with web_peer(settings) as peer:
            # a study that cannot be: one request, no patient
            peer.json("/studies", [("StudyInstanceUID", "2.25.0"), ("limit", "1")], Reason.QUERY_FAILED)
    except GradeError as failure:
        return Echo("DICOMweb", failure)
    return Echo("DICOMweb")
