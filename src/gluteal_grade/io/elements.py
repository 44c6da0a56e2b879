"""Reading single values out of a DICOM data set that may be sloppy: a wrong or absent one is None, never an exception."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

Key = str | tuple[int, int] | BaseTag


def raw(data: Dataset | None, key: Key) -> Any:
    """The value of an element, None if absent, empty or undecodable."""
    if data is None:
        return None
    try:
        element = data[key]
        value = element.value
    except Exception:  # pydicom raises many types on values that break their VR; to us all mean "not there"
        return None
    if value is None or (hasattr(value, "__len__") and len(value) == 0):
        return None
    return value


def text(data: Dataset | None, key: Key) -> str:
    """A value as stripped text, ``""`` if absent."""
    value = raw(data, key)
    return "" if value is None else str(value).strip()


def joined(data: Dataset | None, key: Key) -> str:
    """All values of an element as one text, spaces between, ``""`` if absent."""
    value = raw(data, key)
    values = [value] if isinstance(value, str) or not isinstance(value, Sequence) else value
    return " ".join(str(v).strip() for v in values if v is not None and str(v).strip())


def codes(data: Dataset | None, key: Key) -> tuple[str, ...]:
    """A multi-valued code string, upper case."""
    value = raw(data, key)
    if value is None:
        return ()
    values = [value] if isinstance(value, str) or not isinstance(value, Sequence) else value
    return tuple(str(v).strip().upper() for v in values if str(v).strip())


def numbers(data: Dataset | None, key: Key, count: int) -> tuple[float, ...] | None:
    """Exactly `count` finite numbers, else None."""
    value = raw(data, key)
    if value is None:
        return None
    values = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
    try:
        result = tuple(float(v) for v in values)
    except (TypeError, ValueError):
        return None
    return result if len(result) == count and all(math.isfinite(v) for v in result) else None


def number(data: Dataset | None, key: Key) -> float | None:
    """One finite number, the first of several, else None."""
    value = raw(data, key)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        value = value[0]
    try:
        result = float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def integer(data: Dataset | None, key: Key) -> int | None:
    """One whole number, else None."""
    value = number(data, key)
    return None if value is None else int(value)


def item(data: Dataset | None, key: Key) -> Dataset | None:
    """The first item of a sequence, None if absent or empty."""
    value = raw(data, key)
    first = value[0] if isinstance(value, Sequence) and len(value) else None
    return first if isinstance(first, Dataset) else None
