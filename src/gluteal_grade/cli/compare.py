"""`gluteal-grade compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, tell
from gluteal_grade.errors import GradeError


def compare(
    prior: Annotated[Path, typer.Argument(metavar="PRIOR", readable=False, help="Result folder of the earlier study, or its result.json.")],
    current: Annotated[Path, typer.Argument(metavar="CURRENT", readable=False, help="The same of the later study of this patient.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUT", help="Write compare.csv, compare.json and trend.png here.")
    ] = None,
    days: Annotated[int | None, typer.Option(metavar="N", min=0, help="Days between the two studies.")] = None,
    site: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Site file of `cohort repeatability`: judge changes by its repeatability."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> int:
    """Compare two studies of one patient: what changed, and whether it is more than the stated uncertainty explains.

    Exit codes: 0 compared, 2 refused, 1 failure, 64 wrong usage.
    """
    from rich.console import Console

    from gluteal_grade.cohort.change import compare_results, print_comparison, read_result, write_comparison
    from gluteal_grade.cohort.repeatability import read_site

    try:
        before, now = read_result(prior, "prior"), read_result(current, "current")
        comparison = compare_results(before, now, days, (prior, current), site=read_site(site) if site else None)
        written = write_comparison(comparison, before, now, out) if out is not None else ()
    except GradeError as error:
        return tell(error)
    if not quiet:
        console = Console(highlight=False)
        print_comparison(comparison, console)
        if written:
            console.print(f"Wrote {', '.join(p.name for p in written)} to {out}", soft_wrap=True, markup=False)
    return GRADED
