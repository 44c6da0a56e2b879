"""`gluteal-grade calibrate`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, REFUSED, tell
from gluteal_grade.cli.options import GradingConfig, Quiet
from gluteal_grade.errors import GradeError

if TYPE_CHECKING:
    from gluteal_grade.grading import Scales
    from gluteal_grade.review.calibration import CalibrationOptions, CalibrationReport


def calibrate(
    ratings: Annotated[
        Path, typer.Argument(metavar="RATINGS.csv", readable=False, help="Blinded ratings, as `agreement` reads them; two readers or more.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the profile, the tables and the page.")],
    cohort: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT", readable=False, help="Output folder with the measured fat; without it the program's rows of the ratings count."
        ),
    ] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="Of the profile that is made.")] = "calibrated",
    include: Annotated[
        str, typer.Option(metavar="STATUS,...", help="Muscles that count, by status: graded, partial, needs_review.")
    ] = "graded,partial",
    bootstrap: Annotated[int, typer.Option("--bootstrap", metavar="N", help="Resamples of studies for the intervals of kappas.")] = 2000,
    config: GradingConfig = None,
    quiet: Quiet = False,
) -> int:
    """Calibrate grading scales to readers: edges in fat fraction with intervals, as a profile for `grade --config`.

    Exit codes: 0 a scale was calibrated, 2 none was (edges.csv says why) or refused, 1 failure, 64 wrong usage.
    """
    from gluteal_grade.review.agreement import read_ratings
    from gluteal_grade.review.calibration import (
        calibrate_scales,
        fractions_of_folder,
        fractions_of_ratings,
        seen_caution,
        write_calibration,
    )

    options = _options(name, bootstrap, include)
    scales = _scales(config, name)
    try:
        given = read_ratings(ratings, to_compare=False)
        fractions = fractions_of_folder(cohort) if cohort else fractions_of_ratings(given)
        report = calibrate_scales(given, fractions, scales, options)
        report = replace(report, cautions=tuple(filter(None, [seen_caution(ratings)])))
        written = write_calibration(report, output)
    except GradeError as error:
        return tell(error)
    _tell(report, written, quiet)
    return GRADED if report.written else REFUSED


def _options(name: str, bootstrap: int, include: str) -> CalibrationOptions:
    from gluteal_grade.review.calibration import CalibrationOptions

    try:
        return CalibrationOptions(name, bootstrap, tuple(dict.fromkeys(s.strip() for s in include.split(",") if s.strip())))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _scales(config: Path | None, name: str) -> Scales:
    from gluteal_grade.config import load_settings
    from gluteal_grade.grading import load_scales

    try:
        grading = load_settings(config).grading
        scales = load_scales(grading.file, grading.profiles)
    except (OSError, ValueError) as error:
        told = str(error) if isinstance(error, ValueError) else f"its scales file cannot be read ({type(error).__name__})"
        raise typer.BadParameter(told, param_hint="--config") from None
    if taken := [key for key, rule in scales.scales.items() if name in rule.profiles]:
        raise typer.BadParameter(f"{', '.join(taken)} has a profile of this name already", param_hint="--name")
    return scales


def _tell(report: CalibrationReport, written: list[Path], quiet: bool) -> None:
    from gluteal_grade.errors import advice_for
    from gluteal_grade.report import visible

    for caution in report.cautions:
        typer.echo(f"Caution: {caution}", err=True)
    for one in report.found:
        title = visible(one.title)
        if one.reason is not None:
            typer.echo(f"{title}: no edges: {one.reason}{f': {one.detail}' if one.detail else ''}", err=True)
            typer.echo(f"  {advice_for(one.reason)}", err=True)
        elif not quiet:
            edges = ", ".join(f"{e.name} {100 * e.at:.1f} ({100 * e.interval.low:.1f}-{100 * e.interval.high:.1f})" for e in one.edges)
            typer.echo(f"{title}, % fat: {edges}")
            typer.echo(f"  {one.bar.words if one.bar else ''}")
    if not report.found:
        typer.echo("no edges: no ordered scale of fat was rated", err=True)
    if not quiet:
        typer.echo(f"Wrote {', '.join(p.name for p in written)} to {written[0].parent}")
        if report.written:
            typer.echo(f"To use them: gluteal-grade grade ... --config {written[-1]}")
