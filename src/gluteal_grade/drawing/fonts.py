"""The font of all pictures, and text that it can draw."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

NAME = "DejaVu Sans"  # as matplotlib brings it along


@cache
def letters() -> frozenset[str]:
    """What the font has."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(chr(code) for code in get_font(findfont(NAME)).get_charmap())


def drawable(text: str) -> str:
    """A question mark for each letter that the font lacks."""
    return "".join(ch if ch in letters() else "?" for ch in text)


def shortened(text: str, longest: int) -> str:
    """Drawable text of at most so many characters, the middle left out.

    Examples:
        >>> from gluteal_grade.drawing import shortened
        >>> shortened("gluteus medius, anterior region", 20)
        'gluteus me... region'
    """
    drawn = drawable(text)
    return drawn if len(drawn) <= longest else f"{drawn[:10]}...{drawn[3 - (longest - 10) :]}"


@cache
def font(size: float, *, bold: bool = False, mono: bool = False) -> ImageFont.FreeTypeFont:
    """The font for Pillow, `size` in pixels."""
    import matplotlib as mpl

    name = f"DejaVuSans{'Mono' if mono else ''}{'-Bold' if bold else ''}.ttf"
    return ImageFont.truetype(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / name), size, layout_engine=ImageFont.Layout.BASIC)
