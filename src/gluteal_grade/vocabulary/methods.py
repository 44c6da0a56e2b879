"""Ways to measure fat."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Method(StrEnum):
    """How the fat fraction was measured.

    Attributes:
        short: one or two words, for tables.
        words: in a sentence, with its reservation.
        data: what it is read from, for data dictionaries.
        caution: the reservation as a clause; empty where there is none.
    """

    short: str
    words: str
    data: str
    caution: str

    def __new__(cls, key: str, short: str = "", words: str = "", data: str = "", caution: str = "") -> Self:
        """A method, equal to its key."""
        method = str.__new__(cls, key)
        method._value_ = key
        method.short, method.words, method.data, method.caution = short, words, data, caution
        return method

    DIXON = "dixon", "Dixon", "Dixon water and fat", "water and fat images"
    FAT_FRACTION_MAP = "fat_fraction_map", "fat-fraction map", "fat-fraction map", "the scanner's fat-fraction map"
    MULTI_ECHO = "multi_echo", "multi-echo", "several gradient echoes", "several gradient echoes", "fitted to several gradient echoes"
    IN_OPPOSED_PHASE = "in_opposed_phase", "in/opposed phase", "in- and opposed-phase images", "in- and opposed-phase images"
    T1 = "t1", "T1", "T1 signal (estimate)", "T1 signal between lean muscle and subcutaneous fat", "estimated from T1"
    CT = "ct", "CT", "CT attenuation (not calibrated)", "CT attenuation", "from CT, not calibrated"
    PD = "pd", "PD", "proton-density signal (rough estimate)", "proton-density signal", "a rough estimate from PD"
    T2 = "t2", "T2", "T2 signal (rough estimate)", "T2 signal", "a rough estimate from T2"

    @classmethod
    def known(cls, key: str) -> Method | None:
        """The method of a key; None for one that this version has not."""
        return next((method for method in cls if method == key), None)


def split_methods(joined: str) -> tuple[str, ...]:
    """The methods of a study from one cell of a table, where several are joined by ``+``."""
    return tuple(key for key in joined.split("+") if key)


def short_methods(joined: str) -> str:
    """The same for readers, e.g. ``Dixon, T1``."""
    return ", ".join(method.short if (method := Method.known(key)) else key.replace("_", " ") for key in split_methods(joined))


def join_methods(methods: tuple[str, ...]) -> str:
    """One cell of a table, each method once, e.g. ``dixon+t1``."""
    return "+".join(dict.fromkeys(methods))


def method_words(key: str) -> str:
    """A method in a sentence; of one that this version does not know, its key."""
    method = Method.known(key)
    return method.words if method else key
