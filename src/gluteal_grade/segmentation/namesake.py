"""Muscles that a name tells whatever else stands in it."""

from __future__ import annotations

from collections.abc import Iterable

from gluteal_grade.vocabulary import Muscle


def named_anywhere(words: Iterable[str]) -> set[Muscle]:
    """The muscles that one of their `also_named` names.

    Args:
        words: of the name, lower case.

    Examples:
        >>> [str(m) for m in named_anywhere(["tensor", "fascia", "lata", "left"])]
        ['tensor_fasciae_latae']
        >>> named_anywhere(["tensor", "veli", "palatini"])
        set()
    """
    given = tuple(words)
    return {m for m in Muscle for name in m.facts.also_named if all(any(w.startswith(part) for w in given) for part in name.split())}
