"""Real `dask scheduler` and `dask worker` processes, always ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.waiting import PATIENCE_S

CHECKOUT = Path(__file__).parents[2]


class DaskProcesses:
    """A scheduler on a free port of this machine, and workers.

    Args:
        folder: logs and scratch space.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._all: list[subprocess.Popen[bytes]] = []
        self._started = 0
        told = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told), "--no-dashboard"]
        self.scheduler = self._start("scheduler", *options)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            with suppress(OSError, ValueError):  # not there, or half written
                self.address: str = json.loads(told.read_text())["address"]
                return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"dask scheduler did not start\n{self.logs()}")

    def worker(self, *arguments: str, before: str = "", threads: int = 1) -> subprocess.Popen[bytes]:
        """One `dask worker`; `before` goes to the front of its PYTHONPATH."""
        options = ["--nthreads", str(threads), "--local-directory", str(self.folder), "--no-dashboard", *arguments]
        return self._start("worker", self.address, *options, before=before)

    def _start(self, what: str, *arguments: str, before: str = "") -> subprocess.Popen[bytes]:
        path = os.pathsep.join(filter(None, [before, str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
        self._started += 1
        with (self.folder / f"{what}-{self._started}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments],
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": path},
                cwd=self.folder,
                start_new_session=True,
            )
        self._all.append(process)
        return process

    def logs(self) -> str:
        """All logs in one."""
        return "\n".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        """Kill every process group we started: nannies and their workers with them."""
        self._kill(self._all)

    def stop_workers(self) -> None:
        """The same for all but the scheduler; it has no worker any more when this returns."""
        from distributed import Client

        self._kill(self._all[1:])
        del self._all[1:]
        with Client(self.address, set_as_default=False) as client:
            end = time.monotonic() + PATIENCE_S
            while client.scheduler_info()["workers"]:
                assert time.monotonic() < end, "the scheduler keeps a dead worker"
                time.sleep(0.05)

    def _kill(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
