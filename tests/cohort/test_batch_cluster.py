"""The same studies by local processes, by Dask workers (one of them killed in the middle) and by Slurm jobs: the same tables."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cohort.dask_processes import DaskProcesses
from tests.cohort.slurm_node import SlurmNode, why_not
from tests.cohort.studies import write_pair
from tests.cohort.test_batch import NUMBERS, attempts, batch, table
from tests.program import PROGRAM, program
from tests.waiting import PATIENCE_S

COUNT = 6


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies")
    for n in range(COUNT):
        write_pair(folder, f"s{n}", 0.1 + 0.1 * n, n)
    return folder


@pytest.fixture(scope="module")
def local(studies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("local")
    batch(studies, "-o", out, "--labels", "labels.nii.gz", "-j", 2, "--no-pictures")
    return out


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[DaskProcesses]:
    folder = tmp_path / "dask"
    folder.mkdir()
    processes = DaskProcesses(folder)
    try:
        yield processes
    finally:
        processes.stop()


@pytest.mark.long
def test_dask_workers_give_the_same_bytes(dask: DaskProcesses, studies: Path, local: Path, tmp_path: Path) -> None:
    for _ in range(2):
        dask.worker("--nanny")
    out = tmp_path / "out"
    batch(studies, "-o", out, "--labels", "labels.nii.gz", "--dask", dask.address, "--no-pictures")
    assert (out / "cohort.csv").read_bytes() == (local / "cohort.csv").read_bytes()


@pytest.mark.long
def test_a_dask_worker_killed_in_the_middle_costs_nothing(dask: DaskProcesses, studies: Path, local: Path, tmp_path: Path) -> None:
    victim = dask.worker("--no-nanny")
    dask.worker("--no-nanny")
    out = tmp_path / "out"
    command = [*PROGRAM, "batch", str(studies), "-o", str(out), "--labels", "labels.nii.gz", "--dask", dask.address, *NUMBERS, "-q"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + PATIENCE_S
    while not (out / "ledger.sqlite").exists() or not any(state == "graded" for _, state, *_ in attempts(out)):
        assert running.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    os.killpg(victim.pid, signal.SIGKILL)
    _, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0, err
    assert (out / "cohort.csv").read_bytes() == (local / "cohort.csv").read_bytes()
    rows = attempts(out)
    assert sum(state == "graded" for _, state, *_ in rows) == COUNT
    assert {attempt for _, state, attempt, _ in rows if state == "failed"} <= {1}


def test_nobody_at_the_address_stops_the_batch(studies: Path, tmp_path: Path) -> None:
    done = batch(studies, "-o", tmp_path / "out", "--labels", "labels.nii.gz", "--dask", "tcp://127.0.0.1:9", code=1)
    assert "executor_failed" in done.stderr
    assert {state for _, state, *_ in attempts(tmp_path / "out")} == {"waiting"}
    batch(studies, "-o", tmp_path / "out2", "--dask", "nonsense://x", code=64)


@pytest.mark.long
def test_slurm_jobs_give_the_same_bytes(studies: Path, local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := why_not():
        pytest.skip(reason)
    config = tmp_path / "slurm.yaml"
    config.write_text(f"cores: 1\nmemory: 2 GB\njobs: 2\nwalltime: '00:20:00'\nlocal_directory: {tmp_path}\n")
    short = Path(tempfile.mkdtemp(prefix="sl"))  # sockets lie in it: paths are limited
    node = SlurmNode(short)
    try:
        arguments = ["batch", studies, "-o", tmp_path / "out", "--labels", "labels.nii.gz", "--slurm", config, *NUMBERS]
        for name, value in node.environment.items():
            monkeypatch.setenv(name, value)
        shown = program(*arguments, "--print-job-script")
        assert "#SBATCH --cpus-per-task=1" in shown.stdout
        assert not (tmp_path / "out").exists()
        done = program(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr + node.logs()
        assert node.call("squeue", "-h").strip() == ""
    finally:
        node.stop()
        shutil.rmtree(short, ignore_errors=True)
    assert (tmp_path / "out" / "cohort.csv").read_bytes() == (local / "cohort.csv").read_bytes()
    assert len(table(tmp_path / "out" / "studies.csv")) == COUNT
