"""From ratings to all numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.review.agreement.comparisons import Comparison, Group, Who, comparisons, groups
from gluteal_grade.review.agreement.ratings import Ratings, ScaleRatings
from gluteal_grade.review.agreement.report import AgreementOptions, AgreementReport, AgreementRow
from gluteal_grade.review.agreement.scales import Kind
from gluteal_grade.statistics import (
    PAIR_STATISTICS,
    Floats,
    Interval,
    Ints,
    alpha,
    bca_intervals,
    bland_altman,
    bland_altman_limits,
    coincidences,
    confusion,
    error_limits,
    fleiss,
    icc_limits,
    pair_statistics,
    percent_agreement,
    smallest_detectable_difference,
    sums_by_cluster,
)
from gluteal_grade.statistics import icc as two_way_icc
from gluteal_grade.statistics import sums as two_way_sums

ONE_CATEGORY = 0.8  # share of ratings in one category from which a note warns
FEW_STUDIES = 20  # below, bootstrap intervals hold the truth a little too rarely (docs/howto/agreement.md)
NOMINAL = ("percent_agreement", "kappa", "pabak", "gwet_ac1")
CONTINUOUS_PAIR = ("icc_2_1", "icc_3_1", "bias", "sd_of_differences", "loa_low", "loa_high", "smallest_detectable_difference")
CONTINUOUS_ALL = ("icc_2_1", "icc_3_1", "smallest_detectable_difference")
_ALIKE = "all ratings alike: not defined"


@dataclass(frozen=True)
class _Counted:
    """The units of one comparison in one group, and sums of each study."""

    n: int
    left_out: int
    clusters: Floats
    crowded: float = 0.0  # share of the most frequent category

    @property
    def studies(self) -> int:
        return len(self.clusters)


def compute_agreement(ratings: Ratings, options: AgreementOptions) -> AgreementReport:
    """Every comparison on every scale: all units, each muscle, each side."""
    report = AgreementReport(ratings, options, ())
    rows: list[AgreementRow] = []
    for scale in ratings.scales:
        parts = groups(scale)
        for comparison in comparisons(scale.raters):
            for group in parts:
                rows += _one(scale, comparison, group, options, report)
    return replace(report, rows=tuple(rows))


def _one(
    ratings: ScaleRatings, comparison: Comparison, group: Group, options: AgreementOptions, report: AgreementReport
) -> list[AgreementRow]:
    cell = ratings.scale.name, comparison.name, group.muscle, group.side
    values = ratings.values[group.rows][:, list(comparison.columns)]
    study = ratings.study[group.rows]
    everyone = comparison.who is Who.EVERYONE
    if ratings.scale.kind is Kind.CONTINUOUS:
        if not everyone:
            report.pairs[cell] = values[np.isfinite(values).all(axis=1)]
        named = _continuous(values, study, everyone, options)
    elif everyone:
        named = _several(ratings, values, study, options)
    else:
        k = len(ratings.scale.categories)
        report.tables[cell] = _table(values, k)
        named = _pair(values, study, ratings, options)
    return [replace(f, scale=cell[0], comparison=cell[1], muscle=cell[2], side=cell[3]) for f in named]


def _table(values: Floats, k: int) -> Floats:
    whole = values[np.isfinite(values).all(axis=1)].astype(int)
    return confusion(whole[:, 0], whole[:, 1], k).astype(float)


def _pair(values: Floats, study: Ints, ratings: ScaleRatings, options: AgreementOptions) -> list[AgreementRow]:
    k = len(ratings.scale.categories)
    there = np.isfinite(values).all(axis=1)
    both = values[there].astype(int)
    rows = np.zeros((len(both), k * k))
    rows[np.arange(len(both)), both[:, 0] * k + both[:, 1]] = 1
    counted = _Counted(len(both), _partly(values, there), sums_by_cluster(study[there], rows), _crowded(both, k))
    names = PAIR_STATISTICS if ratings.scale.kind is Kind.ORDINAL else NOMINAL
    places = [PAIR_STATISTICS.index(n) for n in names]
    return _bootstrapped(names, counted, lambda s: pair_statistics(s.reshape(-1, k, k))[:, places], options, k)


def _several(ratings: ScaleRatings, values: Floats, study: Ints, options: AgreementOptions) -> list[AgreementRow]:
    k, ordinal = len(ratings.scale.categories), ratings.scale.kind is Kind.ORDINAL
    found: list[AgreementRow] = []
    number = np.isfinite(values).sum(axis=1)
    for least, names, statistic in (
        (2, ("percent_agreement", f"krippendorff_alpha_{ratings.scale.kind}"), lambda t: (percent_agreement(t), alpha(t, ordinal=ordinal))),
        (values.shape[1], ("fleiss_kappa",), lambda t: (fleiss(t),)),
    ):
        there = number >= least
        rows = coincidences(values[there], k).reshape(-1, k * k)
        grades = values[there]
        counted = _Counted(
            int(there.sum()),
            int(((number > 0) & ~there).sum()),
            sums_by_cluster(study[there], rows),
            _crowded(grades[np.isfinite(grades)], k),
        )
        found += _bootstrapped(names, counted, _stacked(statistic, k), options, k)
    return found


def _stacked(statistic: Callable[[Floats], Sequence[Floats]], k: int) -> Callable[[Floats], Floats]:
    return lambda sums: np.stack(statistic(sums.reshape(-1, k, k)), axis=-1)


def _partly(values: Floats, there: Any) -> int:
    return int((np.isfinite(values).any(axis=1) & ~there).sum())


def _crowded(grades: npt.NDArray[Any], k: int) -> float:
    return float(np.bincount(grades.astype(int).ravel(), minlength=k).max() / grades.size) if grades.size else 0.0


def _bootstrapped(
    names: Sequence[str], counted: _Counted, statistic: Callable[[Floats], Floats], options: AgreementOptions, categories: int
) -> list[AgreementRow]:
    if counted.n < 2 or categories < 2:
        why = _too_few(counted.n) if counted.n < 2 else "only one grade was seen on this scale: not defined"
        return [_row(name, counted, note=why) for name in names]
    values = statistic(counted.clusters.sum(axis=0)[None])[0]
    ends = bca_intervals(counted.clusters, statistic, draws=options.draws, seed=options.seed, unit="study")
    return [_row(name, counted, float(v), e, "bootstrap") for name, v, e in zip(names, values, ends, strict=True)]


def _too_few(n: int) -> str:
    return "nothing was graded by all of them" if n == 0 else "one unit: no statistic"


def _row(
    name: str, counted: _Counted, value: float = math.nan, ends: Interval | None = None, how: str = "", note: str = ""
) -> AgreementRow:
    notes = [note] if note else []
    low, high = (ends.low, ends.high) if ends else (math.nan, math.nan)
    if not notes and math.isnan(value):
        notes.append(_ALIKE)
    elif not notes:
        notes += [ends.note] if ends and ends.note else []
        if how == "bootstrap" and math.isfinite(low) and counted.studies < FEW_STUDIES:
            notes.append(f"fewer than {FEW_STUDIES} studies: the interval may be too narrow")
        if counted.crowded >= ONE_CATEGORY and ("kappa" in name or "alpha" in name):
            notes.append(f"{100 * counted.crowded:.0f} % of the ratings are one grade, which alone makes this low")
    return AgreementRow(
        "", "", name, _rounded(value), _rounded(low), _rounded(high), "", "", counted.n, counted.studies, counted.left_out,
        how if math.isfinite(low) else "", "; ".join(notes),
    )  # fmt: skip


def _rounded(value: float) -> float:
    return round(value, 6) + 0.0  # no minus zero


def _continuous(values: Floats, study: Ints, everyone: bool, options: AgreementOptions) -> list[AgreementRow]:
    there = np.isfinite(values).all(axis=1)
    names = CONTINUOUS_ALL if everyone else CONTINUOUS_PAIR
    whole = values[there]
    sums = two_way_sums(whole, float(np.median(whole)) if whole.size else 0.0)
    counted = _Counted(len(whole), _partly(values, there), sums_by_cluster(study[there], sums))
    if counted.n < 2:
        return [_row(name, counted, note=_too_few(counted.n)) for name in names]
    if counted.studies == counted.n:
        return _by_formula(names, counted)

    def statistic(total: Floats) -> Floats:
        return _continuous_statistics(names, total)

    found = statistic(counted.clusters.sum(axis=0)[None])[0]
    ends = bca_intervals(counted.clusters, statistic, draws=options.draws, seed=options.seed, unit="study")
    return [_row(name, counted, float(v), e, "bootstrap") for name, v, e in zip(names, found, ends, strict=True)]


def _continuous_statistics(names: Sequence[str], total: Floats) -> Floats:
    parts = [two_way_icc(total, absolute=True), two_way_icc(total, absolute=False)]
    if names == CONTINUOUS_PAIR:
        parts += list(np.moveaxis(bland_altman(total), -1, 0))
    return np.stack([*parts, smallest_detectable_difference(total)], axis=-1)


def _by_formula(names: Sequence[str], counted: _Counted) -> list[AgreementRow]:
    """Limits of units that are independent: one of each study."""
    total = counted.clusters.sum(axis=0)
    values = dict(zip(names, (float(v) for v in _continuous_statistics(names, total[None])[0]), strict=True))
    freedom = (counted.n - 1) * (len(total) - 4)
    ends = {"icc_2_1": icc_limits(total, absolute=True), "icc_3_1": icc_limits(total, absolute=False)}
    ends["smallest_detectable_difference"] = error_limits(values["smallest_detectable_difference"], freedom)
    if "bias" in values:
        limits = bland_altman_limits(values["bias"], values["sd_of_differences"], counted.n)
        ends |= dict(zip(("bias", "sd_of_differences", "loa_low", "loa_high"), limits, strict=True))
    return [_row(name, counted, values[name], _limits(*ends[name]), _HOW[name]) for name in names]


_HOW = {"icc_2_1": "F", "icc_3_1": "F", "bias": "t", "loa_low": "t", "loa_high": "t"} | dict.fromkeys(
    ("sd_of_differences", "smallest_detectable_difference"), "chi squared"
)


def _limits(low: float, high: float) -> Interval:
    """None where no difference was seen, which leaves nothing to compute one from."""
    if high > low:
        return Interval(low, high)
    return Interval(math.nan, math.nan, "no spread: no interval")
