"""Slurm: what the settings say, and a real Slurm of one node where there can be one."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.cohort.execution import Event, Finished, Lost, Started
from gluteal_grade.cohort.slurm import SlurmExecutor, job_script, slurm_executor, threads_of_study
from gluteal_grade.cohort.slurm_config import SlurmConfig, read_config
from gluteal_grade.config.files import shipped
from gluteal_grade.errors import Reason, TransientFailure
from tests.cohort.cluster_work import Task, square
from tests.cohort.dask_processes import CHECKOUT
from tests.cohort.slurm_node import SlurmNode, why_not
from tests.waiting import PATIENCE_S

pytest.importorskip("dask_jobqueue")
SMALL = {"cores": 1, "memory": "1 GB", "jobs": 2, "walltime": "00:20:00"}
needs_slurm = pytest.mark.skipif(bool(why_not()), reason=why_not())


def written(folder: Path, **settings: object) -> Path:
    path = folder / "slurm.yaml"
    path.write_text(yaml.safe_dump(SMALL | settings))
    return path


# settings


def test_example_is_valid_and_says_what_it_asks() -> None:
    script = job_script(shipped("configs", "slurm.example.yaml"), Path("/out/slurm")).splitlines()
    for line in (
        "#SBATCH -p short",
        "#SBATCH --cpus-per-task=4",
        "#SBATCH --mem=15G",  # 16e9 bytes
        "#SBATCH -t 04:00:00",
        '#SBATCH -o "/out/slurm/gluteal-grade-%j.log"',
        "export OMP_NUM_THREADS=2",
        "export DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE=False",
    ):
        assert line in script
    command = script[-1] or script[-2]
    assert command.endswith("--nthreads 1 --lifetime 13500s --lifetime-stagger 450s --no-dashboard")
    assert " --nworkers 2 " in command
    assert not any(line.startswith("#SBATCH -A") for line in script)
    assert not Path("/out").exists()  # a look makes no folder


def test_every_setting_reaches_the_script(tmp_path: Path) -> None:
    settings = {
        "partition": "long",
        "account": "hip",
        "cores": 8,
        "processes": 2,
        "memory": "32 GiB",
        "walltime": "2-12:00:00",
        "lifetime": "2-11:00:00",
        "interface": "ib0",
        "python": "/shared/my envs/bin/python",
        "local_directory": "$TMPDIR",
        "log_directory": "/shared/logs",
        "prologue": ["module load gcc", "export A=1"],
        "directives": ["--qos=low"],
    }
    script = job_script(written(tmp_path, **settings)).splitlines()
    head = [line for line in script if line.startswith("#SBATCH")]
    assert head[1:] == [
        "#SBATCH -p long",
        "#SBATCH -A hip",
        "#SBATCH -n 1",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --mem=32G",
        "#SBATCH -t 2-12:00:00",
        '#SBATCH -o "/shared/logs/gluteal-grade-%j.log"',
        "#SBATCH --qos=low",
    ]
    assert script.index("module load gcc") < script.index("export A=1")
    command = next(line for line in script if "dask_worker" in line)
    assert command.startswith('"/shared/my envs/bin/python" -m distributed.cli.dask_worker tcp://SCHEDULER:PORT --name WORKER')
    for option in ("--memory-limit 16.00GiB", "--nworkers 2", "--nanny", '--local-directory "$TMPDIR"'):
        assert f" {option} " in command
    assert command.endswith("--nthreads 1 --lifetime 212400s --lifetime-stagger 1800s --no-dashboard --interface ib0")
    assert "export OMP_NUM_THREADS=4" in script
    assert threads_of_study(tmp_path / "slurm.yaml") == 4


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"wall_time": "01:00:00"}, "wall_time"),
        ({"queue": "short"}, "queue"),
        ({"walltime": 43200}, "in quotes"),
        ({"walltime": "90"}, "in quotes"),
        ({"walltime": "00:01:00"}, "walltime"),
        ({"memory": "lots"}, "memory"),
        ({"cores": 0}, "cores"),
        ({"cores": 2, "processes": 3}, "3 processes do not fit on 2 cores"),
        ({"lifetime": "00:20:00"}, "lifetime must be shorter"),
        ({"prologue": ["a\nb"]}, "prologue"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told) as error:
        read_config(written(tmp_path, **settings))
    assert str(error.value).startswith("slurm.yaml: ")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: [", b"- 1\n"])
def test_no_settings(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "slurm.yaml").write_bytes(content)
    with pytest.raises(ValueError, match=r"slurm\.yaml"):
        read_config(tmp_path / "slurm.yaml")
    with pytest.raises(ValueError, match=r"none\.yaml cannot be read"):
        read_config(tmp_path / "none.yaml")


@given(st.integers(120, 10 * 86400))
def test_workers_leave_before_slurm_ends_the_job(walltime_s: int) -> None:
    hours, rest = divmod(walltime_s, 3600)
    config = SlurmConfig.model_validate(SMALL | {"walltime": f"{hours}:{rest // 60:02}:{rest % 60:02}"})
    assert config.walltime == walltime_s
    assert config.lifetime_s + config.stagger_s < walltime_s
    assert config.lifetime_s - config.stagger_s > 0
    assert 30 <= walltime_s - config.lifetime_s - config.stagger_s <= 450  # what the worker's start may take


def test_unknown_interface_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere0"):
        slurm_executor(written(tmp_path, interface="nowhere0"), square, tmp_path)


def test_no_slurm_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TransientFailure, match="no sbatch here") as told:
        slurm_executor(written(tmp_path), square, tmp_path)
    assert told.value.reason is Reason.EXECUTOR_FAILED


# a real Slurm


@pytest.fixture(scope="module")
def node() -> Iterator[SlurmNode]:
    folder = Path(tempfile.mkdtemp(prefix="slurm"))  # short: sockets lie in it
    node = SlurmNode(folder)
    yield node
    node.stop()
    shutil.rmtree(folder)


@pytest.fixture
def slurm(node: SlurmNode, monkeypatch: pytest.MonkeyPatch) -> SlurmNode:
    for name, value in node.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    return node


def queue(node: SlurmNode) -> list[str]:
    return node.call("squeue", "-h", "-o", "%i").split()


def ended(
    executor: SlurmExecutor, keys: set[str], seconds: float = PATIENCE_S, during: Callable[[list[Event]], None] = lambda _: None
) -> list[Event]:
    events: list[Event] = []
    end = time.monotonic() + seconds
    while keys - {event.key for event in events if not isinstance(event, Started)}:
        assert time.monotonic() < end, f"never ended: {events}"
        events += executor.wait(0.3)
        during(events)
    return events


@pytest.mark.long
@needs_slurm
def test_tasks_in_real_jobs(slurm: SlurmNode, tmp_path: Path) -> None:
    logs = tmp_path / "logs of jobs"
    executor = slurm_executor(written(tmp_path, cores=2, processes=2, jobs=3), square, logs)
    try:
        assert executor.capacity == 12
        assert queue(slurm) == []  # no job without a task
        for n in range(6):
            executor.submit(f"s{n}", Task(n, how="threads" if n == 5 else "answer"))
        jobs: set[str] = set()
        events = ended(executor, {f"s{n}" for n in range(6)}, during=lambda _: jobs.update(queue(slurm)))
        answers = {e.key: e.answer for e in events if isinstance(e, Finished)}
        assert answers == {f"s{n}": n**2 for n in range(5)} | {"s5": "1"}
        assert len(jobs) == 3
        assert {e.key for e in events if isinstance(e, Started)} == {f"s{n}" for n in range(6)}
    finally:
        executor.close()
        executor.close()
    assert await_empty(slurm) == []
    ran = [file for file in logs.iterdir() if "gluteal-grade" in file.name]
    assert 1 <= len(ran) <= 3
    assert "Start worker at" in ran[0].read_text()
    for job in jobs:
        assert "JobName=gluteal-grade" in slurm.call("scontrol", "show", "job", job)


def await_empty(node: SlurmNode, seconds: float = PATIENCE_S) -> list[str]:
    """What is still in the queue; a cancelled job takes a moment to end."""
    end = time.monotonic() + seconds
    while queue(node) and time.monotonic() < end:
        time.sleep(0.2)
    return queue(node)


@pytest.mark.long
@needs_slurm
def test_cancelled_job_is_replaced(slurm: SlurmNode, tmp_path: Path) -> None:
    executor = slurm_executor(written(tmp_path, jobs=1), square, tmp_path)
    executor._jobs._look_s = 0.5
    cancelled: list[str] = []

    def cancel(events: list[Event]) -> None:
        if not cancelled and any(isinstance(e, Started) and e.key == "long" for e in events):
            cancelled.extend(queue(slurm))
            slurm.call("scancel", *cancelled)

    try:
        executor.submit("long", Task(3, seconds=4))
        executor.submit("next", Task(4))
        events = ended(executor, {"long", "next"}, during=cancel)
        assert len(cancelled) == 1
        assert {e.key: e.answer for e in events if isinstance(e, Finished)}["next"] == 16
        assert [type(e) for e in events if e.key == "long"][-1] in (Lost, Finished)
        assert set(queue(slurm)) - set(cancelled)
    finally:
        executor.close()
    assert await_empty(slurm) == []


@needs_slurm
def test_jobs_that_never_work(slurm: SlurmNode, tmp_path: Path) -> None:
    executor = slurm_executor(written(tmp_path, python="/nowhere/python", jobs=1), square, tmp_path)
    executor._jobs._look_s = 0.5
    try:
        executor.submit("a", Task(1))
        with pytest.raises(TransientFailure, match="3 Slurm jobs ended before their worker came") as told:
            ended(executor, {"a"})
        assert told.value.reason is Reason.EXECUTOR_FAILED
    finally:
        executor.close()
    assert await_empty(slurm) == []


@needs_slurm
def test_job_that_slurm_refuses(slurm: SlurmNode, tmp_path: Path) -> None:
    with pytest.raises(TransientFailure, match="Invalid partition name") as told:
        slurm_executor(written(tmp_path, partition="nosuch"), square, tmp_path / "logs")
    assert told.value.reason is Reason.EXECUTOR_FAILED
    assert not (tmp_path / "logs").exists()
    assert queue(slurm) == []


@pytest.mark.long
@needs_slurm
def test_idle_job_is_given_back(slurm: SlurmNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gluteal_grade.cohort import slurm_jobs

    monkeypatch.setattr(slurm_jobs, "_IDLE_S", 1.0)
    executor = slurm_executor(written(tmp_path), square, tmp_path)
    executor._jobs._look_s = 0.5
    try:
        executor.submit("a", Task(1))
        executor.submit("b", Task(2))
        ended(executor, {"a", "b"})
        end = time.monotonic() + PATIENCE_S
        while queue(slurm) and time.monotonic() < end:
            assert executor.wait(0.3) == []
        assert queue(slurm) == []
        executor.submit("c", Task(3))  # and taken again when needed
        assert [e.answer for e in ended(executor, {"c"}) if isinstance(e, Finished)] == [9]
    finally:
        executor.close()


@needs_slurm
def test_daemons_end_with_the_node() -> None:
    with tempfile.TemporaryDirectory(prefix="slurm") as folder:
        node = SlurmNode(Path(folder))
        pids = [daemon.pid for daemon in node._daemons]
        node.stop()
    for pid in pids:
        assert subprocess.run(["kill", "-0", str(pid)], capture_output=True).returncode != 0
