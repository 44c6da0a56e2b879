"""A watched folder: graded when at rest, once, whatever is copied how slowly."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gluteal_grade.cohort.batch import Request
from gluteal_grade.cohort.progress import Silence
from gluteal_grade.cohort.watch import Watch
from gluteal_grade.config import load_settings
from tests.cohort.inline import Inline
from tests.cohort.studies import write_pair
from tests.cohort.test_batch import attempts, table
from tests.cohort.test_runner import graded
from tests.program import PROGRAM, program
from tests.waiting import PATIENCE_S


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def watch(tmp_path: Path, clock: Clock) -> tuple[Watch, Inline]:
    executor = Inline(lambda task: graded(task, study=f"{abs(hash(task.entry.source)) % 16**12:012x}"))
    request = Request((str(tmp_path / "in"),), tmp_path / "out", load_settings(), "labels.nii.gz", tables=False)
    return Watch(request, lambda: executor, Silence(), 10.0, clock), executor


def test_a_study_is_graded_when_nothing_changed_for_long_enough(tmp_path: Path, clock: Clock) -> None:
    watched, executor = watch(tmp_path, clock)
    source = write_pair(tmp_path / "spare", "a", 0.3)
    target = tmp_path / "in" / "a"
    target.mkdir(parents=True)
    for file in ("water.nii.gz", "fat.nii.gz", "labels.nii.gz"):
        shutil.copy(source / file, target / file)
        assert watched.look() == 1
        clock.now += 9
    assert executor.log == []
    clock.now += 2
    assert watched.look() == 0
    assert len(executor.log) == 1
    clock.now += 100
    assert watched.look() == 0
    assert len(executor.log) == 1
    again, executor = watch(tmp_path, clock)  # a new process finds what the ledger knows
    again.look()
    clock.now += 11
    assert again.look() == 0
    assert executor.log == []


def test_a_share_that_is_away_is_waited_for(tmp_path: Path, clock: Clock) -> None:
    watched, executor = watch(tmp_path, clock)
    for _ in range(3):
        assert watched.look() == 1
        clock.now += 11
    write_pair(tmp_path / "in", "a", 0.3)
    watched.look()
    clock.now += 11
    assert watched.look() == 0
    assert len(executor.log) == 1


@pytest.mark.long
def test_from_the_command_line(tmp_path: Path) -> None:
    write_pair(tmp_path / "in", "a", 0.3, 1)
    arguments = ["watch", tmp_path / "in", "-o", tmp_path / "out", "--labels", "labels.nii.gz", "--quiet-seconds", "0.5"]
    more = ["--labelmap", "gluteal_grade", "--timeout", "200", "--attempts", "1", "--no-pictures"]
    done = program(*arguments, "--labelmap", "muscle_map_of_nobody")
    assert done.returncode == 64
    arguments += more
    done = program(*arguments, "--every", "0.3", "--once", "-j", "1")
    assert done.returncode == 0, done.stderr
    assert len(table(tmp_path / "out" / "studies.csv")) == 1
    running = subprocess.Popen([*PROGRAM, *arguments, "--every", "0.3", "-j", "1", "-q"], stderr=subprocess.PIPE, text=True)
    write_pair(tmp_path / "in", "b", 0.5, 2)
    end = time.monotonic() + PATIENCE_S
    while len(table(tmp_path / "out" / "studies.csv")) < 2:
        assert running.poll() is None
        assert time.monotonic() < end
        time.sleep(0.2)
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, err.strip()) == (1, "stopped")
    assert [state for _, state, *_ in attempts(tmp_path / "out")] == ["graded", "graded"]
