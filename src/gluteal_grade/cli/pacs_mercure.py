"""`gluteal-grade pacs mercure`: as a processing module of mercure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade.cli.exit_codes import FAILED, GRADED, USAGE, tell
from gluteal_grade.errors import GradeError


def mercure(
    source: Annotated[Path, typer.Option("--in", envvar="MERCURE_IN_DIR", help="Folder of DICOM files, with mercure's task.json.")],
    target: Annotated[Path, typer.Option("--out", envvar="MERCURE_OUT_DIR", help="Folder that mercure takes results from.")],
) -> int:
    """Grade what mercure hands over and hand DICOM results back (docs/howto/mercure.md).

    Exit codes: 0 done, refused studies included (result.json tells them), 1 failure, 2 nothing that can be read, 64 wrong settings.
    """
    from gluteal_grade.pacs import run_module

    try:
        return GRADED if run_module(source, target) else FAILED
    except ValueError as error:
        typer.echo(f"settings: {error}", err=True)
        return USAGE
    except GradeError as error:
        return tell(error)
