"""Runs studies in Slurm jobs: a Dask scheduler in this process, its workers in jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gluteal_grade.cohort.dask_executor import DaskExecutor
from gluteal_grade.cohort.dask_link import lost_connection
from gluteal_grade.cohort.execution import Event
from gluteal_grade.cohort.slurm_config import SlurmConfig, job_options, job_script, read_config
from gluteal_grade.cohort.slurm_jobs import SlurmJobs, check_submission

__all__ = ["SlurmExecutor", "job_script", "slurm_executor", "threads_of_study"]


class SlurmExecutor(DaskExecutor):
    """A `DaskExecutor` that asks Slurm for its workers and gives them back.

    Args:
        cluster: a `SLURMCluster` without jobs; ours to close.
        config: how many jobs and workers.
        work: module-level function.
        look_seconds: time between two looks at the queue.
    """

    def __init__(self, cluster: Any, config: SlurmConfig, work: Callable[[Any], Any], look_seconds: float = 20.0) -> None:
        from distributed import Client

        self._cluster = cluster
        self._jobs = SlurmJobs(cluster, config.jobs, config.processes, look_seconds)
        self._client = Client(cluster, set_as_default=False)
        # However long the queue is: who wants to stop waiting stops the batch.
        super().__init__(self._client, work, no_worker_seconds=None, expected_workers=config.jobs * config.processes)

    def wait(self, seconds: float) -> list[Event]:
        """As `DaskExecutor.wait`; also sees to the jobs."""
        self._jobs.keep(self.unfinished, self.workers, self.busy)
        return super().wait(seconds)

    def close(self) -> None:
        """Cancel the jobs and stop the scheduler. Safe to call twice."""
        if self._closed:
            return
        super().close()
        try:
            self._client.close(timeout=5)
        finally:
            self._cluster.close(timeout=60)


def slurm_executor(config: Path, work: Callable[[Any], Any], logs: Path) -> SlurmExecutor:
    """An executor on the Slurm cluster that this machine can submit to.

    Args:
        config: YAML file, see configs/slurm.example.yaml.
        work: module-level function; the nodes must be able to import it.
        logs: folder for the jobs' output, if the file names none; made if absent.

    Raises:
        ValueError: the file is not right, or Dask is not installed.
        TransientFailure: `executor_failed`: no Slurm here, or it refuses such a job.
    """
    settings = read_config(config)
    script = job_script(config, logs)
    _check_interface(settings.scheduler_interface or settings.interface)
    check_submission(script)
    (settings.log_directory or logs).mkdir(parents=True, exist_ok=True)
    from dask_jobqueue import SLURMCluster

    # The scheduler shows no web page: it would tell everybody on the network what is computed here.
    scheduler = {"dashboard": False, "dashboard_address": ":0"}
    if settings.scheduler_interface:
        scheduler |= {"interface": settings.scheduler_interface}
    try:
        cluster = SLURMCluster(scheduler_options=scheduler, **job_options(settings, logs))
    except RuntimeError as error:
        raise lost_connection(f"the Dask scheduler cannot be started here: {error}") from None
    return SlurmExecutor(cluster, settings, work)


def threads_of_study(config: Path) -> int:
    """How many cores each study may use in such a job.

    Raises:
        ValueError: the file is not right.
    """
    settings = read_config(config)
    return settings.cores // settings.processes


def _check_interface(name: str | None) -> None:
    from distributed.utils import get_ip_interface

    if name is not None:
        get_ip_interface(name)  # its ValueError lists those that there are
