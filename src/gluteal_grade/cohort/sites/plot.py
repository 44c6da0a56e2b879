"""The same muscle over sites: every study, the adjusted mean of each site with its interval, and the average of sites."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.cohort.sites.compare import Place, SiteRow
from gluteal_grade.cohort.sites.options import QUANTITIES
from gluteal_grade.cohort.sites.report import SitesReport
from gluteal_grade.drawing import BLUE, BROWN, INK, RULE, blank_figure, drawable, drawing_style, hide_edges, save_png, shortened
from gluteal_grade.vocabulary import muscles_among

_WIDTH, _HEIGHT, _ROW = 3.4, 0.75, 0.34  # inches: of a panel, of its title and axis, of a site
_MOST = 300  # points of a site; more are one blot
_SHOWN = 12  # sites of a picture: those of most studies
_WORDS = {"fat_fraction_core": "fat (muscle itself), %", "fat_fraction": "fat (mean of label), %", "volume_ml": "volume, ml"}
_LONGEST = 28  # characters of a site's name
Way = tuple[str, str, str, str]  # values, by, labels, method


def draw_sites(report: SitesReport, folder: Path) -> list[Path]:
    """One picture for each column, fat method and kind of labels; harmonised values in one of their own."""
    drawn: list[Path] = []
    ways = dict.fromkeys(_way(r.place) for r in report.sites if r.place.by in report.apart or r.place.by == report.options.harmonise)
    for way in ways:
        values, by, labels, method = way
        alone = sum(other[:2] == way[:2] for other in ways) == 1
        ending = "" if alone else f"_{method}_{labels}"
        name = re.sub(r"[^A-Za-z0-9]+", "_", f"sites_{by}{ending}{'_harmonised' if values == 'harmonised' else ''}").strip("_")
        drawn.append(_picture(report, way, folder / f"{name}.png"))
    return drawn


def _picture(report: SitesReport, way: Way, path: Path) -> Path:
    rows = [r for r in report.sites if _way(r.place) == way]
    sites = _sites(rows)
    there = [q for q in QUANTITIES if any(r.place.quantity == q for r in rows)]
    quantities = [q for q in there if q != "fat_fraction" or "fat_fraction_core" not in there]  # the table holds both
    muscles = muscles_among(r.place.muscle for r in rows)
    with drawing_style():
        figure = blank_figure(1.6 + _WIDTH * len(muscles), 0.5 + len(quantities) * (_HEIGHT + _ROW * len(sites)))
        axes = figure.subplots(len(quantities), len(muscles), squeeze=False)
        for line, quantity in zip(axes, quantities, strict=True):
            for axis, muscle in zip(line, muscles, strict=True):
                mine = {r.site: r for r in rows if r.place.quantity == quantity and r.place.muscle == muscle}
                if not mine:
                    axis.set_axis_off()
                    continue
                _panel(axis, report, mine, sites)
                axis.set_title(muscle.short, fontsize=9)
                axis.set_xlabel(_WORDS[quantity], fontsize=8)
                names = [drawable(shortened(site, _LONGEST)) for site in sites] if axis is line[0] else [""] * len(sites)
                axis.set_yticks(range(len(sites)), names, fontsize=8, parse_math=False)
        changed = "harmonised by ComBat" if way[0] == "harmonised" else "as measured"
        figure.suptitle(f"By {way[1]}, {changed}: every study, adjusted mean and 95 % interval; line: average of sites", fontsize=9)
        return save_png(figure, path)


def _panel(axis: Any, report: SitesReport, mine: dict[str, SiteRow], sites: Sequence[str]) -> None:
    place = next(iter(mine.values())).place
    colour = BROWN if place.values == "harmonised" else BLUE
    whole = [r.adjusted - r.difference for r in mine.values() if r.difference == r.difference]
    if whole:
        axis.axvline(whole[0], color=INK, linewidth=0.8)
    axis.hlines(range(len(sites)), 0, 1, color=RULE, linewidth=0.4, zorder=0, transform=axis.get_yaxis_transform())
    for n, site in enumerate(sites):
        values = _values(report, place, site)
        values = values[:: max(1, len(values) // _MOST)]
        apart = 0.28 * np.sin(np.arange(len(values)) * 2.4)  # spread without chance: the same picture every time
        axis.plot(values, n + apart, ".", color=colour, alpha=0.3, markersize=3)
        if (row := mine.get(site)) is not None and row.adjusted == row.adjusted:
            axis.plot([row.low, row.high], [n, n], color=INK, linewidth=1.6, solid_capstyle="butt")
            axis.plot([row.adjusted], [n], "D", color=INK, markersize=4.5)
    axis.tick_params(labelsize=8)
    axis.set_ylim(len(sites) - 0.5, -0.5)
    hide_edges(axis)


def _values(report: SitesReport, place: Place, site: str) -> np.ndarray:
    done = report.harmonised
    if place.values == "harmonised" and done is not None:
        table = done.values[(done.values["muscle"] == place.muscle) & (done.values["site"] == site)]
        column = f"{place.quantity}_harmonised"
    else:
        studies = report.made.studies
        there = report.made.rows["study"].isin(studies.loc[studies[place.by] == site, "study"])
        rows = report.made.rows[there & (report.made.rows["muscle"] == place.muscle)]
        table = rows[(rows["method"] == place.method) & (rows["labels"] == place.labels)]
        column = place.quantity
    return np.asarray(table.groupby("study")[column].mean().dropna().to_numpy(float))


def _sites(rows: Sequence[SiteRow]) -> list[str]:
    most: dict[str, int] = {}
    for row in rows:
        most[row.site] = max(most.get(row.site, 0), row.studies)
    return sorted(sorted(most, key=lambda site: (-most[site], site))[:_SHOWN])


def _way(place: Place) -> Way:
    return (place.values, place.by, place.labels, place.method)
