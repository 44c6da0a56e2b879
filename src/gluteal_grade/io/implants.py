"""Hip implants named in a study's or series' description: used, never printed, as descriptions may hold names."""

from __future__ import annotations

import re
from functools import cache

from gluteal_grade.io.sequences import ImplantWords, shipped_rules
from gluteal_grade.io.study import ImplantHint
from gluteal_grade.io.words import pattern, plain
from gluteal_grade.vocabulary import Side


@cache
def implant_hint(texts: tuple[str, ...]) -> ImplantHint:
    """What descriptions say.

    Args:
        texts: of one image, e.g. StudyDescription and SeriesDescription; each is read on its own.
    """
    words = shipped_rules().implants
    return merged([_hint(plain(text), words) for text in texts])


def merged(hints: list[ImplantHint]) -> ImplantHint:
    """Of several texts or images together."""
    sides = {side for hint in hints for side in hint.sides}
    return ImplantHint(any(hint.named for hint in hints), tuple(side for side in Side if side in sides))


def _hint(text: str, words: ImplantWords) -> ImplantHint:
    hits = [hit for hit in pattern(words.names).finditer(text) if not pattern(words.denials).search(text[: hit.start()][-words.near :])]
    if not hits or (pattern(words.other_joints).search(text) and not pattern(words.hip).search(text)):
        return ImplantHint()
    return ImplantHint(True, merged([ImplantHint(True, _sides(text, hit, words)) for hit in hits]).sides)


def _sides(text: str, hit: re.Match[str], words: ImplantWords) -> tuple[Side, ...]:
    """Sides named right after the implant, else right before it."""
    named = {Side.RIGHT: words.sides["right"], Side.LEFT: words.sides["left"]}
    for part in (text[hit.end() :][: words.near], text[: hit.start()][-words.near :]):
        both = pattern(words.sides["both"]).search(part)
        sides = tuple(side for side in Side if both or pattern(named[side]).search(part))
        if sides:
            return sides
    return ()
