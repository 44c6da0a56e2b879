"""The ``--kind`` option of `inspect` and `grade`."""

from __future__ import annotations

from collections.abc import Mapping

import typer

from gluteal_grade.study import SeriesKind

HELP = "Contrast of all series (t1, water, fat, in, opp, ff, ct...) or of one, as NAME=KIND with a file name or series id; repeatable."

_ALIASES = {
    "water": SeriesKind.DIXON_WATER,
    "w": SeriesKind.DIXON_WATER,
    "fat": SeriesKind.DIXON_FAT,
    "f": SeriesKind.DIXON_FAT,
    "in": SeriesKind.DIXON_IN_PHASE,
    "ip": SeriesKind.DIXON_IN_PHASE,
    "in_phase": SeriesKind.DIXON_IN_PHASE,
    "opp": SeriesKind.DIXON_OPPOSED_PHASE,
    "op": SeriesKind.DIXON_OPPOSED_PHASE,
    "out": SeriesKind.DIXON_OPPOSED_PHASE,
    "opposed": SeriesKind.DIXON_OPPOSED_PHASE,
    "opposed_phase": SeriesKind.DIXON_OPPOSED_PHASE,
    "out_of_phase": SeriesKind.DIXON_OPPOSED_PHASE,
    "ff": SeriesKind.FAT_FRACTION,
    "pdff": SeriesKind.FAT_FRACTION,
    "t1w": SeriesKind.T1,
    "t2w": SeriesKind.T2,
    "pdw": SeriesKind.PD,
    "fs": SeriesKind.STIR,
}


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
    key = text.strip().lower().replace("-", "_").replace(" ", "_")
    if key in _ALIASES:
        return _ALIASES[key]
    try:
        return SeriesKind(key)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(SeriesKind)}", param_hint="--kind") from None
