import datetime
import hashlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from gluteal_grade.errors import GradeError, Reason, RefusedInput, TransientFailure
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.found import Found
from gluteal_grade.pacs.query import find_studies
from gluteal_grade.pacs.retrieve import fetch_study
from gluteal_grade.pacs.retry import with_retries
from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc, free_port
from tests.pacs.archive import Made, archive, make, settings_for
from tests.pacs.servers import Answer, http
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="Orthanc is not installed")
WAYS = pytest.mark.parametrize("way", ["get", "move", "web"])


def found_of(made: Made) -> Found:
    return Found(made.uid)


def name_of(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:24] + ".dcm"


def assert_complete(folder: Path, made: Made) -> None:
    """Exactly its images, each with the pixel data and identity that were uploaded."""
    assert sorted(one.name for one in folder.iterdir()) == sorted(name_of(uid) for uid in made.files)
    for uid, source in made.files.items():
        sent, came = dcmread(source), dcmread(folder / name_of(uid))
        assert came.SOPInstanceUID == uid
        assert came.PixelData == sent.PixelData
        assert came.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
        assert came.ImagePositionPatient == sent.ImagePositionPatient


@WAYS
def test_all_images_come_and_nothing_else(way: str, tmp_path: Path) -> None:
    made = archive().studies["now"]  # has a presentation state, and raw data in an MR series
    assert fetch_study(archive().settings(query={"retrieve": way}), found_of(made), tmp_path / "study") == len(made.files)
    assert_complete(tmp_path / "study", made)


@WAYS
def test_what_was_found_is_fetched(way: str, tmp_path: Path) -> None:
    settings = archive().settings(query={"retrieve": way})
    day = datetime.date(2024, 5, 10)
    ct = next(one for one in find_studies(settings, day, day, by=None) if one.modalities == ("CT",))
    assert fetch_study(settings, ct, tmp_path) == 4
    assert_complete(tmp_path, archive().studies["ct"])


@WAYS
def test_what_is_there_is_not_fetched_again(way: str, tmp_path: Path) -> None:
    made, settings = archive().studies["now"], archive().settings(query={"retrieve": way})
    fetch_study(settings, found_of(made), tmp_path)
    before = {one.name: (one.stat().st_ino, one.stat().st_mtime_ns) for one in tmp_path.iterdir()}
    gone = name_of(sorted(made.files)[0])
    (tmp_path / gone).unlink()
    (tmp_path / ".0123.partial").write_bytes(b"half an image")  # of a fetch that was killed
    assert fetch_study(settings, found_of(made), tmp_path) == len(made.files)
    assert_complete(tmp_path, made)
    for one in tmp_path.iterdir():
        if one.name != gone:
            assert (one.stat().st_ino, one.stat().st_mtime_ns) == before[one.name]


@WAYS
def test_a_study_that_is_not_there_is_refused(way: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedInput) as caught:
        fetch_study(archive().settings(query={"retrieve": way}), Found("1.2.3.4.5"), tmp_path)
    assert caught.value.reason is Reason.RETRIEVE_FAILED


def test_a_study_without_mr_or_ct_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedInput) as caught:
        fetch_study(archive().settings(), found_of(archive().studies["xray"]), tmp_path)
    assert caught.value.reason is Reason.NO_IMAGES


@pytest.mark.parametrize("transfer", ["jpegls", "rle", "deflated"])
@WAYS
def test_compressed_images_come_as_stored(way: str, transfer: str, tmp_path: Path) -> None:
    from gluteal_grade_lab.phantom.dicom_writer import save

    uid = f"2.25.888{['jpegls', 'rle', 'deflated'].index(transfer)}"
    source = tmp_path / "source.dcm"
    data = dcmread(next(iter(archive().studies["now"].files.values())))
    data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID = uid, f"{uid}.1", f"{uid}.1.1"
    data.StudyDate, data.PatientID = "20100101", "P9"  # other tests ask for the studies of P1
    del data.file_meta
    save(data, source, transfer)
    archive().orthanc.upload(source)
    made = Made(uid, {f"{uid}.1.1": source})
    assert fetch_study(archive().settings(query={"retrieve": way}), found_of(made), tmp_path / "out") == 1
    assert_complete(tmp_path / "out", made)


