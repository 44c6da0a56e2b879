"""`gluteal-grade cohort norms`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, tell
from gluteal_grade.errors import GradeError

if TYPE_CHECKING:
    from gluteal_grade.cohort.norms import NormsOptions
    from gluteal_grade.grading import Norms


def norms(
    cohorts: Annotated[
        list[Path], typer.Argument(metavar="OUT...", readable=False, help="Folders of finished batches of healthy people, taken together.")
    ],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write here instead of OUT/norms/.")] = None,
    name: Annotated[str, typer.Option(metavar="TEXT", help="Site, scanner or cohort, for the names of the sets.")] = "",
    protocol: Annotated[str, typer.Option(metavar="TEXT", help="Protocol in words, printed beside every score.")] = "",
    only: Annotated[
        str | None, typer.Option(metavar="COLUMN=VALUE", help="Only studies with this in studies.csv, e.g. group=control.")
    ] = None,
    include: Annotated[str, typer.Option(metavar="STATUS,...", help="Muscles that count, by status: graded, needs_review.")] = "graded",
    beside: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Norms to stand beside the new ones, instead of the shipped ones."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but cautions and errors.")] = False,
) -> int:
    """Norms from a healthy cohort: percentile curves over age by sex, muscle, fat measure, body size and protocol, as norms.yaml.

    Exit codes: 0 written, 2 refused (no ages, too few people, tables damaged), 1 failure, 64 wrong usage.
    """
    from gluteal_grade.cohort.norms import compute_norms, write_norms

    options, others = _options(name, protocol, only, include), _beside(beside)
    try:
        report = compute_norms(cohorts, options)
        written = write_norms(report, others, output or cohorts[0] / "norms")
    except GradeError as error:
        return tell(error)
    for caution in report.cautions:
        typer.echo(f"Caution: {caution}")
    if not quiet:
        from gluteal_grade.report import count

        for group in report.protocols:
            mine = [f for f in report.fitted if f.protocol == group]
            for sex in dict.fromkeys(f.sex for f in mine):
                own = [f for f in mine if f.sex == sex]
                most = max(own, key=lambda f: f.people)
                low, high = most.curve.ages
                people = f"{most.people} {'women' if sex == 'F' else 'men'} of {low:.0f} to {high:.0f} years"
                typer.echo(f"{group.words}: {people}, {count(len(own), 'curve')}.")
        typer.echo(f"{len(report.left_out)} left out (left_out.csv says why).")
        typer.echo(f"Wrote {', '.join(p.name for p in written)} to {written[0].parent}")
        typer.echo(f"To use them: grading: {{norms: {written[0]}}} in a config file.")
    return GRADED


def _options(name: str, protocol: str, only: str | None, include: str) -> NormsOptions:
    from gluteal_grade.cohort.norms import NormsOptions

    column, mark, value = (only or "").partition("=")
    if only is not None and not (mark and column.strip()):
        raise typer.BadParameter("COLUMN=VALUE", param_hint="--only")
    chosen = (column.strip(), value.strip()) if only is not None else None
    try:
        return NormsOptions(name, protocol, tuple(dict.fromkeys(s.strip() for s in include.split(",") if s.strip())), chosen)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--include") from None


def _beside(path: Path | None) -> Norms:
    from gluteal_grade.grading import load_norms

    try:
        return load_norms(path)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"no file of norms ({type(error).__name__})", param_hint="--beside") from None
