"""`gluteal-grade cohort`: what is done with the output of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade.cli.cohort_stats import stats
from gluteal_grade.cli.exit_codes import GRADED, tell
from gluteal_grade.errors import GradeError

app = typer.Typer(no_args_is_help=True, help="Tables, pages and statistics of a batch's output.")


@app.command()
def summary(
    cohort: Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="Output folder of `batch`, or of several runs of `grade`.")],
    pictures: Annotated[bool, typer.Option("--pictures/--no-pictures", help="Contact sheets, figures and trend plots too.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> int:
    """Make the tables and pages of a cohort again from its results.

    Exit codes: 0 written, 2 refused, 1 failure, 64 wrong usage.
    """
    from gluteal_grade.cohort import summarise_unlocked

    try:
        told = summarise_unlocked(cohort, pictures=pictures)
    except GradeError as error:
        return tell(error)
    if not quiet:
        typer.echo(f"{len(told.studies)} studies, {len(told.refusals)} not graded; {cohort / 'cohort.csv'}, {cohort / 'index.html'}")
    return GRADED


app.command()(stats)