@WAYS
def test_a_full_disk_is_told_before_anything_is_written(way: str, tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free / 1e9
    receive = {"inbox": tmp_path / "inbox", "min_free_gb": free + 1000}
    with pytest.raises(TransientFailure) as caught:
        fetch_study(archive().settings(query={"retrieve": way}, receive=receive), found_of(archive().studies["now"]), tmp_path / "out")
    assert caught.value.reason is Reason.DISK_LOW
    assert list((tmp_path / "out").iterdir()) == []


def test_a_move_to_somebody_unknown_fails_with_advice(tmp_path: Path) -> None:
    settings = archive().settings(query={"retrieve": "move", "move_to": "NOBODY"})
    with pytest.raises(TransientFailure) as caught:
        fetch_study(settings, found_of(archive().studies["now"]), tmp_path)
    assert caught.value.reason is Reason.RETRIEVE_FAILED
    assert "C-MOVE" in caught.value.advice


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    settings = archive().settings(query={"retrieve": "move", "move_port": archive().orthanc.http_port})
    with pytest.raises(TransientFailure) as caught:
        fetch_study(settings, found_of(archive().studies["now"]), tmp_path)
    assert caught.value.reason is Reason.PORT_IN_USE


# An archive that goes away in the midst of it


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Orthanc, Made, int]]:
    """36 MB in 12 images, so that there is a midst."""
    folder = tmp_path_factory.mktemp("large")
    made = make(folder / "dicom", "large", 12, PatientID="L", StudyDate="20240101", StudyDescription="pelvis")
    for path in made.files.values():
        data = dcmread(path)
        data.Rows, data.Columns = 1024, 1536
        data.PixelData = os.urandom(1024 * 1536 * 2)
        data.save_as(path, enforce_file_format=True)
    port = free_port()
    with Orthanc(folder / "orthanc", modalities={"us": ("GLUTEAL_GRADE", "127.0.0.1", port)}) as orthanc:
        orthanc.upload(folder / "dicom")
        yield orthanc, made, port


def at_first_image(folder: Path, then: Callable[[], object]) -> threading.Thread:
    def look() -> None:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if any(folder.glob("*.dcm")):
                then()
                return
            time.sleep(0.0005)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    return thread


def settings_of(large: tuple[Orthanc, Made, int], way: str, folder: Path, **more: Any) -> PacsSettings:
    orthanc, _, port = large
    return settings_for(orthanc, folder / "out", port, query={"retrieve": way}, **more)


def process_of(orthanc: Orthanc) -> int:
    assert orthanc._process is not None
    return orthanc._process.pid


@pytest.mark.long
@WAYS
def test_an_archive_that_dies_is_a_passing_failure_and_the_next_attempt_goes_on(
    way: str, large: tuple[Orthanc, Made, int], tmp_path: Path
) -> None:
    orthanc, made, _ = large
    settings, folder = settings_of(large, way, tmp_path), tmp_path / "study"
    killer = at_first_image(folder, lambda: os.kill(process_of(orthanc), signal.SIGKILL))
    told: list[Reason] = []
    came: dict[str, int] = {}

    def restart(_wait_s: float) -> None:
        came.update({one.name: one.stat().st_ino for one in folder.glob("*.dcm")})
        assert not list(folder.glob(".*"))  # no half image is left lying
        orthanc.restart()

    def attempt() -> int:
        return fetch_study(settings, found_of(made), folder)

    assert with_retries(settings.retry, attempt, restart, lambda _n, _wait, failure: told.append(failure.reason)) == len(made.files)
    killer.join(5)
    assert len(told) == 1
    assert told[0] in (Reason.PEER_UNREACHABLE, Reason.RETRIEVE_FAILED)
    assert 1 <= len(came) < len(made.files)
    assert_complete(folder, made)
    assert {name: (folder / name).stat().st_ino for name in came} == came  # not written twice


