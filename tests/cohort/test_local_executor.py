"""Worker processes: every task ends once, a dead worker costs one task, nobody outlives the parent."""

import importlib
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from gluteal_grade.cohort.execution import Finished, Lost, Started
from gluteal_grade.cohort.local_executor import LocalExecutor
from gluteal_grade.errors import Reason, TransientFailure
from tests.cohort.jobs import do


def run(executor: LocalExecutor, tasks: dict[str, object]) -> dict[str, list[object]]:
    """All that happened to each task until each has ended."""
    for key, task in tasks.items():
        executor.submit(key, task)
    seen: dict[str, list[object]] = {key: [] for key in tasks}
    end = time.monotonic() + 240
    while any(not any(isinstance(e, Finished | Lost) for e in events) for events in seen.values()):
        assert time.monotonic() < end
        for event in executor.wait(1.0):
            seen[event.key].append(event)
    executor.close()
    return seen


@pytest.mark.parametrize("jobs", [1, 3])
def test_each_task_is_started_and_finished_once(jobs: int) -> None:
    seen = run(LocalExecutor(do, jobs), {str(n): ("square", n) for n in range(20)})
    for key, (started, finished) in seen.items():
        assert isinstance(started, Started)
        assert finished == Finished(key, int(key) ** 2)
    assert len({s.worker for s, _ in seen.values()}) <= jobs  # type: ignore[attr-defined]


@pytest.mark.parametrize(("task", "why"), [(("die", 0), "signal 9"), (("exit", 3), "exit code 3"), (("raise", 0), "exit code 1")])
def test_a_dead_worker_costs_its_own_task_only(task: object, why: str) -> None:
    seen = run(LocalExecutor(do, 2), {"bad": task} | {str(n): ("square", n) for n in range(8)})
    assert isinstance(seen["bad"][-1], Lost)
    assert why in seen["bad"][-1].why
    assert [seen[str(n)][-1] for n in range(8)] == [Finished(str(n), n * n) for n in range(8)]
    assert Counter(type(e) for events in seen.values() for e in events) == {Started: 9, Finished: 8, Lost: 1}


def test_what_takes_too_long_is_stopped() -> None:
    start = time.monotonic()
    seen = run(LocalExecutor(do, 1, timeout_s=1.5), {"long": ("sleep", 60), "short": ("square", 3)})
    assert isinstance(seen["long"][-1], Lost)
    assert "stopped after" in seen["long"][-1].why
    assert seen["short"][-1] == Finished("short", 9)
    assert time.monotonic() - start < 30


@pytest.mark.long
@pytest.mark.parametrize("libraries", [(), ("torch", "monai")], ids=["bare", "with networks"])
def test_a_worker_that_has_grown_is_replaced_after_its_task(libraries: tuple[str, ...]) -> None:
    """Libraries that hold more than the bound themselves keep no study from its start, and take nothing of what it may hold."""
    tasks = {"grow": ("grow", 320), "more": ("grow", 330), "next": ("pid", 0)}
    code = (
        "from gluteal_grade.cohort.local_executor import LocalExecutor\n"
        "from tests.cohort.jobs import do\n"
        "from tests.cohort.test_local_executor import run\n"
        f"executor = LocalExecutor(do, 1, memory_mb=300, libraries={libraries!r})\n"
        f"print(*(events[-1].answer for events in run(executor, {tasks!r}).values()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    grow, more, after = done.stdout.split()
    assert len({grow, more, after}) == 3


def test_more_than_twice_the_bound_is_no_memory_at_all() -> None:
    seen = run(LocalExecutor(do, 1, memory_mb=300), {"grow": ("grow", 4000)})
    assert isinstance(seen["grow"][-1], Lost)  # MemoryError escapes this work function; the batch's own makes it an outcome


def test_workers_that_cannot_start_end_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone.py"
    gone.write_text("def work(task):\n    return task\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    work = importlib.import_module("gone").work
    gone.unlink()
    shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
    executor = LocalExecutor(work, 1)
    with pytest.raises(TransientFailure) as caught:
        run(executor, {"a": ("square", 1)})
    executor.close()
    assert caught.value.reason is Reason.EXECUTOR_FAILED


def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, os, signal, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from gluteal_grade.cohort.local_executor import LocalExecutor\n"
        "from tests.cohort.jobs import do\n"
        "if __name__ == '__main__':\n"
        "    e = LocalExecutor(do, 1)\n"
        "    e.submit('pid', ('pid', 0))\n"
        "    pid = None\n"
        "    while pid is None:\n"
        "        pid = next((x.answer for x in e.wait(1) if hasattr(x, 'answer')), None)\n"
        "    e.submit('sleep', ('sleep', 60)); e.wait(0.1)\n"
        "    print(pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    pid = int(done.stdout)
    end = time.monotonic() + 60
    while time.monotonic() < end and _alive(pid):
        time.sleep(0.05)
    assert not _alive(pid)


def test_a_temporary_folder_that_no_socket_fits_into_is_no_matter(tmp_path: Path) -> None:
    far = tmp_path / ("x" * 100)
    far.mkdir()
    code = (
        "from gluteal_grade.cohort.local_executor import LocalExecutor\n"
        "from tests.cohort.jobs import do\n"
        "from tests.cohort.test_local_executor import run\n"
        "print([one.answer for one in run(LocalExecutor(do, 2), {'a': ('square', 3)})['a'] if hasattr(one, 'answer')])\n"
    )
    environment = os.environ | {"TMPDIR": str(far)}
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment, cwd=root)
    assert done.stdout == "[9]\n", done.stderr
    assert list(far.iterdir()) == []


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
