"""`gluteal-grade agreement`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, tell
from gluteal_grade.errors import GradeError

if TYPE_CHECKING:
    from gluteal_grade.review.agreement import AgreementReport


def agreement(
    ratings: Annotated[
        Path, typer.Argument(metavar="RATINGS.csv", readable=False, help="Columns reader,read,study,muscle,side,scale,grade.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Folder for agreement.csv, agreement.html and figures/.")],
    bootstrap: Annotated[int, typer.Option("--bootstrap", metavar="N", help="Resamples of studies for the intervals.")] = 2000,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> int:
    """Agreement between readers, with the program, and of first and second reads: kappas, alpha, ICC, Bland-Altman, a report.

    Exit codes: 0 written, 2 refused (what is no rating, nothing to compare), 1 failure, 64 wrong usage.
    """
    from gluteal_grade.review.agreement import AgreementOptions, compute_agreement, read_ratings, write_agreement

    try:
        options = AgreementOptions(bootstrap)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--bootstrap") from None
    try:
        found = compute_agreement(read_ratings(ratings), options)
        written = write_agreement(found, output)
    except GradeError as error:
        return tell(error)
    if not quiet:
        _report(found, written)
    return GRADED


def _report(found: AgreementReport, written: list[Path]) -> None:
    from gluteal_grade.report import count

    r = found.ratings
    typer.echo(f"{count(r.rows, 'rating')} of {count(r.studies, 'study')}; {r.empty} without a grade, {r.not_assessable} not assessable.")
    defined = sum(row.value == row.value for row in found.rows)
    typer.echo(f"{defined} of {len(found.rows)} statistics are defined; agreement.csv says why not the others.")
    typer.echo(f"Wrote agreement.csv, agreement.html and {count(len(written) - 2, 'figure')} to {written[0].parent}")
