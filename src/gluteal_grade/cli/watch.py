"""`gluteal-grade watch`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade.cli.batch import executor_of, layout_of, observer_of
from gluteal_grade.cli.exit_codes import FAILED, tell
from gluteal_grade.cli.settings import settings_of
from gluteal_grade.cli.stop import Stopped, stoppable
from gluteal_grade.errors import GradeError, TransientFailure


def watch(
    folders: Annotated[list[str], typer.Argument(metavar="IN...", help="Folders that studies are copied into.")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="As of `batch`.")],
    quiet_s: Annotated[float, typer.Option("--quiet-seconds", min=0, help="A study is whole when nothing changed for so long.")] = 60.0,
    every_s: Annotated[float, typer.Option("--every", metavar="SECONDS", min=0.1, help="How often to look.")] = 15.0,
    once: Annotated[bool, typer.Option("--once", help="End when everything that is there now has been graded.")] = False,
    labels: Annotated[str | None, typer.Option(metavar="NAME", help="As of `batch`.")] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="YAML with settings that differ from configs/default.yaml.")] = None,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Worker processes.")] = None,
    layout: Annotated[str, typer.Option(metavar="flat|bids", help="As of `batch`.")] = "flat",
    dicom: Annotated[bool, typer.Option("--dicom", help="Results as DICOM objects too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    json_lines: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> int:
    """Grade what is copied into a folder, study by study, until stopped (Ctrl-C, SIGTERM).

    Exit codes: with --once those of `batch`; else 1 when stopped, 64 wrong usage.
    """
    from gluteal_grade.cohort.batch import Request
    from gluteal_grade.cohort.runner import exit_code
    from gluteal_grade.cohort.watch import Watch

    threads, executor = executor_of(jobs, None, None, None, None, out)
    request = Request(tuple(folders), out, settings_of(config), labels, layout=layout_of(layout), threads=threads, dicom=dicom)
    observer = observer_of(quiet, json_lines)
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
