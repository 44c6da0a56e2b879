"""What all pages of a study share: title, verdict (may the numbers be believed?) and legend above, notes below. Drawn once."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal

from gluteal_grade.drawing import Page, Rgb
from gluteal_grade.report.legend import LEGEND_HEIGHT, draw_legend
from gluteal_grade.report.look import Look
from gluteal_grade.report.readings import norm_lines, statement_lines
from gluteal_grade.report.shown import Shown
from gluteal_grade.report.view import View
from gluteal_grade.report.window import Window
from gluteal_grade.report.words import joined, notes, plain, regions_text, subtitle, why_text
from gluteal_grade.result import MuscleResult, MuscleStatus, StudyResult, primary_of
from gluteal_grade.vocabulary import Region

PAGE_WIDTH = 1900
MARGIN = 24
ROOM = PAGE_WIDTH - 2 * MARGIN
_TITLE = 62
_FOOT_LINE = 17
_IDENTITY_LINE = 22
_IDENTITIES = 3  # in a row
_EDGES = {"L": "patient's left", "R": "patient's right", "A": "anterior", "P": "posterior"}
_WELL_SEEN = 0.9  # of a muscle: less is told here
_BADGE = 150  # pixels
_BANNER_LINE = 18
_BANNER_PAD = 10
_BANNER_SIZE = 13
_CHARACTER = 7.1  # average width at _BANNER_SIZE


@dataclass(frozen=True)
class Frame:
    """Strips as wide as the page."""

    head: Rgb
    legend: Rgb
    foot: Rgb
    look: Look


def make_frame(result: StudyResult, shown: list[Shown], window: Window, look: Look) -> Frame:
    """The strips at the top of every page of one study."""
    legend = Page(PAGE_WIDTH, LEGEND_HEIGHT, look.colours)
    draw_legend(legend, result, MARGIN, 0, ROOM)
    return Frame(_head(result, look), legend.pixels(), _foot(_foot_lines(result, shown, window), look), look)


def framed(frame: Frame, height: int, legend: int) -> Page:
    """A page with `height` pixels between head and foot, the legend so far below the head."""
    top = len(frame.head)
    page = Page(PAGE_WIDTH, top + height + len(frame.foot), frame.look.colours)
    page.paste(frame.head, 0)
    page.paste(frame.legend, top + legend)
    page.paste(frame.foot, top + height)
    return page


def _head(result: StudyResult, look: Look) -> Rgb:
    lines = look.lines
    rows = -(-len(lines) // _IDENTITIES)
    identity = rows * _IDENTITY_LINE + (6 if rows else 0)
    page = Page(PAGE_WIDTH, _TITLE + identity + banner_height(result, ROOM), look.colours)
    area, faint = page.at(MARGIN, 0), page.theme.faint
    area.text(0, 24, "Fatty atrophy of the gluteal muscles", 19, weight="bold")
    area.text(0, 48, subtitle(result), 13, color=faint)
    area.text(ROOM, 24, result.disclaimer, 13, ha="right", weight="bold")
    named = "" if lines else "de-identified · "
    area.text(ROOM, 48, f"{named}gluteal-grade {result.provenance.version}", 12, ha="right", color=faint)
    width = ROOM // _IDENTITIES
    for n, line in enumerate(lines):
        place = page.at(MARGIN + (n % _IDENTITIES) * width, _TITLE + (n // _IDENTITIES) * _IDENTITY_LINE)
        place.text(0, _IDENTITY_LINE / 2, line, 14, weight="bold", within=(width - 16, _IDENTITY_LINE))
    draw_banner(page, result, MARGIN, _TITLE + identity, ROOM)
    return page.pixels()


def _foot_lines(result: StudyResult, shown: list[Shown], window: Window) -> list[str]:
    view: View = shown[0].cut.view
    tilt = f", tilted {view.tilt_deg:.0f}°" if view.tilt_deg >= 2 else ""
    judged = (
        " (est.): height of the bone estimated from the muscles, median error 1 to 7 mm in real bodies."
        if any(s.level.estimated for s in shown)
        else ""
    )
    lines = [
        f"{view.plane.capitalize()} slices{tilt}; left edge of each picture: {_EDGES[view.left]}. Grey window: {window.words}. "
        f"Left of each pair: source image with contours; right: fat fraction inside the muscles. p: probability of the grade; "
        f"L − R: points of fat fraction. "
        f"{regions_text(result)}{judged}"
    ]
    lines += [f"Reading: {line}" for line in statement_lines(result)]
    if norms := norm_lines(result):
        lines.append(f"Norms: {' '.join(norms)}")
    if said := notes(result):
        lines.append(f"Notes: {plain(' · '.join(said))}.")
    return [part for line in lines for part in textwrap.wrap(line, 260)]


def _foot(lines: list[str], look: Look) -> Rgb:
    page = Page(PAGE_WIDTH, len(lines) * _FOOT_LINE + 16, look.colours)
    area = page.at(MARGIN, 0)
    for n, line in enumerate(lines):
        area.text(0, (n + 0.5) * _FOOT_LINE, line, 12, color=page.theme.faint)
    return page.pixels()


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
    """The state of the six glutei in one sentence each group; of other muscles their rows tell."""
    whole = [m for m in result.muscles if m.region is Region.WHOLE and not m.muscle.optional]
    beside = any(m.muscle.optional for m in result.muscles)
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
    return Verdict("calm", "NO CHECK FAILED", f"All {len(whole)} {'glutei' if beside else 'muscles'} in view, whole and measured.")


def banner_height(result: StudyResult, width: int) -> int:
    """Pixels that the line takes at this width."""
    return len(_banner_lines(verdict(result), width)) * _BANNER_LINE + _BANNER_PAD + 8


def draw_banner(page: Page, result: StudyResult, left: int, top: int, width: int) -> None:
    """Draw it with its top left corner at a place of the page."""
    said, theme = verdict(result), page.theme
    paper, ink = {
        "alert": (theme.alert, theme.alert_ink),
        "caution": (theme.caution, theme.caution_ink),
        "calm": (theme.calm, theme.calm_ink),
    }[said.level]
    lines = _banner_lines(said, width)
    area = page.at(left, top)
    height = len(lines) * _BANNER_LINE + _BANNER_PAD
    area.box(0, 0, _BADGE, height, paper)
    area.text(_BADGE / 2, height / 2, said.badge, _BANNER_SIZE, ha="center", weight="bold", color=ink)
    area.lines([[(0, height), (width, height)]], paper, 2)
    for n, line in enumerate(lines):
        area.text(
            _BADGE + 14,
            _BANNER_PAD / 2 + (n + 0.5) * _BANNER_LINE,
            line,
            _BANNER_SIZE,
            weight="bold" if said.level == "alert" else "normal",
        )


def _banner_lines(said: Verdict, width: int) -> list[str]:
    character = _CHARACTER * (1.12 if said.level == "alert" else 1)
    return textwrap.wrap(said.text, int((width - _BADGE - 14) / character)) or [""]


def _name(m: MuscleResult) -> str:
    return f"{m.side} {m.muscle.short}"


def _names(muscles: list[MuscleResult]) -> str:
    return joined([_name(m) for m in muscles])
