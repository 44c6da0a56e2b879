"""The receiver as a service: what is whole goes to the handler, once, whatever the handler does."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.pacs.arrivals import Arrivals, Ready
from gluteal_grade.pacs.config import LocalSettings, PacsSettings, ReceiveSettings, RetrySettings
from gluteal_grade.pacs.inbox import images_in
from gluteal_grade.pacs.log import StepLog
from gluteal_grade.pacs.receiving import run_receiver
from gluteal_grade_lab.orthanc import free_port
from tests.pacs.receiving import STORESCU, Process, contents, hash_of, in_background, storescu, wait, write

pytestmark = pytest.mark.skipif(STORESCU is None, reason="dcmtk is not installed")


class Handler:
    """Remembers; fails as often as it is told."""

    def __init__(self, failures: Sequence[BaseException | bool] = ()) -> None:
        self.seen: list[tuple[str, int]] = []
        self.calls: list[int] = []
        self.idles = 0
        self.failures = list(failures)

    def __call__(self, ready: Sequence[Ready]) -> Mapping[str, bool]:
        self.calls.append(len(ready))
        for one in ready:
            assert len(images_in(one.folder)) >= one.images
            self.seen.append((one.study, one.images))
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, BaseException):
                raise failure
            return {one.study: failure for one in ready}
        return {one.study: True for one in ready}

    def idle(self) -> None:
        self.idles += 1


class Service:
    def __init__(self, folder: Path, handler: Handler | None, **options: Any) -> None:
        self.port, self.stop, self.log = free_port(), threading.Event(), folder / "log"
        self.settings = PacsSettings(
            local=LocalSettings(port=self.port, peers=("SENDER",)),
            receive=ReceiveSettings(inbox=folder / "inbox", quiet_s=0.3, min_free_gb=0),
            retry=RetrySettings(first_s=0.5, factor=1, attempts=2),
            out=folder / "out",
        )
        self.thread = in_background(lambda: run_receiver(self.settings, handler, StepLog(self.log), self.stop, **options))

    def __enter__(self) -> Service:
        wait(lambda: self.log.exists() and "listening" in self.log.read_text())
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


def test_each_study_is_handed_over_once_and_late_images_bring_it_back(tmp_path: Path) -> None:
    handler = Handler()
    with Service(tmp_path, handler) as service:
        assert storescu(service.port, write(tmp_path / "a", 1, 3)) == 0
        wait(lambda: handler.seen == [(hash_of(1), 3)])
        assert storescu(service.port, tmp_path / "a") == 0  # again, as it was
        assert storescu(service.port, write(tmp_path / "b", 2, 2)) == 0
        wait(lambda: handler.seen[1:] == [(hash_of(2), 2)])
        assert storescu(service.port, write(tmp_path / "a", 1, 4)) == 0
        wait(lambda: handler.seen[2:] == [(hash_of(1), 4)])
        wait(lambda: handler.idles == 3)
    assert Arrivals(tmp_path / "inbox", 0).backlog() == 0


def test_studies_are_handed_over_together(tmp_path: Path) -> None:
    for study in range(5):
        write(tmp_path / "sent", study, 1)
    handler = Handler()
    with Service(tmp_path, handler, at_once=3) as service:
        assert storescu(service.port, tmp_path / "sent") == 0
        wait(lambda: sorted(handler.seen) == sorted((hash_of(k), 1) for k in range(5)))
        assert 1 < max(handler.calls) <= 3


@pytest.mark.parametrize("failure", [False, TransientFailure(Reason.OUT_OF_MEMORY), ZeroDivisionError("Geheim^Name")])
def test_what_fails_comes_again_and_says_nothing_secret(tmp_path: Path, failure: BaseException | bool) -> None:
    handler = Handler([failure, failure])
    with Service(tmp_path, handler) as service:
        assert storescu(service.port, write(tmp_path / "a", 1, 1)) == 0
        wait(lambda: len(handler.seen) == 3)
        wait(lambda: '"done"' in service.log.read_text())
    assert service.log.read_text().count('"step": "failed"') == 2
    assert "Geheim" not in service.log.read_text()
    assert Arrivals(tmp_path / "inbox", 0).backlog() == 0


def test_it_ends_by_itself_when_all_is_quiet(tmp_path: Path) -> None:
    handler = Handler()
    write(tmp_path / "a", 1, 2)
    with Service(tmp_path, handler, stop_after_quiet_s=1.5) as service:
        assert storescu(service.port, tmp_path / "a") == 0
        service.thread.join(15)
        assert not service.thread.is_alive()
    assert handler.seen == [(hash_of(1), 2)]


def test_the_command_receives_tells_and_stops(tmp_path: Path) -> None:
    health = free_port()
    process = Process(tmp_path / "receiver", "--health-port", str(health)).start()
    assert storescu(process.port, write(tmp_path / "a", 1, 3)) == 0
    wait(lambda: process.lines("ready") != [])
    told = process.lines("ready")[0]
    assert (told["study"], told["images"]) == (hash_of(1), 3)
    found = requests.get(f"http://127.0.0.1:{health}/healthz", timeout=30)
    assert (found.status_code, found.json()["ok"], found.json()["backlog"]) == (200, True, 1)
    assert "gluteal_grade_images_total 3.0" in requests.get(f"http://127.0.0.1:{health}/metrics", timeout=30).text
    assert process.stop() == 0
    assert contents(process.inbox) == {hash_of(1): 3}
    assert "Traceback" not in process.output.read_text()


def test_without_grade_studies_stay_for_the_next_one(tmp_path: Path) -> None:
    process = Process(tmp_path / "receiver", "--stop-after-quiet", "1").start()
    assert storescu(process.port, write(tmp_path / "a", 1, 3)) == 0
    assert process.process.wait(120) == 0
    assert len(process.lines("ready")) == 1
    assert [one.study for one in Arrivals(process.inbox, 0).ready()] == [hash_of(1)]
