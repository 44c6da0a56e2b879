"""The job of every night against a real Orthanc: asked, fetched, graded by the networks, sent back, told; nothing twice, nothing lost."""

from __future__ import annotations

import csv
import datetime
import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pydicom
import pytest
import requests

from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc, free_port
from tests.pacs.hospital import TODAY, hash_of, push, study
from tests.program import PROGRAM, program
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="Debian's orthanc is not installed")


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    with Orthanc(tmp_path / "orthanc") as server:
        yield server


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made")


def config(folder: Path, orthanc: Orthanc, **more: str) -> Path:
    lines = {
        "out": "out", "local": "{ae_title: GG}", "retry": "{attempts: 2, first_s: 0.1}",
        "pacs": f"{{ae_title: ORTHANC, host: 127.0.0.1, port: {orthanc.dicom_port}, timeout_s: 60}}",
        "web": f"{{url: '{orthanc.dicomweb_url}', timeout_s: 60}}",
    } | more  # fmt: skip
    path = folder / "pacs.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
    return path


def quick(folder: Path) -> list[str]:
    """Options for networks that look once instead of twice, and one picture: what they find does not matter here."""
    (folder / "quick.yaml").write_text("segmentation: {hip: {looks: 1}}\nreport: {pictures: summary}\n")
    return ["--settings", str(folder / "quick.yaml"), "-j", "1", "--json"]


def night(path: Path, code: int | None = None, until: datetime.date = TODAY) -> dict[str, Any]:
    """One night, and its summary."""
    done = program("pacs", "nightly", "--config", path, "--until", until, *quick(path.parent))
    assert "Doe" not in done.stdout + done.stderr
    assert code is None or done.returncode == code, done.stdout + done.stderr
    summary = json.loads((path.parent / "out" / "nights" / "latest.json").read_text())
    assert isinstance(summary, dict)
    return summary


def series(orthanc: Orthanc) -> Counter[str]:
    """Series by modality, as QIDO-RS finds them."""
    found = requests.get(f"{orthanc.dicomweb_url}/series?includefield=Modality", headers={"Accept": "application/dicom+json"}, timeout=120)
    return Counter(one["00080060"]["Value"][0] for one in found.json())


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data + " "


@pytest.mark.long
def test_a_night_and_the_next_ones(orthanc: Orthanc, made: Path, tmp_path: Path) -> None:
    good = push(orthanc, study(made, 0))
    bad = push(orthanc, study(made, 1, keep=1))
    push(orthanc, study(made, 2, description="MR Knee", keep=2))
    push(orthanc, study(made, 3, date=TODAY - datetime.timedelta(days=90), keep=2))
    path = config(tmp_path, orthanc)
    first = night(path, 3)
    assert (first["found"], first["graded"], [s["study"] for s in first["not_graded"]]) == (2, [good], [bad])
    assert first["not_graded"][0]["reason"] == "single_slice"
    assert (first["sent_ok"], first["not_sent"], first["complete"]) == (1, [], True)
    there = series(orthanc)
    assert (there["SEG"], there["SR"], there["OT"]) == (1, 1, 1)
    page = _Cells()
    page.feed((tmp_path / "out" / "nights" / "latest.html").read_text())
    assert bad in page.text
    assert "single_slice" in page.text
    assert not (tmp_path / "out" / ".incoming").exists()

    second = night(path, 0)
    assert (second["found"], second["known"], second["states"], second["sent_ok"]) == (2, 2, {}, 0)
    assert series(orthanc) == there

    late = pydicom.dcmread(next((made / "study0_20260310_None").rglob("*.dcm")))  # another image of the same study
    late.SOPInstanceUID = late.file_meta.MediaStorageSOPInstanceUID = f"{late.SOPInstanceUID}.1"[:64]
    late.SeriesInstanceUID, late.SeriesNumber, late.SeriesDescription = "2.25.77", 77, "localizer"
    late.save_as(tmp_path / "late.dcm")
    orthanc.upload(tmp_path / "late.dcm")
    third = night(path)
    assert third["graded"] == [good]
    assert third["known"] == 1
    for file in (tmp_path / "out").rglob("*"):
        assert "Doe" not in file.name
        if file.suffix in (".json", ".csv", ".html", ".sqlite"):
            text = re.sub(rb"base64,[A-Za-z0-9+/=]+", b"", file.read_bytes())  # pictures, in which any three letters may stand
            assert b"Doe" not in text, file.name


