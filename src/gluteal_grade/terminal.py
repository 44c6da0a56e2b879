"""Text from outside (headers, file names, a PACS's answers) as it may be shown on a terminal."""

from __future__ import annotations

import unicodedata
from typing import TextIO

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


def forgiving(*streams: TextIO) -> None:
    """Characters that a stream's encoding lacks (Windows consoles: cp1252, cp437) are written out, as `\\u2013`, in place of an error."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
