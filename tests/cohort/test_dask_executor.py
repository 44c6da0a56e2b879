"""The Dask executor on real schedulers and workers: answers, deaths, wrong versions, nobody there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import gluteal_grade
from gluteal_grade.cohort import dask_executor
from gluteal_grade.cohort.dask_executor import DaskExecutor
from gluteal_grade.cohort.execution import Event, Finished, Lost, Started
from gluteal_grade.errors import Reason, TransientFailure
from tests.cohort.cluster_work import Task, square
from tests.cohort.dask_processes import DaskProcesses
from tests.waiting import PATIENCE_S

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def one_scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    processes = DaskProcesses(tmp_path_factory.mktemp("dask"))
    yield processes
    processes.stop()


@pytest.fixture
def dask(one_scheduler: DaskProcesses) -> Iterator[DaskProcesses]:
    """A scheduler that has no workers yet; it goes on after the test."""
    yield one_scheduler
    one_scheduler.stop_workers()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[DaskProcesses]:
    """One of its own, for a test that kills it."""
    processes = DaskProcesses(tmp_path)
    yield processes
    processes.stop()


@pytest.fixture
def connect(dask: DaskProcesses) -> Iterator[Callable[..., DaskExecutor]]:
    made = []

    def connected(workers: int) -> DaskExecutor:
        executor = DaskExecutor(dask.address, square)
        made.append(executor)
        until(executor, lambda: executor.capacity == max(1, 2 * workers))
        return executor

    yield connected
    for executor in made:
        executor.close()


def until(executor: DaskExecutor, true: Callable[[], bool], seconds: float = PATIENCE_S) -> list[Event]:
    events: list[Event] = []
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        events += executor.wait(0.2)
    return events


def run(executor: DaskExecutor, tasks: dict[str, Task], during: Callable[[list[Event]], None] = lambda _: None) -> list[Event]:
    """Submit as the coordinator does, no more than `capacity` at once; returns when all have ended."""
    left, out, events = list(tasks), set(), []
    end = time.monotonic() + PATIENCE_S
    while left or out:
        assert time.monotonic() < end, f"never ended: {out}"
        while left and len(out) < executor.capacity:
            key = left.pop(0)
            executor.submit(key, tasks[key])
            out.add(key)
        for event in executor.wait(0.5):
            events.append(event)
            if not isinstance(event, Started):
                assert event.key in out, f"ended twice: {event}"
                out.remove(event.key)
        during(events)
    return events


def finished(events: list[Event]) -> dict[str, object]:
    return {e.key: e.answer for e in events if isinstance(e, Finished)}


def lost(events: list[Event]) -> dict[str, str]:
    return {e.key: e.why for e in events if isinstance(e, Lost)}


def tasks(count: int, **more: object) -> dict[str, Task]:
    return {f"s{n:02}": Task(n, **more) for n in range(count)}  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [1, 2])
def test_all_tasks_answered(dask: DaskProcesses, connect: Callable[..., DaskExecutor], workers: int) -> None:
    for _ in range(workers):
        dask.worker("--no-nanny")
    events = run(connect(workers), tasks(30))
    assert finished(events) == {f"s{n:02}": n**2 for n in range(30)}
    assert len(events) == 60  # each started once and ended once
    began = [e.key for e in events if isinstance(e, Started)]
    assert sorted(began) == sorted(tasks(30))
    for key in began:
        assert [type(e) for e in events if e.key == key] == [Started, Finished]
    assert len({e.worker for e in events if isinstance(e, Started)}) == workers


@pytest.mark.long
@pytest.mark.parametrize("nanny", ["--nanny", "--no-nanny"])
def test_killed_worker_costs_one_task(dask: DaskProcesses, connect: Callable[..., DaskExecutor], tmp_path: Path, nanny: str) -> None:
    trace = tmp_path / "trace"
    trace.mkdir()
    for _ in range(2):
        dask.worker(nanny)
    killed: list[str] = []

    def kill_one(events: list[Event]) -> None:
        if not killed and len(finished(events)) >= 5:
            running = {e.key for e in events if isinstance(e, Started)} - set(finished(events)) - set(lost(events))
            for mark in sorted(trace.iterdir(), key=lambda m: int(m.name.split("-")[1]), reverse=True):
                number, _, pid = mark.name.split("-")
                if f"s{int(number):02}" in running:
                    os.kill(int(pid), signal.SIGKILL)
                    killed.append(f"s{int(number):02}")
                    return

    events = run(connect(2), tasks(30, seconds=0.15, trace=str(trace)), kill_one)
    answers, losses = finished(events), lost(events)
    assert set(answers) | set(losses) == set(tasks(30))
    assert not set(answers) & set(losses)
    assert len(losses) <= 1  # none, if the task just ended as the signal came
    assert set(losses) <= set(killed)
    assert all(answers[key] == int(key[1:]) ** 2 for key in answers)
    assert set(losses.values()) <= {"its worker died or was cut off", "its worker left before its answer was fetched"}
    counts = {key: sum(mark.name.startswith(f"{int(key[1:])}-") for mark in trace.iterdir()) for key in tasks(30)}
    assert set(counts.values()) == {1}  # Dask ran nothing again by itself


@pytest.mark.long
def test_task_that_kills_is_lost_and_others_finish(dask: DaskProcesses, connect: Callable[..., DaskExecutor], tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.mkdir()
    dask.worker("--nanny")
    executor = connect(1)
    given = tasks(6) | {"s03": Task(3, how="die", trace=str(trace))}
    events = run(executor, given)
    assert lost(events) == {"s03": "its worker died or was cut off"}
    assert finished(events) == {f"s{n:02}": n**2 for n in (0, 1, 2, 4, 5)}
    assert len(list(trace.iterdir())) == 1
    again = run(executor, {"s03": Task(3, how="die", trace=str(trace)), "s06": Task(6)})  # a second try is a second try
    assert lost(again) == {"s03": "its worker died or was cut off"}
    assert finished(again) == {"s06": 36}
    assert len(list(trace.iterdir())) == 2


@pytest.mark.long
def test_memory_limit_is_told(dask: DaskProcesses, connect: Callable[..., DaskExecutor], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TARGET", "SPILL", "PAUSE"):
        monkeypatch.setenv(f"DASK_DISTRIBUTED__WORKER__MEMORY__{name}", "False")
    dask.worker("--nanny", "--memory-limit", "400MB")
    events = run(connect(1), {"fat": Task(1, how="eat"), "thin": Task(2)})
    assert lost(events) == {"fat": "its worker was ended at its memory limit"}
    assert finished(events) == {"thin": 4}


@pytest.mark.long
def test_workers_that_die_over_everything(
    dask: DaskProcesses, connect: Callable[..., DaskExecutor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_executor, "_MIN_LOSSES", 3)
    dask.worker("--nanny")
    with pytest.raises(TransientFailure, match="workers died in 3 studies one after another") as told:
        run(connect(1), tasks(6, how="die"))
    assert told.value.reason is Reason.EXECUTOR_FAILED


def test_what_escapes_is_told_by_type_only(dask: DaskProcesses, connect: Callable[..., DaskExecutor]) -> None:
    dask.worker("--no-nanny")
    given = {"a": Task(1, how="raise"), "b": Task(2, how="exit"), "c": Task(3, how="no pickle"), "d": Task(4)}
    events = run(connect(1), given)
    losses = lost(events)
    assert losses["a"] == "the task raised Unkind"
    assert losses["b"] == "the task raised SystemExit"
    assert losses["c"].startswith("its worker could not run it: ")
    assert finished(events) == {"d": 16}
    assert "Mustermann" not in repr(events) + dask.logs()


def test_no_argument_and_no_key_in_logs(dask: DaskProcesses, connect: Callable[..., DaskExecutor], tmp_path: Path) -> None:
    folder = tmp_path / "Mustermann"
    folder.mkdir()
    dask.worker("--no-nanny")
    run(connect(1), {"Erika": Task(1, trace=str(folder)), "Erika-2": Task(2, how="no pickle", trace=str(folder))})
    assert len(list(folder.iterdir())) == 2
    assert "Mustermann" not in dask.logs()
    assert "Erika" not in dask.logs()


def test_one_task_at_a_time_in_a_process(dask: DaskProcesses, connect: Callable[..., DaskExecutor]) -> None:
    dask.worker("--no-nanny", threads=4)
    first, second = connect(1), connect(1)  # two batches on one worker
    for n in range(4):
        first.submit(f"a{n}", Task(n, how="alone"))
        second.submit(f"b{n}", Task(n, how="alone"))
    answers: dict[str, object] = {}
    end = time.monotonic() + PATIENCE_S
    while len(answers) < 8 and time.monotonic() < end:
        answers |= finished(first.wait(0.05)) | finished(second.wait(0.05))
    assert set(answers) == {f"{batch}{n}" for batch in "ab" for n in range(4)}
    assert set(answers.values()) == {1}


@pytest.mark.long
def test_workers_come_and_go(dask: DaskProcesses, connect: Callable[..., DaskExecutor]) -> None:
    executor = connect(0)
    executor.submit("early", Task(7))
    assert executor.wait(0.5) == []
    dask.worker("--no-nanny")
    events = until(executor, lambda: executor.capacity == 2)
    while not finished(events):
        events += executor.wait(0.5)
    assert finished(events) == {"early": 49}
    second = dask.worker("--no-nanny")
    until(executor, lambda: executor.capacity == 4)
    second.terminate()
    until(executor, lambda: executor.capacity == 2)


@pytest.mark.long
def test_task_of_a_worker_that_leaves_begins_anew(dask: DaskProcesses, connect: Callable[..., DaskExecutor], tmp_path: Path) -> None:
    from distributed import Client

    trace = tmp_path / "trace"
    trace.mkdir()
    dask.worker("--nanny")
    executor = connect(1)
    executor.submit("long", Task(5, seconds=3, trace=str(trace)))
    events = until(executor, lambda: len(list(trace.iterdir())) == 1)
    with Client(dask.address, set_as_default=False) as client:  # what a worker asks for at the end of its --lifetime
        client.retire_workers(list(client.scheduler_info()["workers"]))
    dask.worker("--nanny")
    events += until(executor, lambda: len(list(trace.iterdir())) == 2)
    while not finished(events) and not lost(events):
        events += executor.wait(0.5)
    assert finished(events) == {"long": 25}
    assert lost(events) == {}
    assert len({e.worker for e in events if isinstance(e, Started)}) == 2


def test_dask_is_only_needed_when_used(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys, gluteal_grade.cohort.dask_executor, gluteal_grade.cohort.slurm; print({'dask', 'distributed'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"not installed here: pip install \"gluteal-grade\[cluster\]\""):
        DaskExecutor("tcp://127.0.0.1:1", square)


def test_nobody_listens() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(TransientFailure) as told:
        DaskExecutor(f"tcp://127.0.0.1:{port}", square, connect_seconds=2)
    assert told.value.reason is Reason.EXECUTOR_FAILED
    assert str(port) in told.value.detail
    assert time.monotonic() - began < 25  # dask itself waits for 30 s


def test_somebody_else_listens() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        with pytest.raises(TransientFailure) as told:
            DaskExecutor(f"tcp://127.0.0.1:{silent.getsockname()[1]}", square, connect_seconds=2)
    assert told.value.reason is Reason.EXECUTOR_FAILED
    assert time.monotonic() - began < 25  # dask itself waits for 30 s


@pytest.mark.parametrize("address", ["", "nowhere://127.0.0.1:1", "tcp://127.0.0.1:port"])
def test_no_address(address: str) -> None:
    with pytest.raises(ValueError, match="tcp://host:port"):
        DaskExecutor(address, square, connect_seconds=2)


@pytest.mark.long
def test_scheduler_killed(mortal: DaskProcesses) -> None:
    mortal.worker("--no-nanny")
    executor = DaskExecutor(mortal.address, square)
    until(executor, lambda: executor.capacity == 2)
    executor.submit("a", Task(1, seconds=120))
    assert until(executor, lambda: bool(executor.wait(0.2))) == []
    mortal.scheduler.kill()
    began = time.monotonic()
    with pytest.raises(TransientFailure) as told:
        until(executor, lambda: False)
    assert told.value.reason is Reason.EXECUTOR_FAILED
    assert time.monotonic() - began < 45  # the task would take 120 s
    executor.close()
    executor.close()
    assert time.monotonic() - began < 60


def other_version(folder: Path, version: str) -> str:
    package = folder / f"v{version}" / "gluteal_grade"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f'__version__ = "{version}"\n')
    return str(package.parent)


@pytest.mark.long
def test_other_version_refused(dask: DaskProcesses, connect: Callable[..., DaskExecutor], tmp_path: Path) -> None:
    dask.worker("--no-nanny")
    until(connect(1), lambda: True)
    dask.worker("--no-nanny", before=other_version(tmp_path, "0.0.7"))
    end = time.monotonic() + PATIENCE_S
    told = None
    while told is None and time.monotonic() < end:
        try:
            DaskExecutor(dask.address, square).close()
            time.sleep(0.2)
        except TransientFailure as failure:
            told = failure
    assert told is not None
    assert told.reason is Reason.EXECUTOR_FAILED
    assert "0.0.7 on 1 worker" in told.detail
    assert gluteal_grade.__version__ in told.detail


@pytest.mark.long
def test_other_version_comes_late(dask: DaskProcesses, connect: Callable[..., DaskExecutor], tmp_path: Path) -> None:
    executor = connect(0)
    executor.submit("a", Task(1))
    dask.worker("--no-nanny", before=other_version(tmp_path, "0.0.7"))
    with pytest.raises(TransientFailure, match=r"0\.0\.7 on 1 worker"):
        until(executor, lambda: False)
    dask.worker("--no-nanny")  # it alone is used
    events: list[Event] = []
    end = time.monotonic() + PATIENCE_S
    while not finished(events) and time.monotonic() < end:
        with suppress(TransientFailure):  # until it is there
            events += executor.wait(0.5)
    assert finished(events) == {"a": 1}
    assert finished(run(executor, tasks(3))) == {"s00": 0, "s01": 1, "s02": 4}


def test_no_worker_for_long(dask: DaskProcesses) -> None:
    executor = DaskExecutor(dask.address, square, no_worker_seconds=1)
    assert executor.wait(1.5) == []  # nothing waits
    executor.submit("a", Task(1))
    with pytest.raises(TransientFailure, match="no usable Dask worker"):
        until(executor, lambda: False)
    executor.close()


def test_client_given_stays_open(dask: DaskProcesses) -> None:
    from distributed import Client

    dask.worker("--no-nanny")
    with Client(dask.address, set_as_default=False) as client:
        executor = DaskExecutor(client, square)
        until(executor, lambda: executor.capacity == 2)
        assert finished(run(executor, tasks(3))) == {"s00": 0, "s01": 1, "s02": 4}
        executor.close()
        executor.close()
        assert client.status == "running"
        assert client.submit(len, "abc", pure=False).result(timeout=PATIENCE_S) == 3


def test_close_takes_back_what_waits(dask: DaskProcesses, connect: Callable[..., DaskExecutor], tmp_path: Path) -> None:
    from distributed import Client

    dask.worker("--no-nanny")
    executor = connect(1)
    for n in range(2):
        executor.submit(f"s{n}", Task(n, seconds=1, trace=str(tmp_path / "trace")))
    (tmp_path / "trace").mkdir()
    until(executor, lambda: len(list((tmp_path / "trace").iterdir())) == 1)
    executor.close()
    with Client(dask.address, set_as_default=False) as client:  # the scheduler and its worker live on
        # one thread: this has its turn after the task that ran, and after the one that waited had it not been taken back
        assert client.submit(len, "abc", pure=False).result(timeout=PATIENCE_S) == 3
    assert len(list((tmp_path / "trace").iterdir())) == 1