@WAYS
def test_an_archive_that_falls_silent_is_given_up_within_the_time_out(way: str, large: tuple[Orthanc, Made, int], tmp_path: Path) -> None:
    orthanc, made, _ = large
    folder = tmp_path / "study"
    settings = settings_of(large, way, tmp_path, peer={"timeout_s": 1.0}, web={"timeout_s": 1.0})
    stopped: list[float] = []

    def stop() -> None:
        os.kill(process_of(orthanc), signal.SIGSTOP)
        stopped.append(time.monotonic())

    watcher = at_first_image(folder, stop)
    try:
        with pytest.raises(TransientFailure) as caught:
            fetch_study(settings, found_of(made), folder)
        took = time.monotonic() - stopped[0]
    finally:
        watcher.join(5)
        os.kill(process_of(orthanc), signal.SIGCONT)
    assert caught.value.reason is Reason.PEER_UNREACHABLE
    assert "said nothing for 1 s" in caught.value.detail
    assert 0.5 < took < 20
    assert fetch_study(settings_of(large, way, tmp_path), found_of(made), folder) == len(made.files)


# Web servers that send something else


def only_images(
    parts: Callable[[str], tuple[int, dict[str, str], bytes]],
) -> Callable[[str, str, bytes], tuple[int, dict[str, str], bytes]]:
    """QIDO of one series of one study with two images; WADO as told."""
    import json

    def answer(_method: str, path: str, _body: bytes) -> Answer:
        bare, _, query = path.partition("?")
        if not query:
            return parts(bare)
        level = bare.rsplit("/", 1)[1]
        found = {
            "series": [{"0020000E": {"Value": ["1.2.1"]}, "00080060": {"Value": ["MR"]}}],
            "instances": [{"00080018": {"Value": [uid]}} for uid in list(archive().studies["late"].files)],
        }[level]
        return 200, {}, json.dumps(found).encode()

    return answer


@pytest.mark.parametrize("case", ["half", "wrong study", "no dicom", "cut", "404", "one of two"])
def test_bad_answers_of_wado(case: str, tmp_path: Path) -> None:
    from gluteal_grade.pacs.multipart import written

    late, star = archive().studies["late"], archive().studies["star"]
    files = [one.read_bytes() for one in late.files.values()]
    body = {
        "half": written(files, "b")[:-4],
        "wrong study": written([one.read_bytes() for one in star.files.values()], "b"),
        "no dicom": written([b"hello"], "b"),
        "cut": written(files, "b")[:3000],
        "404": b"",
        "one of two": written(files[:1], "b"),
    }[case]
    status = 404 if case == "404" else 200
    headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}
    with http(only_images(lambda _: (status, headers, body))) as (url, _), pytest.raises(GradeError) as caught:
        fetch_study(archive().settings(query={"retrieve": "web"}, web={"url": url}), found_of(late), tmp_path)
    expected = Reason.RETRIEVE_INCOMPLETE if case == "one of two" else Reason.RETRIEVE_FAILED
    assert caught.value.reason is expected
    assert isinstance(caught.value, TransientFailure)
    kept = {"half": 2, "one of two": 1}.get(case, 0)
    assert len(list(tmp_path.iterdir())) == kept
    assert late.uid not in str(caught.value)


def test_a_single_file_instead_of_a_multipart_is_taken(tmp_path: Path) -> None:
    late = archive().studies["late"]
    files = {uid: path.read_bytes() for uid, path in late.files.items()}
    first = next(iter(files))
    shutil.copy(late.files[first], tmp_path / name_of(first))  # so that the other one is asked for by itself
    with http(only_images(lambda path: (200, {"Content-Type": "application/dicom"}, files[path.rsplit("/", 1)[1]]))) as (url, asked):
        assert fetch_study(archive().settings(query={"retrieve": "web"}, web={"url": url}), found_of(late), tmp_path) == 2
    assert [path for _, path, _ in asked if "?" not in path] == [f"/studies/{late.uid}/series/1.2.1/instances/{list(files)[1]}"]
    assert_complete(tmp_path, late)
