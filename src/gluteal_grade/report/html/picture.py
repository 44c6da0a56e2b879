"""The overview picture of a study as text that can be put into a page."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.errors import Reason, TransientFailure

MAX_BYTES = 2_000_000  # of the picture; base64 makes a third more of it
_QUALITIES = (90, 80, 65)
_SMALLER = 0.75


_SHOWN = re.compile(r'<img src="(data:image/webp;base64,[A-Za-z0-9+/=]+)" width="(\d{1,5})" height="(\d{1,5})"')


@dataclass(frozen=True)
class Embedded:
    """A picture in a page.

    Attributes:
        uri: ``data:`` address.
        width, height: pixels.
    """

    uri: str
    width: int
    height: int


def embedded(png: bytes) -> Embedded:
    """A PNG as WebP, which keeps text and contours sharp at a quarter of the size; coarser only where it would grow too large.

    Raises:
        TransientFailure: `read_failed`: the bytes are no picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(png)) as opened:
            image = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise TransientFailure(Reason.READ_FAILED, "the overview picture is damaged") from error
    while True:
        for quality in _QUALITIES:
            stream = io.BytesIO()
            image.save(stream, "WEBP", quality=quality, method=2)
            if len(stream.getvalue()) <= MAX_BYTES:
                return Embedded(f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}", *image.size)
        image = image.resize((round(image.width * _SMALLER), round(image.height * _SMALLER)), Image.Resampling.LANCZOS)


def from_page(text: str) -> Embedded | None:
    """The picture of a page that was written before."""
    found = _SHOWN.search(text)
    return Embedded(found.group(1), int(found.group(2)), int(found.group(3))) if found else None


def read_picture(path: Path | None) -> bytes:
    """The picture's file; empty where there is none.

    Raises:
        TransientFailure: `read_failed`.
    """
    try:
        return path.read_bytes() if path is not None and path.is_file() else b""
    except OSError as error:
        raise TransientFailure(Reason.READ_FAILED, "the overview picture") from error
