import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.pacs.config import PacsSettings, PeerSettings, RetrySettings
from gluteal_grade.pacs.multipart import Sink, read_parts
from gluteal_grade.pacs.peer import PacsPeer
from gluteal_grade.pacs.send import Sent, listed, send_objects
from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc, free_port
from tests.pacs.archive import Made, archive, make, object_of, settings_for
from tests.pacs.servers import http
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="Orthanc is not installed")
By = Literal["store", "web"]
BOTH = pytest.mark.parametrize("by", ["store", "web"])
SEG, SR = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.88.33"


def results(folder: Path, name: str) -> tuple[Made, list[Path]]:
    """Two objects, of another series each, of a study the archive does not have."""
    made = make(folder / "images", name, 2, PatientID="R", StudyDate="20240101")
    seg = object_of(made, folder / f"{name}-seg.dcm", SEG, "SEG", "8")
    return made, [seg, object_of(made, folder / f"{name}-sr.dcm", SR, "SR", "9")]


@BOTH
def test_sent_verified_and_the_second_time_nothing_is_sent(by: By, tmp_path: Path) -> None:
    made, files = results(tmp_path, f"sent{by}")
    settings = archive().settings(send_by=by)
    assert listed(settings, files) == []
    assert send_objects(settings, files) == Sent(2, 0)
    assert archive().orthanc.instances(made.uid) == [f"{made.uid}.8.99", f"{made.uid}.9.99"]
    before = archive().orthanc._get("/changes?last")["Last"]
    assert send_objects(settings, files) == Sent(0, 2)
    later = archive().orthanc._get(f"/changes?since={before}")["Changes"]  # that a series is stable now may be among them
    assert "NewInstance" not in {change["ChangeType"] for change in later}
    more = list(made.files.values())
    assert send_objects(settings, [*files, *more]) == Sent(2, 2)
    assert listed(settings, [*files, *more]) == [*files, *more]


@BOTH
def test_the_job_is_told_what_is_new(by: By, tmp_path: Path) -> None:
    _, files = results(tmp_path, f"job{by}")
    peer = PacsPeer(archive().settings(send_by=by), lambda *_, **__: pytest.fail("tried again"))
    assert [peer.send(files[:1]), peer.send(files), peer.send(files)] == [1, 1, 0]


def test_nothing_to_send_asks_nobody(tmp_path: Path) -> None:
    assert send_objects(PacsSettings(out=tmp_path), []) == Sent(0, 0)


@BOTH
def test_a_file_that_is_no_dicom_is_refused_and_nothing_sent(by: By, tmp_path: Path) -> None:
    made, files = results(tmp_path, f"bad{by}")
    (tmp_path / "Muster_Hans.dcm").write_bytes(b"no dicom")
    with pytest.raises(RefusedInput) as caught:
        send_objects(archive().settings(send_by=by), [*files, tmp_path / "Muster_Hans.dcm"])
    assert caught.value.reason is Reason.UNREADABLE_DICOM
    assert "Muster" not in str(caught.value)
    assert archive().orthanc.instances(made.uid) == []


class Ids(Sink):
    """Reads the identities of what a STOW request brings."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def done(self) -> None:
        pass

    def drop(self) -> None:
        pass


def stow(status: int, told: dict[str, Any] | bytes, listed: bool) -> Any:
    """Answers STOW as told, and QIDO with what was sent, or with nothing."""
    stored: list[str] = []

    def answer(method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if method == "GET":
            return 200, {}, json.dumps([{"00080018": {"Value": [uid]}} for uid in stored]).encode()
        from io import BytesIO

        from pydicom import dcmread

        parts: list[Ids] = []

        def sinks() -> Iterator[Ids]:
            while True:
                parts.append(Ids())
                yield parts[-1]

        boundary = body[2 : body.index(b"\r\n")].decode()
        assert read_parts([body], boundary, sinks()) == len(parts)
        if listed:
            stored.extend(str(dcmread(BytesIO(one.data)).SOPInstanceUID) for one in parts)
        return status, {}, told if isinstance(told, bytes) else json.dumps(told).encode()

    return answer


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks three times only."""
    monkeypatch.setattr("gluteal_grade.pacs.send._PAUSES_S", (0.0, 0.01, 0.02))


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("status", [200, 202])
def test_a_server_that_says_yes_and_stores_nothing_is_caught(status: int, tmp_path: Path) -> None:
    _, files = results(tmp_path, "liar")
    with http(stow(status, {}, listed=False)) as (url, asked), pytest.raises(TransientFailure) as caught:
        send_objects(archive().settings(send_by="web", web={"url": url}), files)
    assert caught.value.reason is Reason.NOT_STORED
    assert caught.value.detail == "2 of 2 are not there"
    assert [method for method, _, _ in asked].count("POST") == 1


@pytest.mark.usefixtures("hasty")
def test_some_that_were_not_taken_are_told_with_their_codes(tmp_path: Path) -> None:
    made, files = results(tmp_path, "partly")
    failed = {"00081155": {"Value": [f"{made.uid}.8.99"]}, "00081197": {"Value": [0xA900]}, "00081150": {"Value": [SEG]}}
    with (
        http(stow(202, {"00081198": {"vr": "SQ", "Value": [failed]}}, listed=False)) as (url, _),
        pytest.raises(TransientFailure) as caught,
    ):
        send_objects(archive().settings(send_by="web", web={"url": url}), files)
    assert caught.value.reason is Reason.SEND_FAILED
    assert "1 of 2 not taken: status A900" in caught.value.detail
    assert made.uid not in str(caught.value)


