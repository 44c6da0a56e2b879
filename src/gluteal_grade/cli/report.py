"""`gluteal-grade report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, tell
from gluteal_grade.errors import GradeError


def report(
    out: Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="Output folder of `grade` or `batch`.")],
    prior: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", readable=False, help="Result folder of an earlier study of this patient: its change is told."),
    ] = None,
    study: Annotated[str | None, typer.Option(metavar="HASH", help="Only this study.")] = None,
    site: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Site file of `cohort repeatability`; without --prior it is kept in OUT."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> int:
    """Make report.html again from the results in a folder; in a batch each patient's earlier study is the prior.

    Exit codes: 0 written, or up to date already; 2 refused, 1 failure, 64 wrong usage.
    """
    from gluteal_grade.cohort import renew_unlocked, report_with_prior

    try:
        if prior is None:
            told = f"{renew_unlocked(out, study, site)} reports written again in {out}"
        else:
            told = f"Wrote {report_with_prior(out, prior, study, site)}"
    except GradeError as error:
        return tell(error)
    if not quiet:
        typer.echo(told)
    return GRADED
