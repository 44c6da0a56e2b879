"""Numbers of a report as text; a dash where there is none."""

from __future__ import annotations

import math

from gluteal_grade.report.words import DASH
from gluteal_grade.result import MuscleResult

DAYS_OF_A_MONTH = 30.4375


def number(value: float, digits: int) -> str:
    """A number as text, e.g. ``12.3``."""
    return DASH if math.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}"


def signed(value: float, digits: int) -> str:
    """E.g. ``+1.2``; what rounds to nothing has no sign."""
    if math.isnan(value):
        return DASH
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}"


def millilitres(value: float) -> str:
    """E.g. ``742``; one decimal below 10."""
    return number(value, 1 if value < 9.95 else 0)


def percent(fraction: float, digits: int = 1) -> str:
    """E.g. ``12.3``, without the sign."""
    return number(100 * fraction, digits)


def interval(low: float, high: float, digits: int = 1) -> str:
    """E.g. ``11.6–13.4``; with negative bounds ``-0.4 to 1.2``; empty where there is none."""
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"{number(low, digits)}{' to ' if low < 0 else DASH}{number(high, digits)}"


def fat_phrase(m: MuscleResult) -> str:
    """E.g. ``38.2 % (35.1–46.0 %)``, with spaces that do not break."""
    fat = m.fat_shown
    bounds = interval(100 * fat.low, 100 * fat.high)
    return f"{percent(fat.value)}\N{NO-BREAK SPACE}%" + (f" ({bounds}\N{NO-BREAK SPACE}%)" if bounds else "")


def gap(days: int | None) -> str:
    """E.g. ``371 days (12 months)``; months from two on."""
    if days is None:
        return ""
    months = round(days / DAYS_OF_A_MONTH)
    return f"{days} {'day' if days == 1 else 'days'}" + (f" ({months} months)" if months > 1 else "")
