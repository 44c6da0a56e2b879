"""`gluteal-grade pacs receive`."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, tell
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
    from gluteal_grade.config import Settings
    from gluteal_grade.pacs import Means, PacsSettings, Process, StepLog


def receive(
    config: PacsConfig,
    grade: Annotated[bool, typer.Option("--grade", help="Grade each study that is whole; without it studies wait in the inbox.")] = False,
    json_lines: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Append JSON lines to FILE instead of printing.")] = None,
    health_port: Annotated[
        int | None, typer.Option(metavar="PORT", min=1, max=65535, help="Answer /healthz and /metrics on this port of this machine.")
    ] = None,
    stop_after_quiet: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0, help="End when nothing waits and nothing came for so long.")
    ] = None,
    grace: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="At the end, open associations may go on for so long.")] = 10.0,
    settings: GradingConfig = None,
    device: Device = None,
    bundle: Bundle = None,
    labelmap: BundleNumbering = None,
    jobs: Jobs = None,
    timeout: Timeout = None,
) -> int:
    """Receive studies by DICOM until SIGTERM or Ctrl-C.

    Exit codes: 0 stopped as told, 1 the port is in use or the inbox cannot be used, 64 wrong usage.
    """
    found = pacs_settings(config)
    if found.receive is None:
        raise typer.BadParameter("`receive` is missing: it says where the inbox is", param_hint="--config")
    check_numbering(labelmap, used=bundle is not None)
    means = _means(settings_of(settings, device), bundle, labelmap, jobs, timeout) if grade else None

    from gluteal_grade.pacs import StepLog, run_receiver

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    told = StepLog(log or sys.stdout, json_lines=json_lines or log is not None)
    try:
        handler, at_once = (None, 1) if means is None else _grader(found, means, told)
    except GradeError as error:  # a device that is not there
        return tell(error)
    try:
        run_receiver(
            found, handler, told, stop, health_port=health_port, stop_after_quiet_s=stop_after_quiet, grace_s=grace, at_once=at_once
        )
    except ValueError as error:  # addresses, TLS files
        raise typer.BadParameter(str(error), param_hint="--config") from None
    except GradeError as error:
        return tell(error)
    finally:
        if handler is not None:
            handler.close()
    return GRADED


def _means(settings: Settings, bundle: Path | None, labelmap: str | None, jobs: int | None, timeout: float | None) -> Means:
    from gluteal_grade.pacs import Means

    return Means(settings, bundle, labelmap, jobs, timeout)


def _grader(found: PacsSettings, means: Means, told: StepLog) -> tuple[Process, int]:
    from gluteal_grade.pacs import AT_ONCE, process_ready

    return process_ready(found, means, told), AT_ONCE
