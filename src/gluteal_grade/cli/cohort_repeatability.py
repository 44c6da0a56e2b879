"""`gluteal-grade cohort repeatability`."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, tell
from gluteal_grade.errors import GradeError


def repeatability(
    cohorts: Annotated[
        list[Path],
        typer.Argument(metavar="OUT...", readable=False, help="Folder of a finished batch; several: the same studies read again, each."),
    ],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write here instead of OUT/repeatability/.")] = None,
    repeats: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", readable=False, help="CSV with study (or source), subject, repeat, session; else columns of the manifest."
        ),
    ] = None,
    include: Annotated[
        str, typer.Option(metavar="STATUS,...", help="Muscles that count, by status: graded, partial (not for volumes), needs_review.")
    ] = "graded",
    name: Annotated[str, typer.Option(metavar="TEXT", help="Site or scanner, for the site file.")] = "",
    protocol: Annotated[str, typer.Option(metavar="TEXT", help="Protocol, for the site file.")] = "",
    date: Annotated[
        datetime.datetime | None, typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="Of the site file; today if not given.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but cautions and errors.")] = False,
) -> int:
    """Repeatability from repeated scans or readings: within-subject SD, smallest detectable change, CV, Bland-Altman, ICC, site file.

    Exit codes: 0 written, 2 refused (no repeats, tables damaged), 1 failure, 64 wrong usage.
    """
    from gluteal_grade.cohort.repeatability import RepeatOptions, compute_repeatability, site_of, write_repeatability

    if repeats is not None and len(cohorts) > 1:
        raise typer.BadParameter("several OUT are readings of the same studies, they need no file", param_hint="--repeats")
    try:
        options = RepeatOptions(tuple(dict.fromkeys(s.strip() for s in include.split(",") if s.strip())), repeats)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--include") from None
    try:
        report = compute_repeatability(cohorts, options)
        site = site_of(report, name=name, protocol=protocol, date=(date or datetime.datetime.now()).date())
        written = write_repeatability(report, site, output or cohorts[0] / "repeatability")
    except GradeError as error:
        return tell(error)
    for caution in report.cautions:
        typer.echo(f"Caution: {caution}")
    if not quiet:
        from gluteal_grade.report import count

        typer.echo(f"{count(report.studies['subject'].nunique(), 'subject')}, {len(report.left_out)} left out (left_out.csv says why).")
        if site is None:
            typer.echo("No site file: no row has intervals (too_few_subjects).")
        typer.echo(f"Wrote {', '.join(p.name for p in written)} to {written[0].parent}")
    return GRADED
