"""A comparison on the console."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gluteal_grade.cohort.change.cautions import MEANING, Caution, signed
from gluteal_grade.cohort.change.models import Change, Comparison, GradeChange
from gluteal_grade.cohort.change.output import scales_of
from gluteal_grade.vocabulary import Part, Region, Scale, Side, primary_scale

_DASH = "-"


def print_comparison(comparison: Comparison, console: Console) -> None:
    """The table, what each muscle's change means, the cautions and what is taken for granted."""
    days = "" if comparison.days is None else f", {comparison.days} days apart"
    console.print(f"Study {comparison.prior.study} (prior) to {comparison.current.study} (current){days}", soft_wrap=True)
    if comparison.site is not None:
        console.print(f"Judged by the repeatability of {comparison.site.words}", soft_wrap=True, markup=False)
    scales = scales_of(comparison)
    console.print(_table(comparison.changes, primary_scale(scales)))
    titles = {scale.key: scale.title for scale in scales}
    for change in comparison.changes:
        if change.region is Region.WHOLE:
            part = Part(change.muscle, change.region, change.side)
            console.print(f"{part}: {change.words}{_chance(change, titles)}", soft_wrap=True, markup=False)
    for caution in comparison.cautions:
        console.print(Text.assemble(("Note ", "yellow"), f"{caution.code}: {caution.detail}"), soft_wrap=True)
    for code, meaning in _row_cautions(comparison).items():
        console.print(Text.assemble(("Note ", "yellow"), f"{code}: {meaning}"), soft_wrap=True)
    for sentence in comparison.assumptions:
        console.print(Text(sentence, style="dim"), soft_wrap=True)
    console.print(Text(comparison.disclaimer, style="dim"))


def _table(changes: tuple[Change, ...], scale: Scale) -> Table:
    table = Table(show_edge=False, padding=(0, 1, 0, 0), box=box.SIMPLE_HEAD)  # narrow: 80 columns hold it
    table.add_column("muscle", no_wrap=True)
    for name in ("fat %", "change (95 %)", "SDC", "beyond", _abbreviated(scale.narrow), "lean ml"):
        table.add_column(name, justify="right", no_wrap=True)
    for side in Side:
        for c in changes:
            if c.side is side:
                name = f"{side} {c.muscle.short}" if c.region is Region.WHOLE else f"  {c.region}"
                table.add_row(name, *_cells(c, scale.key))
        table.add_section()
    return table


def _abbreviated(title: str) -> str:
    return title if len(title) < 7 else f"{title[:5]}."


def _cells(c: Change, primary: str) -> tuple[str, ...]:
    percent = [_DASH if math.isnan(fat) else f"{100 * fat:.1f}" for fat in (s.fat(c.fat_measure) for s in (c.prior, c.current))]
    interval = "" if math.isnan(c.fat_change_low) else f" ({signed(c.fat_change_low, 1)}, {signed(c.fat_change_high, 1)})"
    change = _DASH if math.isnan(c.fat_change_points) else f"{signed(c.fat_change_points, 1)}{interval}"
    beyond = _DASH if c.beyond_sdc is None else ("yes" if c.beyond_sdc else "no")
    quartile = next((g for g in c.grades if g.scale == primary), None)
    grades = [_DASH if g is None else str(g) for g in ((quartile.prior, quartile.current) if quartile else (None, None))]
    lean = _DASH if math.isnan(c.lean_volume_change_ml) else signed(c.lean_volume_change_ml, 0)
    sdc = _DASH if math.isnan(c.sdc_points) else f"{c.sdc_points:.1f}"
    return " > ".join(percent), change, sdc, beyond, " > ".join(grades), lean


def _chance(change: Change, titles: Mapping[str, str]) -> str:
    """A grade that changed counts with its probability only."""
    told = [_grade_words(g, titles[g.scale]) for g in change.grades if g.change and not math.isnan(g.rose)]
    return f" ({'; '.join(told)})" if told else ""


def _grade_words(g: GradeChange, title: str) -> str:
    rose = (g.change or 0) > 0
    chance = g.rose if rose else g.fell
    number = "more than 99 %" if chance > 0.99 else ("less than 1 %" if chance < 0.01 else f"{100 * chance:.0f} %")
    return f"{title} {'up' if rose else 'down'}, probability {number}"


def _row_cautions(comparison: Comparison) -> dict[Caution, str]:
    """Those of whole muscles that are not of the whole study: what they mean, and which muscles they are about."""
    general = {c.code for c in comparison.cautions}
    muscles = [c for c in comparison.changes if c.region is Region.WHOLE]
    found: dict[Caution, list[str]] = {}
    for c in muscles:
        for code in c.cautions:
            if code not in general:
                found.setdefault(code, []).append(str(Part(c.muscle, c.region, c.side)))
    return {code: f"{MEANING[code]} ({_listed(parts, len(muscles))})" for code, parts in found.items()}


def _listed(parts: list[str], of: int) -> str:
    return "all muscles" if len(parts) == of > 1 else ", ".join(parts)
