"""Sites of one cohort: read, compare, and harmonise where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from gluteal_grade.cohort.sites.combat import Harmonised, harmonised
from gluteal_grade.cohort.sites.compare import EffectRow, SiteRow, compared
from gluteal_grade.cohort.sites.options import QUANTITIES, SitesOptions
from gluteal_grade.cohort.sites.studies import Made, made
from gluteal_grade.cohort.stats.load import read_tables
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.report import count


@dataclass(frozen=True)
class SitesReport:
    """Everything that is written.

    Attributes:
        made: what counts.
        sites: of measured values, then of harmonised ones.
        effects: tests, of measured values.
        harmonised: what ComBat gave; None where it was not asked for.
        cautions: what makes the numbers less comparable than they look.
    """

    options: SitesOptions
    made: Made
    sites: tuple[SiteRow, ...]
    effects: tuple[EffectRow, ...]
    harmonised: Harmonised | None
    cautions: tuple[str, ...]

    @property
    def apart(self) -> tuple[str, ...]:
        """Those of `compared` that tell other studies apart than those before them do."""
        shown: dict[tuple[tuple[int, ...], ...], str] = {}
        for name in self.compared:
            places = self.made.studies.groupby(name).indices.values()
            shown.setdefault(tuple(sorted(tuple(map(int, place)) for place in places)), name)
        return tuple(shown.values())

    @property
    def compared(self) -> tuple[str, ...]:
        """By which columns sites could be compared."""
        return tuple(dict.fromkeys(row.place.by for row in self.sites))


def compute_sites(folder: Path, options: SitesOptions) -> SitesReport:
    """Sites of the cohort in `folder`.

    Raises:
        RefusedInput: `no_results`, `study_twice`, `one_site`; those of `harmonised`.
        NoGrouping: a column that was named is not in studies.csv.
    """
    tables = read_tables(folder)
    found = made(tables, options)
    if found.rows.empty:
        raise RefusedInput(Reason.NO_RESULTS, "no whole muscle of these studies counts")
    sites, effects = compared(found.studies, found.rows, found.by, options.keep)
    done = harmonised(found, options) if options.harmonise else None
    if done is not None:
        # no tests of these: that sites are alike in the studies they were made alike by says nothing
        sites += compared(found.studies, _as_rows(found, done), (options.harmonise,), options.keep, "harmonised")[0]
    if not sites:
        raise RefusedInput(Reason.ONE_SITE, f"by {', '.join(found.by)}: {_counted(found)}")
    report = SitesReport(options, found, tuple(sites), tuple(effects), done, tuple(_cautions(found, done)))
    same = [name for name in report.compared if name not in report.apart]
    told = f"Told apart alike, so that one cannot be set against the other: {', '.join(report.compared)}; {', '.join(same)} not drawn."
    return replace(report, cautions=(told, *report.cautions)) if same else report


def _as_rows(found: Made, done: Harmonised) -> pd.DataFrame:
    own = done.values[["study", "side", "muscle", *(f"{name}_harmonised" for name in QUANTITIES)]]
    kept = found.rows.drop(columns=list(QUANTITIES)).merge(own, on=["study", "side", "muscle"], how="inner")
    return kept.rename(columns={f"{name}_harmonised": name for name in QUANTITIES})


def _counted(found: Made) -> str:
    parts = []
    for name in found.by:
        counts = found.studies[name].value_counts()
        there = ", ".join(f"{value or 'not known'} ({n})" for value, n in counts.items())
        parts.append(f"{name}: {there}")
    return "; ".join(parts)


def _cautions(found: Made, done: Harmonised | None) -> Iterator[str]:
    for column, words in (("config_hash", "settings"), ("model_hash", "networks or labels"), ("version", "program versions")):
        if found.studies[column].nunique() > 1:
            yield f"Studies of different {words} ({column}) are mixed: a difference of sites may be one of these. Grade them again alike."
    for name in found.by:
        unknown = int((found.studies[name] == "").sum())
        if 0 < unknown < len(found.studies):
            yield f"Not known by {name}: {count(unknown, 'study')}; they do not count there."
    ways = found.rows.groupby(["labels", "method"]).ngroups
    if ways > 1:
        yield f"Fat was measured in {ways} ways; each is compared by itself."
    if done is not None:
        yield from (f"Harmonised: {note}." for note in done.notes)
        yield "Harmonised values serve to compare groups over sites; grades are of the measured ones, and reports of one person, too."
