"""`gluteal-grade batch`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gluteal_grade.cli.exit_codes import FAILED, Stopped, stoppable, tell
from gluteal_grade.cli.options import (
    Attempts,
    Bundle,
    Config,
    Deidentify,
    Device,
    Dicom,
    DicomMore,
    Force,
    Identified,
    Jobs,
    JsonLines,
    KeepOtherVersions,
    KeepWithdrawn,
    Kind,
    Labelmap,
    LabelsByName,
    LayoutName,
    MemoryGb,
    Pictures,
    Quiet,
    RetryFailed,
    Timeout,
    Verbose,
    check_kinds,
    check_numbering,
    check_verbose,
    layout_of,
    settings_of,
    shown_settings,
)
from gluteal_grade.errors import GradeError

if TYPE_CHECKING:
    from gluteal_grade.cohort import Done, Executor, Silence
    from gluteal_grade.config import SegmentationSettings

Value = TypeVar("Value")


def batch(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Folders, BIDS trees, globs, zips, files, or a CSV manifest (column `path`).")
    ],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Results, tables, pages and the ledger go here.")],
    labels: LabelsByName = None,
    labelmap: Labelmap = None,
    bundle: Bundle = None,
    kind: Kind = None,
    config: Config = None,
    device: Device = None,
    jobs: Jobs = None,
    memory_gb: MemoryGb = None,
    timeout: Timeout = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Use the workers of this Dask scheduler, e.g. tcp://host:8786.")
    ] = None,
    slurm: Annotated[
        Path | None, typer.Option(metavar="FILE", readable=False, help="Use Slurm as this YAML says, see configs/slurm.example.yaml.")
    ] = None,
    print_job_script: Annotated[bool, typer.Option("--print-job-script", help="Print the Slurm job script and exit.")] = False,
    retry_failed: RetryFailed = False,
    attempts: Attempts = 3,
    force: Force = False,
    keep_other_versions: KeepOtherVersions = False,
    keep_withdrawn: KeepWithdrawn = False,
    layout: LayoutName = "flat",
    dicom: Dicom = False,
    dicom_more: DicomMore = None,
    deidentify: Deidentify = False,
    identified: Identified = None,
    pictures: Pictures = True,
    quiet: Quiet = False,
    json_lines: JsonLines = False,
    verbose: Verbose = False,
) -> int:
    """Grade a cohort. Run the same command again to go on after an interruption; what is done is not done twice.

    Exit codes: 0 all graded in full, 3 mixed, 2 none gradable, 1 stopped, 64 wrong usage.
    """
    check_verbose(verbose, quiet=quiet, json=json_lines)
    settings = shown_settings(settings_of(config, device), identified, dicom_more, deidentify=deidentify)
    if print_job_script:
        return _print_job_script(slurm, out)
    check_numbering(labelmap, used=labels is not None or bundle is not None)
    kinds = check_kinds(kind)
    threads, executor = executor_of(jobs, memory_gb, timeout, dask, slurm, out, networks=settings.segmentation if labels is None else None)

    from gluteal_grade.cohort import Options, Request, exit_code, run_batch

    request = Request(
        tuple(inputs),
        out,
        settings,
        labels,
        labelmap,
        bundle,
        layout_of(layout),
        threads,
        force,
        Options(retry_failed, attempts, keep_other_versions, keep_withdrawn),
        pictures,
        dicom=dicom or dicom_more is not None,
        deidentify=deidentify,
        kind=kinds,
    )
    observer = observer_of(quiet, json_lines, verbose)
    done = run_to_its_end(lambda: run_batch(request, executor, observer), observer)
    if isinstance(done, int):
        return done
    if not (quiet or json_lines):
        _report(done, out)
    return exit_code(done.states)


def run_to_its_end(batch: Callable[[], Done], observer: Silence) -> Done | int:
    """What a batch did; the exit code where it was stopped or could not be run, which is told."""
    try:
        with stoppable():
            return batch()
    except GradeError as error:
        return tell(error)
    except Stopped:
        typer.echo("stopped; run the same command again to go on", err=True)
        return FAILED
    finally:
        observer.close()


def executor_of(
    jobs: int | None,
    memory_gb: float | None,
    timeout: float | None,
    dask: str | None,
    slurm: Path | None,
    out: Path,
    *,
    networks: SegmentationSettings | None,
) -> tuple[int, Callable[[], Executor]]:
    """Threads of a worker, and what makes the executor."""
    from gluteal_grade.cohort import local_workers, share

    if sum(given is not None for given in (jobs, dask, slurm)) > 1:
        raise typer.BadParameter("--jobs, --dask and --slurm exclude each other", param_hint="--jobs")
    if dask is not None:
        return 1, partial(_cluster, "--dask", lambda: _dask(dask))
    if slurm is not None:
        return _slurm_threads(slurm), partial(_cluster, "--slurm", lambda: _slurm(slurm, out))
    mine = share(jobs, memory_gb and memory_gb * 1024)
    return mine.threads, partial(local_workers, mine, timeout, networks=networks)


def _cluster(option: str, what: Callable[[], Value]) -> Value:
    """A bad address, file or installation is wrong usage."""
    try:
        return what()
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _dask(address: str) -> Executor:
    from gluteal_grade.cohort import DaskExecutor, work

    return DaskExecutor(address, work)


def _slurm(config: Path, out: Path) -> Executor:
    from gluteal_grade.cohort import slurm_executor, work

    return slurm_executor(config, work, out.absolute() / "slurm")


def _slurm_threads(config: Path) -> int:
    from gluteal_grade.cohort import threads_of_study

    return _cluster("--slurm", lambda: threads_of_study(config))


def _print_job_script(slurm: Path | None, out: Path) -> int:
    from gluteal_grade.cohort import job_script

    if slurm is None:
        raise typer.BadParameter("needs --slurm", param_hint="--print-job-script")
    typer.echo(_cluster("--slurm", lambda: job_script(slurm, out.absolute() / "slurm")))
    return 0


def observer_of(quiet: bool, json_lines: bool, verbose: bool) -> Silence:
    """Who is told of the steps."""
    from rich.console import Console

    from gluteal_grade.cohort import Bar, JsonLines, Silence

    return JsonLines() if json_lines else Silence() if quiet else Bar(Console(stderr=True), verbose=verbose)


def _report(done: Done, out: Path) -> None:
    from gluteal_grade.cohort import explanation

    states = done.states
    memory = f" (a worker held up to {done.peak_mb / 1024:.1f} GB)" if done.peak_mb else ""
    typer.echo((", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "nothing was given") + memory)
    for line in explanation(done.again, done.kept, done.other_versions):
        typer.echo(line)
    if {"refused", "failed"} & {state.value for state in states}:
        typer.echo(f"Why not: {out / 'refusals.csv'}")
    typer.echo(f"Tables: {out / 'cohort.csv'}; to look at: {out / 'index.html'}")
