"""Numbers in sentences."""

from __future__ import annotations

_PLURALS = {"study": "studies"}


def count(n: int, thing: str) -> str:
    """E.g. `1 study`, `2 studies`, `3 mixed models`."""
    return f"{n} {thing}" if n == 1 else f"{n} {_PLURALS.get(thing, thing + 's')}"
