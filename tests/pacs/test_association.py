import time
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.pacs.config import LocalSettings, PacsSettings, PeerSettings, TlsSettings
from gluteal_grade.pacs.echo import echo_all
from gluteal_grade.pacs.query import find_directory
from gluteal_grade.pacs.tls import server_context
from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc, free_port
from tests.pacs.archive import archive, settings_for
from tests.pacs.certificates import authority, certificate
from tests.pacs.servers import mute

needs_orthanc = pytest.mark.skipif(not AVAILABLE, reason="Orthanc is not installed")


def settings(port: int, timeout_s: float = 1.0, **more: Any) -> PacsSettings:
    peer = PeerSettings(ae_title="PEER", host="127.0.0.1", port=port, timeout_s=timeout_s, **more)
    return PacsSettings(pacs=peer, out=Path("out"))


def failure_of(found: PacsSettings) -> TransientFailure:
    with pytest.raises(TransientFailure) as caught, find_directory(found) as peer:
        peer.ask("STUDY", {"StudyDate": "20240510"})
    return caught.value


def test_nobody_listens() -> None:
    failure = failure_of(settings(free_port()))
    assert (failure.reason, failure.detail) == (Reason.PEER_UNREACHABLE, "no connection")


def test_a_host_that_does_not_exist() -> None:
    found = settings(104)
    assert found.pacs is not None
    unknown = found.pacs.model_copy(update={"host": "archive.invalid"})
    assert failure_of(found.model_copy(update={"pacs": unknown})).reason is Reason.PEER_UNREACHABLE


def test_a_peer_that_says_nothing_is_given_up_in_time() -> None:
    with mute() as port:
        started = time.monotonic()
        failure = failure_of(settings(port))
        took = time.monotonic() - started
    assert (failure.reason, failure.detail) == (Reason.PEER_UNREACHABLE, "the peer said nothing for 1 s")
    assert 0.9 < took < 20  # pynetdicom alone would wait for 30 s after its abort


def test_settings_without_a_peer_are_wrong_settings(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pacs"), find_directory(PacsSettings(out=tmp_path)):
        pass


def test_a_service_the_peer_does_not_have() -> None:
    ae = AE(ae_title="PEER")
    ae.add_supported_context(Verification)
    server = ae.start_server(("127.0.0.1", 0), block=False)
    try:
        port = server.socket.getsockname()[1]
        failure = failure_of(settings(port))
        assert failure.reason is Reason.PEER_REFUSED
        told = {one.service: one.failure for one in echo_all(settings(port))}
    finally:
        server.shutdown()
    assert told["C-ECHO"] is None
    assert told["C-FIND"] is not None
    assert told["C-FIND"].reason is Reason.PEER_REFUSED


@pytest.mark.parametrize("status", [0xA700, 0xA900, 0xC001])
def test_the_status_is_told_and_not_the_words_of_the_peer(status: int) -> None:
    from pydicom.dataset import Dataset
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as Model

    def handle(_event: Any) -> Any:
        answer = Dataset()
        answer.Status, answer.ErrorComment = status, "no match for Muster^Hans"
        yield answer, None

    ae = AE(ae_title="PEER")
    ae.add_supported_context(Model)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, handle)])
    try:
        failure = failure_of(settings(server.socket.getsockname()[1]))
    finally:
        server.shutdown()
    assert (failure.reason, failure.detail) == (Reason.QUERY_FAILED, f"status {status:04X} at study level")


@needs_orthanc
def test_ae_titles_that_are_not_known(tmp_path: Path) -> None:
    strict = {"DicomCheckCalledAet": True, "DicomAlwaysAllowFind": False, "DicomAlwaysAllowEcho": False, "DicomAlwaysAllowGet": False}
    with Orthanc(tmp_path / "orthanc", modalities={"us": ("KNOWN", "127.0.0.1", 104)}, extra=strict) as orthanc:
        known = LocalSettings(ae_title="KNOWN")
        failure = failure_of(settings_for(orthanc, tmp_path, local=known, peer={"ae_title": "ELSE"}))
        assert (failure.reason, failure.detail) == (Reason.PEER_REFUSED, "association rejected: it does not go by this AE title")
        failure = failure_of(settings_for(orthanc, tmp_path))  # lets everybody in, and throws out who asks
        assert (failure.reason, failure.detail) == (Reason.PEER_UNREACHABLE, "the peer aborted; does it let our AE title do this?")
        with find_directory(settings_for(orthanc, tmp_path, local=known)) as peer:
            assert peer.ask("STUDY", {"StudyDate": "20240510"}) == []


@needs_orthanc
def test_echo_tells_what_works(tmp_path: Path) -> None:
    for way, service in (("get", "C-GET"), ("move", "C-MOVE")):
        told = echo_all(archive().settings(query={"retrieve": way}))
        assert {one.service: one.failure for one in told} == dict.fromkeys(("C-ECHO", "C-FIND", service, "DICOMweb"))
    dead = archive().settings(peer={"port": free_port()}, web={"url": f"http://127.0.0.1:{free_port()}"})
    assert {one.failure.reason for one in echo_all(dead) if one.failure} == {Reason.PEER_UNREACHABLE}
    assert all(one.failure for one in echo_all(dead))


# Mutual TLS


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TlsSettings]:
    folder = tmp_path_factory.mktemp("tls")
    ours, theirs = authority(folder, "ours"), authority(folder, "theirs")
    made = {name: certificate(folder, name, ours) for name in ("peer", "us")} | {"stranger": certificate(folder, "stranger", theirs)}
    return {name: TlsSettings(certificate=c, key=k, trusted=ours[0]) for name, (c, k) in made.items()}


@pytest.mark.parametrize(
    ("ours", "theirs", "name", "works"),
    [
        ("us", "peer", "peer.test", True),
        ("us", "peer", "other.test", False),
        ("us", "peer", None, False),
        ("us", "stranger", "stranger.test", False),
        ("stranger", "peer", "peer.test", False),
        (None, "peer", None, False),
    ],
)
def test_tls_is_mutual(ours: str | None, theirs: str, name: str | None, works: bool, tls: dict[str, TlsSettings]) -> None:
    ae = AE(ae_title="PEER")
    ae.add_supported_context(Verification)
    server = ae.start_server(("127.0.0.1", 0), block=False, ssl_context=server_context(tls[theirs]))
    try:
        found = settings(server.socket.getsockname()[1], 2.0, tls=tls[ours] if ours else None, tls_name=name)
        echo = echo_all(found)[0]
    finally:
        server.shutdown()
    assert (echo.failure is None) is works
    if echo.failure is not None:
        assert echo.failure.reason is Reason.PEER_UNREACHABLE
