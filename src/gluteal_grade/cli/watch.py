"""`gluteal-grade watch`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade.cli.batch import executor_of, observer_of
from gluteal_grade.cli.exit_codes import FAILED, Stopped, stoppable, tell
from gluteal_grade.cli.options import (
    Attempts,
    Bundle,
    Config,
    Deidentify,
    Device,
    Dicom,
    DicomMore,
    Identified,
    Jobs,
    JsonLines,
    KeepOtherVersions,
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
from gluteal_grade.errors import GradeError, TransientFailure


def watch(
    folders: Annotated[list[str], typer.Argument(metavar="IN...", help="Folders that studies are copied into.")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="As of `batch`.")],
    quiet_s: Annotated[float, typer.Option("--quiet-seconds", min=0, help="A study is whole when nothing changed for so long.")] = 60.0,
    every_s: Annotated[float, typer.Option("--every", metavar="SECONDS", min=0.1, help="How often to look.")] = 15.0,
    once: Annotated[bool, typer.Option("--once", help="End when everything that is there now has been graded.")] = False,
    labels: LabelsByName = None,
    labelmap: Labelmap = None,
    bundle: Bundle = None,
    kind: Kind = None,
    config: Config = None,
    device: Device = None,
    jobs: Jobs = None,
    memory_gb: MemoryGb = None,
    timeout: Timeout = None,
    retry_failed: RetryFailed = False,
    attempts: Attempts = 3,
    keep_other_versions: KeepOtherVersions = False,
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
    """Grade what is copied into a folder, study by study, until stopped (Ctrl-C, SIGTERM).

    Exit codes: with --once those of `batch`; else 1 when stopped, 64 wrong usage.
    """
    check_verbose(verbose, quiet=quiet, json=json_lines)
    settings = shown_settings(settings_of(config, device), identified, dicom_more, deidentify=deidentify)
    check_numbering(labelmap, used=labels is not None or bundle is not None)
    kinds = check_kinds(kind)

    from gluteal_grade.cohort import Options, Request, Watch, exit_code
    from gluteal_grade.segmentation import check_device

    try:
        check_device(settings.segmentation)  # waiting does not bring one
    except GradeError as error:
        return tell(error)

    threads, executor = executor_of(jobs, memory_gb, timeout, None, None, out, networks=settings.segmentation if labels is None else None)
    request = Request(
        tuple(folders),
        out,
        settings,
        labels,
        labelmap,
        bundle,
        layout_of(layout),
        threads,
        options=Options(retry_failed, attempts, keep_other_versions),
        pictures=pictures,
        dicom=dicom or dicom_more is not None,
        deidentify=deidentify,
        kind=kinds,
    )
    observer = observer_of(quiet, json_lines, verbose)
    watched = Watch(request, executor, observer, quiet_s)
    try:
        with stoppable():
            while True:
                try:
                    left = watched.look()
                except TransientFailure as error:
                    tell(error)  # a full disk, a share that is away: the next look may do
                    left = 1
                if once and not left:
                    return exit_code(watched.states)
                time.sleep(every_s)
    except GradeError as error:
        return tell(error)
    except Stopped:
        typer.echo("stopped", err=True)
        return FAILED
    finally:
        observer.close()
