"""`gluteal-grade cohort sites`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, tell
from gluteal_grade.errors import GradeError


def sites(
    cohort: Annotated[
        Path, typer.Argument(metavar="OUT", readable=False, help="Folder of a finished batch, with cohort.csv and studies.csv.")
    ],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write here instead of OUT/sites/.")] = None,
    by: Annotated[
        str,
        typer.Option(
            metavar="COLUMN,...",
            help="What tells sites apart: manufacturer, scanner, field, software, or a column of studies.csv. All of these, and "
            "`site` where studies.csv has it, if not given.",
        ),
    ] = "",
    harmonise: Annotated[
        str,
        typer.Option(
            metavar="COLUMN", help="Harmonise over this one by ComBat; into files of their own, nothing else is changed. Needs neuroCombat."
        ),
    ] = "",
    keep: Annotated[str, typer.Option(metavar="COLUMN,...", help="What differs truly between people, and stays.")] = "sex,age,group",
    leave_out: Annotated[str, typer.Option(metavar="SITE,...", help="Sites not to harmonise.")] = "",
    method: Annotated[str, typer.Option(metavar="METHOD", help="Only muscles whose fat was measured so, e.g. dixon.")] = "",
    include: Annotated[
        str, typer.Option(metavar="STATUS,...", help="Muscles that count, by status: graded, partial (not for volumes), needs_review.")
    ] = "graded",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but cautions and errors.")] = False,
) -> int:
    """Compare scanners, field strengths, software and sites over a finished cohort; on request harmonise them by ComBat.

    Exit codes: 0 written, 2 refused (one site only, methods mixed, sites too small), 1 failure, 64 wrong usage.
    """
    from gluteal_grade.cohort.sites import SitesOptions, compute_sites, write_sites
    from gluteal_grade.cohort.stats import NoGrouping

    try:
        options = SitesOptions(_names(by), harmonise.strip(), _names(keep), _names(leave_out), method.strip(), _names(include))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--include") from None
    try:
        report = compute_sites(cohort, options)
        written = write_sites(report, output or cohort / "sites")
    except NoGrouping as error:
        raise typer.BadParameter(str(error), param_hint="--by, --harmonise or --keep") from None
    except GradeError as error:
        return tell(error)
    for caution in report.cautions:
        typer.echo(f"Caution: {caution}")
    if not quiet:
        told = [e for e in report.effects if e.p_holm < 0.05]
        typer.echo(f"Compared by {', '.join(report.compared)}; sites differ (p_holm < 0.05) in {len(told)} of {len(report.effects)} tests.")
        typer.echo(f"Wrote {', '.join(p.name for p in written)} to {written[0].parent}")
    return GRADED


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