@pytest.mark.long
def test_fetched_and_sent_by_web(orthanc: Orthanc, made: Path, tmp_path: Path) -> None:
    good = push(orthanc, study(made, 0))
    assert night(config(tmp_path, orthanc, query="{retrieve: web}", send_by="web"), 0)["graded"] == [good]
    assert series(orthanc)["SEG"] == 1


@pytest.mark.long
def test_the_prior_study_is_fetched_by_move_for_comparison_and_gets_no_results(made: Path, tmp_path: Path) -> None:
    port = free_port()
    with Orthanc(tmp_path / "orthanc", modalities={"gg": ("GG", "127.0.0.1", port)}) as orthanc:
        push(orthanc, study(made, 3, patient="P", date=TODAY - datetime.timedelta(days=400)))
        now = push(orthanc, study(made, 4, patient="P"))
        local = f"{{ae_title: GG, port: {port}, peers: [ORTHANC]}}"
        found = night(config(tmp_path, orthanc, query="{retrieve: move}", local=local), 0)
        assert (found["graded"], found["priors"]) == ([now], 1)
        assert series(orthanc)["SEG"] == 1
    with (tmp_path / "out" / "changes.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {r["days_current"] for r in rows} == {"400"}
    assert {r["study_current"] for r in rows} == {now}


@pytest.mark.long
def test_a_pacs_that_is_away_ends_the_night_and_the_next_one_asks_again(orthanc: Orthanc, made: Path, tmp_path: Path) -> None:
    good = push(orthanc, study(made, 0))
    path = config(tmp_path, orthanc)
    orthanc.stop()
    found = night(path, 1)
    assert [f["reason"] for f in found["failures"]] == ["peer_unreachable"]
    assert not found["complete"]
    orthanc.start()
    found = night(path, 0, TODAY + datetime.timedelta(days=5))
    assert found["since"] == str(TODAY + datetime.timedelta(days=4))  # no night was complete: as on the first
    assert night(path, 0, TODAY)["graded"] == [good]


@pytest.mark.long
@pytest.mark.timeout(900)  # five nights, one after the other
def test_killed_in_the_middle_it_goes_on_and_sends_nothing_twice(orthanc: Orthanc, made: Path, tmp_path: Path) -> None:
    names = {push(orthanc, study(made, n)) for n in (0, 1)}
    path = config(tmp_path, orthanc)
    words = ["pacs", "nightly", "--config", str(path), "--until", str(TODAY), *quick(tmp_path)]
    for step in ('"fetched"', '"graded"'):
        running = subprocess.Popen([*PROGRAM, *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True)
        assert running.stderr is not None
        assert any(step in line for line in running.stderr), f"ended before {step}"
        os.killpg(running.pid, signal.SIGSTOP)  # held in the middle, however long the second takes to start
        try:
            assert running.poll() is None
            other = program(*words)
        finally:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            running.stderr.close()
        assert other.returncode == 1
        assert "output_in_use" in other.stderr
    end = time.monotonic() + PATIENCE_S  # workers of the killed night notice that it is gone
    while True:
        found = program(*words)
        if "output_in_use" not in found.stderr or time.monotonic() > end:
            break
        time.sleep(0.3)
    assert found.returncode == 0, found.stderr
    there = series(orthanc)
    assert (there["SEG"], there["SR"], there["OT"]) == (2, 2, 2)
    listed = [r["study"] for r in csv.DictReader((tmp_path / "out" / "studies.csv").open())]
    assert sorted(listed) == sorted(names)


@pytest.mark.long
def test_results_that_could_not_be_sent_are_sent_the_next_night(made: Path, tmp_path: Path) -> None:
    with Orthanc(tmp_path / "source") as source, Orthanc(tmp_path / "target") as target:
        good = push(source, study(made, 0))
        path = config(tmp_path, source, web=f"{{url: '{target.dicomweb_url}', timeout_s: 60}}", send_by="web", query="{retrieve: get}")
        target.stop()
        found = night(path, 3)
        assert [(s["study"], s["reason"]) for s in found["not_sent"]] == [(good, "peer_unreachable")]
        assert not found["complete"]
        target.start()
        found = night(path, 0)
        assert (found["states"], found["sent_ok"]) == ({}, 1)
        assert series(target)["SEG"] == 1


@pytest.mark.parametrize("text", ["out: x\n", "out: x\nnothing: 1\n", "- a\n"])
def test_wrong_settings_are_wrong_usage(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    done = program("pacs", "nightly", "--config", tmp_path / "p.yaml")
    assert done.returncode == 64
    assert not (tmp_path / "x").exists()


def test_hashes_are_those_of_the_study(made: Path) -> None:
    assert len({hash_of(study(made, n, keep=1)) for n in (0, 1)}) == 2
