"""The ``--kind`` option of `inspect`, `grade` and `batch`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gluteal_grade.vocabulary import SeriesKind


def parse_kinds(values: list[str]) -> Mapping[str, SeriesKind] | SeriesKind | None:
    """What ``--kind`` says.

    Raises:
        typer.BadParameter: an unknown kind, a name given twice, or both forms mixed.
    """
    from gluteal_grade.io import parse_kinds as parse  # here, not above: it brings numpy and more, which --help can do without

    try:
        return parse(values)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--kind") from None