@pytest.mark.parametrize("answer", [b"<NativeDicomModel/>", b"", b"[]", b'{"00081198": {"Value": "x"}}'])
def test_an_answer_that_tells_nothing_is_settled_by_asking(answer: bytes, tmp_path: Path) -> None:
    _, files = results(tmp_path, "xml")
    with http(stow(200, answer, listed=True)) as (url, _):
        assert send_objects(archive().settings(send_by="web", web={"url": url}), files) == Sent(2, 0)


def test_what_is_refused_as_a_duplicate_and_is_there_is_well(tmp_path: Path) -> None:
    made, files = results(tmp_path, "twice")
    failed = [
        {"00081155": {"Value": [f"{made.uid}.{n}.99"]}, "00081197": {"Value": [0x0111 if n == 8 else 0xC409]}} for n in (8, 9)
    ]  # fmt: skip
    with http(stow(409, {"00081198": {"vr": "SQ", "Value": failed}}, listed=True)) as (url, _):
        assert send_objects(archive().settings(send_by="web", web={"url": url}), files) == Sent(2, 0)


def test_a_warning_is_counted(tmp_path: Path) -> None:
    made, files = results(tmp_path, "warned")
    taken = {"00081155": {"Value": [f"{made.uid}.8.99"]}, "00081196": {"Value": [0xB000]}}
    with http(stow(202, {"00081199": {"vr": "SQ", "Value": [taken]}}, listed=True)) as (url, _):
        assert send_objects(archive().settings(send_by="web", web={"url": url}), files) == Sent(2, 0, 1)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(("status", "reason"), [(500, Reason.SEND_FAILED), (413, Reason.SEND_FAILED), (403, Reason.PEER_REFUSED)])
def test_http_errors_of_stow(status: int, reason: Reason, tmp_path: Path) -> None:
    _, files = results(tmp_path, "http")
    with http(stow(status, b"name of a patient", listed=False)) as (url, _), pytest.raises(TransientFailure) as caught:
        send_objects(archive().settings(send_by="web", web={"url": url}), files)
    assert (caught.value.reason, caught.value.detail) == (reason, f"HTTP {status}")


def test_an_archive_that_is_down_and_comes_back(tmp_path: Path) -> None:
    made, files = results(tmp_path, "down")
    orthanc = Orthanc(tmp_path / "orthanc")
    told: list[str] = []
    with orthanc:
        orthanc.stop()
        settings = settings_for(orthanc, tmp_path / "out")
        peer = PacsPeer(settings, lambda step, **facts: told.append(f"{step} {facts['reason']}"), sleep=lambda _: orthanc.start())
        assert peer.send(files) == 2
        assert len(orthanc.instances(made.uid)) == 2
    assert told == ["send again peer_unreachable"]


# dcmtk's peers


def dcmtk(tmp_path: Path, port: int) -> PacsSettings:
    peer = PeerSettings(ae_title="DCMTK", host="127.0.0.1", port=port, timeout_s=10)
    return PacsSettings(pacs=peer, retry=RetrySettings(attempts=1), out=tmp_path / "out")


def listening(command: list[str], port: int, folder: Path) -> subprocess.Popen[bytes]:
    import socket

    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"{command[0]} does not listen")


@pytest.mark.skipif(shutil.which("storescp") is None, reason="dcmtk is not installed")
def test_a_peer_that_cannot_be_asked_takes_objects_unverified(tmp_path: Path) -> None:
    _, files = results(tmp_path, "storescp")
    (tmp_path / "there").mkdir()
    port = free_port()
    process = listening(["storescp", "-od", "there", str(port)], port, tmp_path)
    try:
        assert send_objects(dcmtk(tmp_path, port), files) == Sent(2, 0, verified=False)
    finally:
        process.kill()
        process.wait()
    assert len(list((tmp_path / "there").iterdir())) == 2


@pytest.mark.skipif(shutil.which("dcmqrscp") is None, reason="dcmtk is not installed")
def test_a_second_kind_of_archive(tmp_path: Path) -> None:
    """dcmqrscp: strict about AE titles, no counts of modalities; what was sent is found and fetched by C-GET and C-MOVE."""
    import datetime

    from gluteal_grade.pacs.query import find_studies
    from gluteal_grade.pacs.retrieve import fetch_study

    made = make(tmp_path / "images", "dcmqrscp", 4, PatientID="Q", StudyDate="20240510", StudyDescription="MR Pelvis")
    (tmp_path / "db").mkdir()
    port, ours = free_port(), free_port()
    (tmp_path / "dcmqrscp.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\nus = (GLUTEAL_GRADE, 127.0.0.1, {ours})\nHostTable END\n"
        f"VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nDCMTK {tmp_path / 'db'} RW (500, 1024mb) ANY\nAETable END\n"
    )
    process = listening(["dcmqrscp", "-c", str(tmp_path / "dcmqrscp.cfg")], port, tmp_path)
    try:
        settings = dcmtk(tmp_path, port)
        assert send_objects(settings, list(made.files.values())) == Sent(4, 0)
        assert send_objects(settings, list(made.files.values())) == Sent(0, 4)
        day = datetime.date(2024, 5, 10)
        (found,) = find_studies(settings, day, day)
        assert (found.study_uid, found.images, found.modalities) == (made.uid, 4, ("MR",))
        for way in ("get", "move"):
            query = settings.query.model_copy(update={"retrieve": way, "move_port": ours})
            assert fetch_study(settings.model_copy(update={"query": query}), found, tmp_path / way) == 4
            assert len(list((tmp_path / way).glob("*.dcm"))) == 4
        peer = settings.pacs.model_copy(update={"ae_title": "WRONG"}) if settings.pacs else None
        with pytest.raises(TransientFailure) as caught:
            find_studies(settings.model_copy(update={"pacs": peer}), day, day)
        assert caught.value.reason is Reason.PEER_REFUSED
    finally:
        process.kill()
        process.wait()
