"""What all pages of a study share: title, verdict and legend above, notes below. Drawn once."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from gluteal_grade.drawing import Page, Rgb
from gluteal_grade.report.banner import banner_height, draw_banner
from gluteal_grade.report.legend import LEGEND_HEIGHT, draw_legend
from gluteal_grade.report.look import Look
from gluteal_grade.report.readings import norm_lines, statement_lines
from gluteal_grade.report.shown import Shown
from gluteal_grade.report.view import View
from gluteal_grade.report.window import Window
from gluteal_grade.report.words import notes, plain, regions_text, subtitle
from gluteal_grade.result import StudyResult

PAGE_WIDTH = 1900
MARGIN = 24
ROOM = PAGE_WIDTH - 2 * MARGIN
_TITLE = 62
_FOOT_LINE = 17
_IDENTITY_LINE = 22
_IDENTITIES = 3  # in a row
_EDGES = {"L": "patient's left", "R": "patient's right", "A": "anterior", "P": "posterior"}


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
        place.clipped_text(_IDENTITY_LINE / 2, line, width - 16, _IDENTITY_LINE, 14, weight="bold")
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
