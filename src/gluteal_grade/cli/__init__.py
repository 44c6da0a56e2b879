"""Command line: parse, call, print; no logic."""

from __future__ import annotations

import errno
import gc
import os
import sys
from typing import Annotated, Any

import typer

from gluteal_grade import __version__
from gluteal_grade.cli.agreement import agreement
from gluteal_grade.cli.batch import batch
from gluteal_grade.cli.bids import bids
from gluteal_grade.cli.calibrate import calibrate
from gluteal_grade.cli.cohort import app as cohort
from gluteal_grade.cli.compare import compare
from gluteal_grade.cli.exit_codes import FAILED, USAGE, tell
from gluteal_grade.cli.grade import grade
from gluteal_grade.cli.inspect import inspect
from gluteal_grade.cli.model import app as model
from gluteal_grade.cli.pacs import app as pacs
from gluteal_grade.cli.report import report
from gluteal_grade.cli.review import review
from gluteal_grade.cli.schema import schema
from gluteal_grade.cli.watch import watch
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure, place_of
from gluteal_grade.terminal import forgiving

# typer brings its own click or uses the installed one, depending on its version: take the class from where typer has it
_UsageError: type[Any] = typer.BadParameter.__mro__[1]


app = typer.Typer(
    name="gluteal-grade",
    help="Measure and grade fatty atrophy of the gluteal muscles on MRI and CT. Research use; not a medical device.",
    epilog="Exit codes: 0 all graded, 3 partly graded, 2 refused, 1 failure, 64 wrong usage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # tracebacks print local variables, and those may hold a patient's name
)
app.command()(grade)
app.command()(inspect)
app.command()(batch)
app.command()(watch)
app.command()(bids)
app.command()(compare)
app.command()(report)
app.command()(review)
app.command()(agreement)
app.command()(calibrate)
app.command()(schema)
app.add_typer(cohort, name="cohort")
app.add_typer(pacs, name="pacs")
app.add_typer(model, name="model")


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"gluteal-grade {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the console script.

    Imports and DICOM objects are many small things and hardly any garbage: Python looks for it less often than it would by itself, which
    saves a tenth of the time.
    """
    gc.set_threshold(20_000, 10, 10)
    forgiving(sys.stdout, sys.stderr)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; errors become one or two lines on stderr."""
    try:
        code = app(arguments, prog_name="gluteal-grade", standalone_mode=False)
    except _UsageError as error:
        error.show()
        return USAGE
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("stopped", err=True)
        return FAILED
    except MemoryError:
        return tell(TransientFailure(Reason.OUT_OF_MEMORY))
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:  # of whichever option
            return tell(RefusedInput(Reason.INPUT_NOT_FOUND, "a path longer than the system allows"))
        if os.environ.get("GLUTEAL_GRADE_DEBUG"):
            raise
        where = place_of(error)
        typer.echo(
            f"failure: {type(error).__name__} in {where}; this is a defect, please report it (GLUTEAL_GRADE_DEBUG=1 shows more)", err=True
        )
        return FAILED
    return int(code or 0)
