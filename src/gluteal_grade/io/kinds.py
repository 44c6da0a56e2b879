"""Contrasts as a user writes them: `t1`, `water`, `FILE=fat`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gluteal_grade.vocabulary import SeriesKind

_ALIASES = {
    "t1w": "t1", "t2w": "t2", "pdw": "pd", "fs": "stir",
    "water": "dixon_water", "w": "dixon_water",
    "fat": "dixon_fat", "f": "dixon_fat",
    "in": "dixon_in_phase", "ip": "dixon_in_phase", "in_phase": "dixon_in_phase",
    "opp": "dixon_opposed_phase", "op": "dixon_opposed_phase", "out": "dixon_opposed_phase", "opposed": "dixon_opposed_phase",
    "opposed_phase": "dixon_opposed_phase", "out_of_phase": "dixon_opposed_phase",
    "ff": "fat_fraction", "pdff": "fat_fraction",
}  # fmt: skip


def parse_kinds(values: Sequence[str]) -> Mapping[str, SeriesKind] | SeriesKind | None:
    """One kind for everything, or kinds by file name, stem or series id; None for none.

    Raises:
        ValueError: an unknown kind, a name given twice, or both forms mixed.
    """
    if not values:
        return None
    named = [value.rpartition("=") for value in values if "=" in value]
    if len(named) < len(values):
        if len(values) > 1:
            raise ValueError("give one kind for all, or NAME=KIND for each")
        return _kind(values[0])
    result: dict[str, SeriesKind] = {}
    for name, _, kind in named:
        if not name or name in result:
            raise ValueError(f"{name!r} is named twice" if name else "a name is missing before '='")
        result[name] = _kind(kind)
    return result


def _kind(text: str) -> SeriesKind:
    key = text.strip().lower().replace("-", "_").replace(" ", "_")
    try:
        return SeriesKind(_ALIASES.get(key, key))
    except ValueError:
        raise ValueError(f"{text!r} is none of {', '.join(SeriesKind)}") from None
