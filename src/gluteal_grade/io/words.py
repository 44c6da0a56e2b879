"""Finding words of a vocabulary in the free text of a header, whatever its case, accents and punctuation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

_STAR = re.compile(r"(?<=[tr]2)\s?\*")  # T2*, R2*: the asterisk is part of the word
_JAPANESE = r"\u3040-\u30ff\u4e00-\u9fff"  # kana and kanji, written without blanks
_GAP = re.compile(rf"[^a-z0-9+{_JAPANESE}]+")
_RUN = re.compile(rf"[{_JAPANESE}]+")


def plain(text: str) -> str:
    """Lower case, no accents, everything but Latin and Japanese letters, digits and "+" one blank.

    Examples:
        >>> plain("T1_TSE (Fettsättigung)")
        't1 tse fettsattigung'
        >>> plain("T2* map")
        't2star map'
        >>> plain("Fat%")
        'fat percent'
        >>> plain("脂肪抑制T1")
        '脂肪抑制 t1'
    """
    decomposed = unicodedata.normalize("NFKD", _STAR.sub("star", text.casefold()).replace("%", " percent "))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _GAP.sub(" ", _RUN.sub(r" \g<0> ", letters)).strip()


@cache
def pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all words of a vocabulary, each a hit only where no letter or digit touches it."""
    return re.compile("(?<![a-z0-9])(?:" + "|".join(f"(?:{word})" for word in words) + ")(?![a-z0-9])")


def find(words: tuple[str, ...], texts: Iterable[str]) -> str | None:
    """The first hit in the texts as it stands there in `plain` form, None without one.

    Only the hit is returned, never the text around it: descriptions may hold names.
    """
    expression = pattern(words)
    for text in texts:
        if hit := expression.search(plain(text)):
            return hit.group()
    return None
