"""The ``--kind`` option of `inspect` and `grade`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gluteal_grade.study import SeriesKind

HELP = "Contrast of all series (t1, water, fat, in, opp, ff, ct...) or of one, as NAME=KIND with a file name or series id; repeatable."

_ALIASES = {
    "t1w": "t1", "t2w": "t2", "pdw": "pd", "fs": "stir",
    "water": "dixon_water", "w": "dixon_water",
    "fat": "dixon_fat", "f": "dixon_fat",
    "in": "dixon_in_phase", "ip": "dixon_in_phase", "in_phase": "dixon_in_phase",
    "opp": "dixon_opposed_phase", "op": "dixon_opposed_phase", "out": "dixon_opposed_phase", "opposed": "dixon_opposed_phase",
    "opposed_phase": "dixon_opposed_phase", "out_of_phase": "dixon_opposed_phase",
    "ff": "fat_fraction", "pdff": "fat_fraction",
}  # fmt: skip


def parse_kinds(values: list[str]) -> Mapping[str, SeriesKind] | SeriesKind | None:
    """What ``--kind`` says: one kind for everything, or kinds by file name, stem or series id.

    Raises:
        typer.BadParameter: an unknown kind, a name given twice, or both forms mixed.
    """
    if not values:
        return None
    named = [value.rpartition("=") for value in values if "=" in value]
    if len(named) < len(values):
        if len(values) > 1:
            raise typer.BadParameter("give one kind for all, or NAME=KIND for each", param_hint="--kind")
        return _kind(values[0])
    result: dict[str, SeriesKind] = {}
    for name, _, kind in named:
        if not name or name in result:
            raise typer.BadParameter(f"{name!r} is named twice" if name else "a name is missing before '='", param_hint="--kind")
        result[name] = _kind(kind)
    return result


def _kind(text: str) -> SeriesKind:
    from gluteal_grade.study import SeriesKind  # here, not above: it brings numpy, scipy and nibabel, which --help can do without

    key = text.strip().lower().replace("-", "_").replace(" ", "_")
    try:
        return SeriesKind(_ALIASES.get(key, key))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(SeriesKind)}", param_hint="--kind") from None
