"""An output folder with every kind of study, and rooms and servers on it."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gluteal_grade.cli import run
from gluteal_grade.review.catalogue import Catalogue
from gluteal_grade.review.corrections import Corrections
from gluteal_grade.review.model import Session
from gluteal_grade.review.store import Store
from gluteal_grade.review.web.reading_room import ReadingRoom, Seat
from gluteal_grade.review.web.stacks import Stacks
from tests.cohort.studies import write_pair
from tests.waiting import PATIENCE_S

MARKUP = "<script>alert('x')</script><img src=//evil.example/a.png>"
DOUBTFUL, OLD = "d0d0d0d0d0d0", "0ddf0ddf0ddf"


def make_graded(folder: Path) -> Path:
    """Two sound studies, one refused, one doubtful with metal and markup in every text, one written by an older version (no image)."""
    out = folder / "out"
    for name, fat in (("lean", 0.1), ("fatty", 0.4)):
        source = write_pair(folder / "in", name, fat, len(name))
        assert run(["grade", str(source), "-o", str(out), "--labels", str(source / "labels.nii.gz"), "-q"]) in (0, 3)
    sound = sorted(p for p in out.iterdir() if p.is_dir())
    source = write_pair(folder / "in", "refused", 0.2, 9)
    (source / "fat.nii.gz").unlink()
    assert run(["grade", str(source), "-o", str(out), "--labels", str(source / "labels.nii.gz"), "-q"]) == 2
    _doubtful(sound[0], out / DOUBTFUL)
    shutil.copytree(sound[1], out / OLD)
    _rewritten(out / OLD, lambda result: None)
    (out / OLD / "image.nii.gz").unlink()
    with (out / "studies.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["study", "patient", "days"])
        writer.writerows([[sound[0].name, "P1", "0"], [DOUBTFUL, f"P2{MARKUP}", "0"]])
    return out


def sound_studies(out: Path) -> list[str]:
    """Hashes of the two sound studies."""
    found = {p.name: json.loads((p / "result.json").read_text()) for p in out.iterdir() if (p / "result.json").is_file()}
    return sorted(h for h, result in found.items() if h not in (DOUBTFUL, OLD) and result["status"] != "refused")


def refused_study(out: Path) -> str:
    """Hash of the refused one."""
    return next(p.parent.name for p in out.glob("*/result.json") if json.loads(p.read_text())["status"] == "refused")


def _doubtful(source: Path, folder: Path) -> None:
    shutil.copytree(source, folder)

    def change(result: dict) -> None:
        for muscle in result["muscles"][:1]:
            muscle["status"] = "needs_review"
            muscle["checks"] = [{"reason": "label_in_pieces", "detail": f"in 3 pieces {MARKUP}", "advice": "look"}]
        result["notes"] = [{"reason": "metal", "detail": f"metal {MARKUP}", "advice": "look"}]
        result["metal"] = [
            {"side": side, "present": side == "right", "sources": [], "evidence": MARKUP, "zone_ml": 0, "zone_reach_mm": 0}
            for side in ("right", "left")
        ]

    _rewritten(folder, change)


def trusted(out: Path, trust: dict[str, float]) -> None:
    """Results in which the left minimus has this outline trust, all other muscles more; by study."""
    for study, least in trust.items():

        def change(result: dict, least: float = least) -> None:
            for muscle in result["muscles"]:
                worst = (muscle["muscle"], muscle["side"]) == ("gluteus_minimus", "left")
                muscle["outline_trust"] = least if worst else (1 + least) / 2

        _rewritten(out / study, change)


def _rewritten(folder: Path, change: Callable[[dict], None]) -> None:
    path = folder / "result.json"
    result = json.loads(path.read_text())
    result["study"] = folder.name
    change(result)
    path.write_text(json.dumps(result))


@contextmanager
def reading_room_of(out: Path, *seats: Seat, data: Path | None = None, **more: object) -> Iterator[ReadingRoom]:
    """A room as the server has it."""
    catalogue = Catalogue(out)
    catalogue.refresh()
    room = ReadingRoom(
        out=out,
        catalogue=catalogue,
        store=Store(out),
        corrections=Corrections(out, data),
        stacks=Stacks(),
        data=data,
        seats=seats or (Seat(Session("anna")),),
        **more,  # type: ignore[arg-type]
    )
    try:
        yield room
    finally:
        room.close()


class Server:
    """`gluteal-grade review` in a process of its own."""

    def __init__(self, out: Path, *arguments: object, reader: str = "anna") -> None:
        self.command = [sys.executable, "-m", "gluteal_grade", "review", str(out), "--reader", reader, *map(str, arguments)]
        self.process: subprocess.Popen[str] | None = None
        self.address = ""
        self.start()

    def start(self) -> None:
        """Start, again on the same port if it has run before."""
        port = re.sub(r"\D", "", self.address.split(":")[-1]) or "0"
        command = [*self.command, "--port", port]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert "Ctrl-C ends" in first, self.process.communicate()[1]
        self.link = self.process.stdout.readline().split(": ", 1)[1].strip()
        self.address = self.link.split("/enter")[0].rstrip("/")

    def kill(self) -> None:
        """As by a power cut."""
        self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Exit code, and what it said on stderr."""
        assert self.process is not None
        self.process.send_signal(number)
        _, told = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, told


@contextmanager
def server(out: Path, *arguments: object, reader: str = "anna") -> Iterator[Server]:
    """One that runs during the block."""
    one = Server(out, *arguments, reader=reader)
    try:
        yield one
    finally:
        assert one.process is not None
        if one.process.poll() is None:
            one.end()
