"""Text from outside (headers, file names, a PACS's answers) as it may be shown on a terminal."""

from __future__ import annotations

import unicodedata

_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def printable(text: str) -> str:
    """The text with everything that a terminal would act on, or not show, written out.

    Control characters could move the cursor, colour what follows or fake a line; direction marks could turn a name round; a file name
    that is no UTF-8 could not be printed at all.

    Examples:
        >>> printable("Dixon W \\x1b[31mred")
        'Dixon W \\\\x1b[31mred'
        >>> printable("Hüfte rechts")
        'Hüfte rechts'
    """
    return "".join(_escaped(c) if unicodedata.category(c) in _UNSEEN else c for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
