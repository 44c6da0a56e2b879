"""A Slurm of one node in a folder: munge, controller and node daemon, started by hand; needs root and Debian's slurm-wlm and munge."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")


def why_not() -> str:
    """Why Slurm cannot be started here; empty if it can."""
    if os.geteuid() != 0:
        return "slurmd needs root"
    absent = [name for name in NEEDED if _program(name) is None]
    return f"not installed: {', '.join(absent)} (Debian packages slurm-wlm, munge)" if absent else ""


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class SlurmNode:
    """Starts on construction, or raises RuntimeError with the daemons' logs; `stop` leaves nothing running.

    Args:
        folder: everything Slurm writes; short, since sockets lie in it.

    Attributes:
        environment: to add to that of whoever calls sbatch.
    """

    def __init__(self, folder: Path, seconds: float = 40) -> None:
        self.folder = folder
        self._daemons: list[subprocess.Popen[bytes]] = []
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}
        try:
            self._start_munge()
            self._write_conf()
            self._daemon("slurmctld", "-D", "-f", self.environment["SLURM_CONF"])
            self._daemon("slurmd", "-D", "-N", "node1", "-f", self.environment["SLURM_CONF"])
            self._await_idle(seconds)
        except BaseException:
            self.stop()
            raise

    def _start_munge(self) -> None:
        """A munged of our own, with a key of our own: the machine's is not touched."""
        for name in ("munge", "state", "spool"):
            (self.folder / name).mkdir(mode=0o755)
        key = self.folder / "munge" / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        where = self.folder / "munge"
        self._daemon(
            "munged",
            "--foreground",
            "--force",
            f"--socket={where / 'socket'}",
            f"--key-file={key}",
            f"--log-file={where / 'log'}",
            f"--pid-file={where / 'pid'}",
            f"--seed-file={where / 'seed'}",
        )

    def _write_conf(self) -> None:
        host = socket.gethostname().split(".")[0]
        controller, node = free_ports(2)
        cores, memory_mib = os.cpu_count() or 1, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        lines = {
            "ClusterName": "testcluster",
            "SlurmctldHost": f"{host}(127.0.0.1)",
            "SlurmUser": "root",
            "SlurmctldPort": controller,
            "AuthType": "auth/munge",
            "AuthInfo": f"socket={self.folder / 'munge' / 'socket'}",
            "CredType": "cred/munge",
            "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none",
            "JobAcctGatherType": "jobacct_gather/none",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_Core",
            "MpiDefault": "none",
            "ReturnToService": "2",
            "StateSaveLocation": self.folder / "state",
            "SlurmdSpoolDir": self.folder / "spool",
            "SlurmctldPidFile": self.folder / "slurmctld.pid",
            "SlurmdPidFile": self.folder / "slurmd.pid",
            "SlurmctldLogFile": self.folder / "slurmctld.log",
            "SlurmdLogFile": self.folder / "slurmd.log",
            "KillWait": 5,
            "MinJobAge": 300,
            "SchedulerParameters": "defer_batch,sched_interval=2,batch_sched_delay=0",
        }
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        text += f"NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 Port={node} CPUs={cores} RealMemory={memory_mib * 9 // 10}\n"
        text += "PartitionName=short Nodes=node1 Default=YES MaxTime=60 State=UP\n"
        (self.folder / "slurm.conf").write_text(text)

    def _daemon(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.out").open("wb") as log:
            command = [str(_program(name)), *arguments]
            self._daemons.append(
                subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | self.environment, start_new_session=True)
            )

    def _await_idle(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(RuntimeError):
                if self.call("sinfo", "-h", "-o", "%T").strip() == "idle":
                    return
            time.sleep(0.2)
        raise RuntimeError(f"Slurm did not start in {seconds:.0f} s\n{self.logs()}")

    def call(self, name: str, *arguments: str) -> str:
        """What a Slurm command prints.

        Raises:
            RuntimeError: it failed.
        """
        done = subprocess.run(
            [str(_program(name)), *arguments], env=os.environ | self.environment, capture_output=True, text=True, timeout=120
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout

    def logs(self) -> str:
        """The last lines of every log, to see why something failed."""
        files = sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out"), self.folder / "munge" / "log"])
        return "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')[-1500:]}" for file in files if file.exists())

    def stop(self) -> None:
        """Cancel what runs and end the daemons we started."""
        with suppress(RuntimeError, subprocess.TimeoutExpired):
            self.call("scancel", "--user=root")
            end = time.monotonic() + 10
            while self.call("squeue", "-h").strip() and time.monotonic() < end:
                time.sleep(0.2)
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in reversed(self._daemons):
            try:
                daemon.wait(120)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._daemons.clear()
