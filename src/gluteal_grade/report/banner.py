"""The line at the top of every page: may the numbers be believed?"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal

from gluteal_grade.drawing import Page
from gluteal_grade.report.words import joined, why_text
from gluteal_grade.result import MuscleResult, MuscleStatus, StudyResult, primary_of
from gluteal_grade.vocabulary import Region

_WELL_SEEN = 0.9  # of a muscle: less is told here
_BADGE = 150  # pixels
_LINE = 18
_PAD = 10
_SIZE = 13
_CHARACTER = 7.1  # average width at _SIZE


@dataclass(frozen=True)
class Verdict:
    """What a reader must know before the numbers.

    Attributes:
        level: alert: a label failed a check; caution: not all was measured, or not whole; calm: neither.
        badge: two or three words.
        text: the muscles, and why.
    """

    level: Literal["alert", "caution", "calm"]
    badge: str
    text: str


def verdict(result: StudyResult) -> Verdict:
    """The state of the six muscles in one sentence each group."""
    whole = [m for m in result.muscles if m.region is Region.WHOLE]
    review = [m for m in whole if m.status is MuscleStatus.NEEDS_REVIEW]
    measured = [m for m in whole if m.status not in (MuscleStatus.MISSING, MuscleStatus.NOT_GRADABLE)]
    said = [f"{_name(m)}: {'; '.join(c.detail for c in m.checks)}." for m in review]
    if metal := [side.side.value for side in result.metal if side.present]:
        said.append(f"Metal: {joined(metal)} hip{'s' if len(metal) > 1 else ''}.")
    for status, words in ((MuscleStatus.NOT_GRADABLE, "Not gradable"), (MuscleStatus.MISSING, "Not measured")):
        reasons = dict.fromkeys(m.reason for m in whole if m.status is status)
        for reason in reasons:
            named = [m for m in whole if m.status is status and m.reason == reason]
            said.append(f"{words}, {why_text(reason)}: {_names(named)}.")
    if cut := [m for m in measured if m.cut_at]:
        said.append(f"Partly in view: {_names(cut)}.")
    if dim := [m for m in measured if m.evaluable_share < _WELL_SEEN]:
        said.append(f"Not evaluable in part: {', '.join(f'{_name(m)} {100 * (1 - m.evaluable_share):.0f} %' for m in dim)}.")
    scale = primary_of(result)
    if unsure := [m for m in measured if (g := m.graded(scale.key)) and g.borderline_with is not None]:
        said.append(f"{scale.title} borderline: {_names(unsure)}.")
    if review:
        return Verdict("alert", "NEEDS REVIEW", " ".join(said))
    if said:
        return Verdict("caution", "READ WITH CARE", " ".join(said))
    return Verdict("calm", "NO CHECK FAILED", f"All {len(whole)} muscles in view, whole and measured.")


def banner_height(result: StudyResult, width: int) -> int:
    """Pixels that the line takes at this width."""
    return len(_lines(verdict(result), width)) * _LINE + _PAD + 8


def draw_banner(page: Page, result: StudyResult, left: int, top: int, width: int) -> None:
    """Draw it with its top left corner at a place of the page."""
    said, theme = verdict(result), page.theme
    paper, ink = {
        "alert": (theme.alert, theme.alert_ink),
        "caution": (theme.caution, theme.caution_ink),
        "calm": (theme.calm, theme.calm_ink),
    }[said.level]
    lines = _lines(said, width)
    area = page.at(left, top)
    height = len(lines) * _LINE + _PAD
    area.box(0, 0, _BADGE, height, paper)
    area.text(_BADGE / 2, height / 2, said.badge, _SIZE, ha="center", weight="bold", color=ink)
    area.lines([[(0, height), (width, height)]], paper, 2)
    for n, line in enumerate(lines):
        area.text(_BADGE + 14, _PAD / 2 + (n + 0.5) * _LINE, line, _SIZE, weight="bold" if said.level == "alert" else "normal")


def _lines(said: Verdict, width: int) -> list[str]:
    character = _CHARACTER * (1.12 if said.level == "alert" else 1)
    return textwrap.wrap(said.text, int((width - _BADGE - 14) / character)) or [""]


def _name(m: MuscleResult) -> str:
    return f"{m.side} {m.muscle.short}"


def _names(muscles: list[MuscleResult]) -> str:
    return joined([_name(m) for m in muscles])
