"""What a batch asks Slurm for: a YAML file, and the job script made from it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, model_validator

from gluteal_grade.cohort.dask_link import require_dask
from gluteal_grade.config import SettingsBase, validated

_DURATION = re.compile(r"(?:(\d+)-)?(\d+):(\d{2}):(\d{2})")


def _seconds(value: Any) -> int:
    """``"[days-]hours:minutes:seconds"`` in seconds; YAML reads an unquoted 12:00:00 as a number, so numbers are refused."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be written as "hours:minutes:seconds" or "days-hours:minutes:seconds", in quotes')
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


Seconds = Annotated[int, BeforeValidator(_seconds)]
Line = Annotated[str, Field(pattern=r"^[^\n]+$")]


class SlurmConfig(SettingsBase):
    """Jobs for one batch.

    Attributes:
        partition: queue; None: the cluster's default.
        account: None: your default.
        cores: per job.
        memory: per job, e.g. ``"16 GB"``.
        processes: studies at once in a job; cores and memory are shared out evenly.
        jobs: at most so many at once; fewer if there are fewer studies.
        walltime: of a job, ``"hours:minutes:seconds"``; seconds once read.
        lifetime: when a worker stops, before Slurm ends the job; by default a tenth of `walltime` earlier, within 1 to 15
            minutes. Drawn again for each worker within half the time left to `walltime`, so that jobs do not all end at once.
        interface: network interface of workers (and of the scheduler, here), e.g. ``"ib0"``.
        scheduler_interface: that of the scheduler, where it differs.
        python: interpreter on the workers; None: this one, on a file system that they share.
        prologue: shell lines before the worker starts.
        directives: further options of sbatch, e.g. ``"--qos=low"``.
        log_directory: for the jobs' logs, on a shared file system; None: where the batch writes.
        local_directory: scratch space on the node; variables are expanded there.
    """

    partition: Line | None = None
    account: Line | None = None
    cores: int = Field(ge=1)
    memory: str = Field(pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$")
    processes: int = Field(default=1, ge=1)
    jobs: int = Field(ge=1)
    walltime: Seconds = Field(ge=120)
    lifetime: Seconds | None = Field(default=None, ge=30)
    interface: Line | None = None
    scheduler_interface: Line | None = None
    python: Line | None = None
    prologue: tuple[Line, ...] = ()
    directives: tuple[Line, ...] = ()
    log_directory: Path | None = None
    local_directory: Line | None = None

    @model_validator(mode="after")
    def _consistent(self) -> SlurmConfig:
        if self.processes > self.cores:
            raise ValueError(f"{self.processes} processes do not fit on {self.cores} cores")
        if self.lifetime is not None and self.lifetime >= self.walltime:
            raise ValueError("lifetime must be shorter than walltime")
        return self

    @property
    def lifetime_s(self) -> int:
        """Mean lifetime of a worker in seconds."""
        return self.lifetime or self.walltime - min(max(self.walltime // 10, 60), 900)

    @property
    def stagger_s(self) -> int:
        """Largest difference of one worker's lifetime from the mean in seconds."""
        return min((self.walltime - self.lifetime_s) // 2, self.lifetime_s // 2)


def read_config(path: Path) -> SlurmConfig:
    """The settings in a YAML file.

    Raises:
        ValueError: not readable, an unknown key or a bad value; the message names it.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            data = yaml.safe_load(stream)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path.name} cannot be read: {type(error).__name__}") from None
    return validated(SlurmConfig, {} if data is None else data, path.name)


def _time(seconds: int) -> str:
    """Seconds in the form that Slurm takes."""
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
    return f"{days}-{clock}" if days else clock


def job_options(config: SlurmConfig, logs: Path) -> dict[str, Any]:
    """Arguments of `dask_jobqueue.SLURMCluster` that say what a job is.

    Args:
        config: settings.
        logs: folder for the jobs' output, if `config` names none.
    """
    threads = config.cores // config.processes
    told = [f"export {name}_NUM_THREADS={threads}" for name in ("OMP", "MKL", "OPENBLAS")]
    # A study may fill its share of memory for a while. Dask would pause such a worker, perhaps for ever; it is ended at 95 % all the same.
    told += [f"export DASK_DISTRIBUTED__WORKER__MEMORY__{name}=False" for name in ("TARGET", "SPILL", "PAUSE")]
    return {
        "job_name": "gluteal-grade",
        "queue": config.partition,
        "account": config.account,
        "cores": config.cores,
        "memory": config.memory,
        "processes": config.processes,
        "walltime": _time(config.walltime),
        "interface": config.interface,
        "python": f'"{config.python}"' if config.python else None,
        "local_directory": f'"{config.local_directory}"' if config.local_directory else None,
        "job_script_prologue": [*told, *config.prologue],
        "job_extra_directives": [f'-o "{config.log_directory or logs}/gluteal-grade-%j.log"', *config.directives],
        "worker_extra_args": [
            *("--nthreads", "1"),  # takes the place of Dask's own: one study at a time in a process
            *("--lifetime", f"{config.lifetime_s}s", "--lifetime-stagger", f"{config.stagger_s}s"),
            "--no-dashboard",
        ],
    }


def job_script(config: Path, logs: Path = Path("OUT")) -> str:
    """The script that each job runs, with placeholders for the scheduler's address and the worker's name.

    Args:
        config: YAML file.
        logs: folder for the jobs' output, if the file names none.

    Raises:
        ValueError: the file is not right, or Dask is not installed.
    """
    settings = read_config(config)
    require_dask("dask_jobqueue")
    from dask_jobqueue.slurm import SLURMJob

    script: str = SLURMJob("tcp://SCHEDULER:PORT", name="WORKER", **job_options(settings, logs)).job_script()
    return script
