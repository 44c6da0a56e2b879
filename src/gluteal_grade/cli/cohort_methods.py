"""`gluteal-grade cohort methods`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, tell
from gluteal_grade.errors import GradeError


def methods(
    cohort: Annotated[
        Path, typer.Argument(metavar="OUT", readable=False, help="Folder of a finished batch, with the analyses that the paper reports.")
    ],
    title: Annotated[str, typer.Option(metavar="TEXT", help="Name of the data set, for the RO-Crate.")] = "",
    licence: Annotated[str, typer.Option("--licence", "--license", metavar="TEXT", help="Its licence, a URL or words.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> int:
    """What a paper needs: methods section, flow figure of exclusions, BibTeX, and an RO-Crate with the hash of every file.

    Exit codes: 0 written, 2 refused (nothing graded there, tables damaged), 1 failure, 64 wrong usage.
    """
    from gluteal_grade.cohort.paper import write_paper

    try:
        flow, written = write_paper(cohort, title=title, licence=licence)
    except GradeError as error:
        return tell(error)
    if not quiet:
        graded = flow.step("studies")
        given = flow.step("inputs").count
        typer.echo(f"{given} inputs, {graded.count} studies graded, {graded.left_out} left out (methods/flow.csv says why).")
        typer.echo(f"Wrote {', '.join(p.relative_to(cohort).as_posix() for p in written)} to {cohort}")
    return GRADED
