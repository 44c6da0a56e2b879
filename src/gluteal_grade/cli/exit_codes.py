"""Exit codes of every command (scripts and nightly jobs rely on them), and how an error becomes one."""

from __future__ import annotations

import typer

from gluteal_grade.errors import GradeError, RefusedInput

GRADED = 0
FAILED = 1  # a fault of the machine or the program: trying again may help
REFUSED = 2  # this input cannot be graded
PARTLY_GRADED = 3  # graded, but a side or a muscle is missing, not gradable, cut by the field of view or in need of review
USAGE = 64  # the command line itself is wrong (sysexits.h EX_USAGE)


def tell(error: GradeError) -> int:
    """Two lines on stderr, what is wrong and what to do, and the exit code."""
    refused = isinstance(error, RefusedInput)
    detail = f": {error.detail}" if error.detail else ""
    typer.echo(f"{'refused' if refused else 'failure'}: {error.reason}{detail}\n  {error.advice}", err=True)
    return REFUSED if refused else FAILED
