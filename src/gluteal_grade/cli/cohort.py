"""`gluteal-grade cohort`: what is done with the output of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.cohort_methods import methods
from gluteal_grade.cli.cohort_norms import norms
from gluteal_grade.cli.cohort_repeatability import repeatability
from gluteal_grade.cli.cohort_sites import sites
from gluteal_grade.cli.exit_codes import GRADED, tell
from gluteal_grade.errors import GradeError

if TYPE_CHECKING:
    from gluteal_grade.cohort.stats import StatsOptions, StatsReport


def stats(
    cohort: Annotated[
        Path, typer.Argument(metavar="OUT", readable=False, help="Folder of a finished batch, with cohort.csv and studies.csv.")
    ],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write here instead of OUT/stats/.")] = None,
    group: Annotated[str, typer.Option(metavar="COLUMN", help="Column of studies.csv whose values are compared.")] = "group",
    include: Annotated[
        str, typer.Option(metavar="STATUS,...", help="Muscles that count, by status: graded, partial (not for volumes), needs_review.")
    ] = "graded",
    all_studies: Annotated[bool, typer.Option("--all-studies", help="Use all studies of a patient; else the earliest by days.")] = False,
    site: Annotated[
        str,
        typer.Option(
            metavar="COLUMN", help="Hold sites in the mixed models: a column of studies.csv, or manufacturer, scanner, field, software."
        ),
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but cautions and errors.")] = False,
) -> int:
    """Compare sides and groups over a finished cohort: effect sizes with intervals, mixed models, forest plot, methods paragraph.

    Exit codes: 0 written, 2 refused (nothing graded there, tables damaged), 1 failure, 64 wrong usage.
    """
    from gluteal_grade.cohort.stats import NoGrouping, compute_statistics, write_statistics

    options = _options(group, include, all_studies, site.strip())
    try:
        findings = compute_statistics(cohort, options)
        written = write_statistics(findings, output or cohort / "stats")
    except NoGrouping as error:
        raise typer.BadParameter(str(error), param_hint="--group or --site") from None
    except GradeError as error:
        return tell(error)
    _report(findings, written, quiet)
    return GRADED


def _options(group: str, include: str, all_studies: bool, site: str) -> StatsOptions:
    from gluteal_grade.cohort.stats import StatsOptions

    try:
        return StatsOptions(group, tuple(dict.fromkeys(s.strip() for s in include.split(",") if s.strip())), all_studies, site=site)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--include") from None


def _report(findings: StatsReport, written: list[Path], quiet: bool) -> None:
    for caution in findings.cautions:
        typer.echo(f"Caution: {caution}")
    if quiet:
        return
    from gluteal_grade.report import count

    selection = findings.selection
    typer.echo(f"{count(len(selection.studies), 'study')} of {count(selection.studies['person'].nunique(), 'patient')} counted.")
    if len(selection.levels) < 2:
        typer.echo(f"Fewer than two groups by {findings.options.group}: groups not compared.")
    typer.echo(f"{findings.computed} of {len(findings.comparisons)} comparisons could be made; stats.csv says why not the others.")
    typer.echo(f"Wrote {', '.join(p.name for p in written)} to {written[0].parent}")


app = typer.Typer(no_args_is_help=True, help="Tables, pages and statistics of a batch's output.")


@app.command()
def summary(
    cohort: Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="Output folder of `batch`, or of several runs of `grade`.")],
    site: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Site file of `cohort repeatability` to judge changes by; kept in OUT."),
    ] = None,
    pictures: Annotated[bool, typer.Option("--pictures/--no-pictures", help="Contact sheets, figures and trend plots too.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> int:
    """Make the tables and pages of a cohort again from its results.

    Exit codes: 0 written, 2 refused, 1 failure, 64 wrong usage.
    """
    from gluteal_grade.cohort import summarise_unlocked

    try:
        told = summarise_unlocked(cohort, pictures=pictures, site=site)
    except GradeError as error:
        return tell(error)
    if not quiet:
        typer.echo(f"{len(told.studies)} studies, {len(told.refusals)} not graded; {cohort / 'cohort.csv'}, {cohort / 'index.html'}")
    return GRADED


@app.command()
def xlsx(
    cohort: Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="Output folder of `batch`, or of several runs of `grade`.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here instead of OUT/cohort.xlsx.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> int:
    """Write the tables of a cohort of any size as one workbook; `batch` does it for up to 20,000 rows.

    Exit codes: 0 written, 2 refused, 1 failure, 64 wrong usage.
    """
    from gluteal_grade.cohort import write_workbook

    try:
        path = write_workbook(cohort, output)
    except GradeError as error:
        return tell(error)
    if not quiet:
        typer.echo(f"Wrote {path}")
    return GRADED


app.command()(stats)
app.command()(repeatability)
app.command()(norms)
app.command()(methods)
app.command()(sites)
