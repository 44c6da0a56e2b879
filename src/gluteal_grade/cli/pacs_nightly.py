"""`gluteal-grade pacs nightly`."""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.exit_codes import FAILED, Stopped, stoppable, tell
from gluteal_grade.cli.options import (
    Bundle,
    BundleNumbering,
    Device,
    GradingConfig,
    Jobs,
    PacsConfig,
    Timeout,
    check_numbering,
    pacs_settings,
    settings_of,
)
from gluteal_grade.errors import GradeError

if TYPE_CHECKING:
    from gluteal_grade.pacs import Night


def nightly(
    config: PacsConfig,
    settings: GradingConfig = None,
    device: Device = None,
    bundle: Bundle = None,
    labelmap: BundleNumbering = None,
    until: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Last day that is asked for; without it today.")] = None,
    jobs: Jobs = None,
    timeout: Timeout = None,
    json_lines: Annotated[bool, typer.Option("--json", help="Log one JSON object a line.")] = False,
) -> int:
    """The job of every night: ask the PACS for new studies, fetch, grade, send results back, write nights/latest.html.

    Exit codes: 0 all is well, 3 something was refused, failed or not sent, 1 the night could not do its work, 64 wrong usage.
    """
    found = pacs_settings(config)
    if found.pacs is None and found.web is None:
        raise typer.BadParameter("neither `pacs` nor `web` says where the PACS is", param_hint="--config")
    grading = settings_of(settings, device)
    check_numbering(labelmap, used=bundle is not None)
    day = _day(until)

    from gluteal_grade.pacs import Grading, Means, PacsPeer, StepLog, run_night, silence_pynetdicom, write_summary

    silence_pynetdicom()
    log = StepLog(json_lines=json_lines)
    started, clock = datetime.datetime.now(datetime.UTC), time.monotonic()
    try:
        workers = Grading(Means(grading, bundle, labelmap, jobs, timeout), found.out, of_refused=found.send_refused)
    except GradeError as error:  # a device that is not there
        return tell(error)
    try:
        with stoppable():
            night = run_night(found, PacsPeer(found, log), workers, day, log)
        night.seconds = time.monotonic() - clock
        written = write_summary(night, found.out, started)
    except GradeError as error:
        return tell(error)
    except Stopped:
        typer.echo("stopped; the next night goes on", err=True)
        return FAILED
    finally:
        workers.close()
    _report(night, written[1])
    return night.exit_code


def _day(text: str | None) -> datetime.date:
    if text is None:
        return datetime.datetime.now().astimezone().date()
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("YYYY-MM-DD", param_hint="--until") from None


def _report(night: Night, page: Path) -> None:
    from gluteal_grade.pacs import summary_of

    told = summary_of(night)
    states = ", ".join(f"{count} {state}" for state, count in told["states"].items()) or "nothing new"
    for failure in told["failures"]:
        typer.echo(f"failure: {failure['step']}: {failure['reason']}\n  {failure['advice']}", err=True)
    typer.echo(f"{told['found']} studies named by the PACS, {states}, {told['sent_ok']} sent; {page}")
