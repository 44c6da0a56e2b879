"""What the tests of receiving share: images to send, a receiver in this process or another, and real senders."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from gluteal_grade.io.study import study_id
from gluteal_grade.pacs.config import LocalSettings, PacsSettings, ReceiveSettings
from gluteal_grade.pacs.health import Metrics
from gluteal_grade.pacs.inbox import images_in, studies_in
from gluteal_grade.pacs.log import StepLog
from gluteal_grade.pacs.receiver import Receiver
from gluteal_grade_lab.orthanc import free_port
from tests.waiting import PATIENCE_S

STORESCU = shutil.which("storescu")
ENVIRONMENT = {**os.environ, "TCP_NODELAY": "1"}  # dcmtk waits 40 ms for each image without it
NAME, PATIENT = "Geheim^Name", "PID-4711"


def uid(study: int, image: int | None = None) -> str:
    """Made up, and the same every time."""
    return f"1.2.826.0.1.3680043.10.99.{study}" + ("" if image is None else f".{image}")


def image(study: int, number: int, side: int = 16, seed: int = 0) -> Dataset:
    """One MR image of noise."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = MRImageStorage, uid(study, number)
    data.StudyInstanceUID, data.SeriesInstanceUID = uid(study), uid(study) + ".0.1"
    data.PatientName, data.PatientID, data.Modality, data.InstanceNumber = NAME, PATIENT, "MR", number
    data.Rows = data.Columns = side
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.SamplesPerPixel, data.PixelRepresentation, data.PhotometricInterpretation = 15, 1, 0, "MONOCHROME2"
    data.PixelData = np.random.default_rng(1000 * study + number + 10**6 * seed).integers(0, 4096, (side, side), dtype="u2").tobytes()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return data


def write(folder: Path, study: int, count: int, side: int = 16) -> Path:
    """A folder of images of one study."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        image(study, number, side).save_as(folder / f"{study}-{number}.dcm", enforce_file_format=True)
    return folder


def write_many(folder: Path, study: int, count: int) -> Path:
    """The same for many: one image made, its number exchanged in the bytes."""
    (one,) = write(folder, study, 1).iterdir()
    image(study, 1001).save_as(one, enforce_file_format=True)
    made = one.read_bytes()
    one.unlink()
    for number in range(1000, 1000 + count):
        (folder / f"{study}-{number}.dcm").write_bytes(made.replace(b".1001", b".%d" % number))
    return folder


def storescu(port: int, *what: Path, aet: str = "SENDER", aec: str = "GLUTEAL_GRADE", more: tuple[str, ...] = ()) -> int:
    """dcmtk's sender; its exit code, 0 if every image was answered with success."""
    return start_storescu(port, *what, aet=aet, aec=aec, more=more).wait(60)


def start_storescu(port: int, *what: Path, aet: str = "SENDER", aec: str = "GLUTEAL_GRADE", more: tuple[str, ...] = ()) -> Any:
    command = ["storescu", "-aet", aet, "-aec", aec, "-to", "10", *more, "+sd", "+r", "127.0.0.1", str(port), *map(str, what)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Running:
    """A receiver in this process on a free port; what it said is in `lines`."""

    def __init__(self, inbox: Path, local: dict[str, Any] | None = None, receive: dict[str, Any] | None = None) -> None:
        self.local = LocalSettings(**({"port": free_port(), "peers": ("SENDER", "ORTHANC")} | (local or {})))
        self.receive = ReceiveSettings(**({"inbox": inbox, "quiet_s": 0.3, "min_free_gb": 0} | (receive or {})))
        self.said, self.metrics = StringIO(), Metrics()
        self.receiver = Receiver(self.local, self.receive, StepLog(self.said), self.metrics)

    def __enter__(self) -> Running:
        self.receiver.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.receiver.stop(1)

    @property
    def port(self) -> int:
        return self.local.port

    def lines(self, step: str | None = None) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.said.getvalue().splitlines()]
        return [one for one in found if step in (None, one["step"])]

    def refusals(self, reason: str) -> float:
        return self.metrics.registry.get_sample_value("gluteal_grade_refusals_total", {"reason": reason}) or 0.0


class Process:
    """`gluteal-grade pacs receive` in a process of its own, by its function."""

    def __init__(self, folder: Path, *options: str, receive: dict[str, Any] | None = None) -> None:
        self.folder, self.options, self.port = folder, options, free_port()
        self.inbox = folder / "inbox"
        folder.mkdir(parents=True, exist_ok=True)
        settings = PacsSettings(
            local=LocalSettings(port=self.port, peers=("SENDER",)),
            receive=ReceiveSettings(**({"inbox": self.inbox, "quiet_s": 0.5, "min_free_gb": 0} | (receive or {}))),
            out=folder / "out",
        )
        (folder / "pacs.yaml").write_text(json.dumps(settings.model_dump(mode="json")), encoding="utf-8")  # JSON is YAML
        self.output = folder / "output.txt"

    def start(self) -> Process:
        code = "import sys, typer\nfrom gluteal_grade.cli.pacs_receive import receive\napp = typer.Typer()\napp.command()(receive)\n"
        code += "sys.exit(app(standalone_mode=False))\n"
        command = [sys.executable, "-c", code, "--config", str(self.folder / "pacs.yaml"), "--json", "--grace", "1", *self.options]
        with self.output.open("ab") as stream:
            self.process = subprocess.Popen(command, stdout=stream, stderr=stream)
        heard = len(self.lines("listening"))
        wait(lambda: len(self.lines("listening")) > heard or self.process.poll() is not None, 30)
        assert self.process.poll() is None, self.output.read_text()
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)

    def lines(self, step: str | None = None) -> list[dict[str, Any]]:
        if not self.output.exists():
            return []
        found = [json.loads(line) for line in self.output.read_text().splitlines() if line.startswith("{")]
        return [one for one in found if step in (None, one["step"])]

    def memory_mb(self) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024


def wait(until: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Wait for something; AssertionError if it does not come."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def contents(inbox: Path) -> dict[str, int]:
    """Study hash -> number of images."""
    return {study: len(images_in(inbox / study)) for study in studies_in(inbox)}


def hash_of(study: int) -> str:
    return study_id([uid(study)])


def in_background(work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
