"""Two results of one patient into a `Comparison`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gluteal_grade import __version__
from gluteal_grade.cohort.change.cautions import MEANING, Caution, Why, assumptions, change_words
from gluteal_grade.cohort.change.models import (
    FORMAT_VERSION,
    Change,
    Comparison,
    FatMeasure,
    GradeChange,
    Scan,
    SdcSource,
    StudyCaution,
)
from gluteal_grade.cohort.change.origins import different_protocol, different_regions, source, study_cautions
from gluteal_grade.cohort.change.persons import patient_cautions
from gluteal_grade.cohort.change.site import Judge
from gluteal_grade.cohort.repeatability.site_file import Site
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.result import IntervalPart, MuscleResult, MuscleStatus, StudyResult
from gluteal_grade.statistics import SplitNormal, change_interval, smallest_detectable_change
from gluteal_grade.vocabulary import ALL_PARTS, Part, Region

_NAN = math.nan


def compare_results(
    prior: StudyResult,
    current: StudyResult,
    days: int | None = None,
    folders: tuple[Path, Path] | None = None,
    *,
    site: Site | None = None,
) -> Comparison:
    """What changed from the prior to the current study, per muscle or region and side.

    Args:
        prior, current: results of two studies of one patient (said if it seems otherwise).
        days: between the two.
        folders: of the two results, where DICOM objects may tell whose they are.
        site: repeatability to judge changes by; None: the stated uncertainty, a lower bound.

    Raises:
        RefusedInput: `study_twice`: both are of the same study.
    """
    if prior.study == current.study:
        raise RefusedInput(Reason.STUDY_TWICE, "prior and current are results of the same study")
    judge = Judge(site, prior, current)
    cautions = (*patient_cautions(prior, current, folders), *study_cautions(prior, current), *_of_site(judge))
    codes = tuple(c.code for c in cautions)
    before, now = (_by_part(r) for r in (prior, current))
    changes = tuple(
        _change(
            part,
            _Pair(before.get(part), now.get(part), different_regions(prior, current, part)),
            (*codes, Caution.DIFFERENT_PROTOCOL) if different_protocol(prior, current, part.side) else codes,
            judge,
        )
        for part in ALL_PARTS
        if (part in before and part in now if part.muscle.optional else part in before or part in now)
    )
    return Comparison(
        format_version=FORMAT_VERSION,
        prior=source(prior),
        current=source(current),
        days=days,
        cautions=cautions,
        site=judge.used,
        assumptions=assumptions(site=site is not None),
        changes=changes,
        made_by=f"gluteal-grade {__version__}",
    )


def _of_site(judge: Judge) -> tuple[StudyCaution, ...]:
    code = Caution.OTHER_THAN_SITE
    return (StudyCaution(code=code, detail=f"{MEANING[code]} ({judge.differs})"),) if judge.differs else ()


def _by_part(result: StudyResult) -> dict[Part, MuscleResult]:
    return {Part(m.muscle, m.region, m.side): m for m in result.muscles}


@dataclass(frozen=True)
class _Pair:
    """One part in both studies; None where a study does not list it.

    `otherwise`: its borders were drawn by another rule, so that the two are not the same part of the muscle.
    """

    prior: MuscleResult | None
    current: MuscleResult | None
    otherwise: bool = False

    @property
    def known(self) -> tuple[MuscleResult, ...]:
        return tuple(m for m in (self.prior, self.current) if m is not None)

    def no_fat(self, part: Part) -> Why | None:
        """Why the fat of the two cannot be compared; None where it can."""
        if missing := self._absent(part):
            return missing
        for m in self.known:
            if math.isnan(m.fat_fraction):
                return m.reason or Reason.NO_FAT_VALUES
        methods = {m.method for m in self.known}
        return Reason.DIFFERENT_METHODS if len(methods) > 1 else None

    def no_volume(self, part: Part) -> Why | None:
        """Why the volumes of the two cannot be compared."""
        if missing := self._absent(part):
            return missing
        for m in self.known:
            if math.isnan(m.volume_ml):
                return m.reason or Reason.NO_LABEL
        return Reason.OUT_OF_VIEW if self.cut else None

    @property
    def measure(self) -> FatMeasure:
        """The core value where both were graded by it; else the means over the labels: one quantity, never two."""
        both = self.prior is not None and self.current is not None and all(m.fat_shown.core for m in self.known)
        return FatMeasure.CORE if both else FatMeasure.MEAN

    @property
    def cut(self) -> bool:
        return any(was_cut(m) for m in self.known)

    def _absent(self, part: Part) -> Why | None:
        for m in (self.prior, self.current):
            if m is None:  # a muscle is always listed, a region where labels or rules tell it
                return Reason.NO_LABEL if part.region is Region.WHOLE else Reason.REGIONS_NOT_SPLIT
            if m.status is MuscleStatus.MISSING:
                return m.reason or Reason.NO_LABEL
        return Caution.DIFFERENT_REGIONS if self.otherwise else None


def _change(part: Part, pair: _Pair, of_study: tuple[Caution, ...], judge: Judge) -> Change:
    why, why_volume = pair.no_fat(part), pair.no_volume(part)
    bound = judge.bound(part, pair.measure)
    fat = _Fat() if why else _fat(pair, bound)
    if not why:
        # the parts in view may differ: the change stands as measured, but nothing says whether the muscle changed
        why = Caution.NO_STATED_INTERVAL if fat.beyond is None else (Reason.OUT_OF_VIEW if pair.cut else None)
    beyond = None if why else fat.beyond
    missing = (Caution.NOT_IN_SITE_FILE,) if judge.site is not None and bound is None and not math.isnan(fat.points) else ()
    cautions = (*of_study, *_cautions(pair), *missing)
    prior, current, measure = _scan(pair.prior), _scan(pair.current), pair.measure
    volume = (_NAN, _NAN) if why_volume else _difference(prior.volume_ml, current.volume_ml)
    # lean volumes hold the fat fraction: where fat cannot be compared neither can they
    lean = (_NAN, _NAN) if why_volume or math.isnan(fat.points) else _difference(prior.lean_ml(measure), current.lean_ml(measure))
    volume_bound = None if why_volume else judge.bound(part, "volume_ml")
    volume_beyond = None if volume_bound is None else abs(volume[0]) > volume_bound
    return Change(
        side=part.side,
        muscle=part.muscle,
        region=part.region,
        prior=prior,
        current=current,
        fat_measure=measure,
        fat_change_points=fat.points,
        fat_change_low=fat.low,
        fat_change_high=fat.high,
        sdc_points=fat.sdc,
        sdc_source=None if math.isnan(fat.sdc) else (SdcSource.STATED if bound is None else SdcSource.SITE),
        beyond_sdc=beyond,
        reason=why,
        volume_change_ml=volume[0],
        volume_change_percent=volume[1],
        lean_volume_change_ml=lean[0],
        lean_volume_change_percent=lean[1],
        volume_reason=why_volume,
        volume_sdc_ml=_NAN if volume_bound is None else volume_bound,
        volume_beyond_sdc=volume_beyond,
        volume_sdc_reason=None if volume_bound is not None else (why_volume or judge.no_volume),
        grades=grade_changes(pair.prior, pair.current, comparable=not math.isnan(fat.points)),
        cautions=cautions,
        words=_words(fat, beyond, why, cautions, bound is not None, volume[0] if volume_beyond else _NAN),
    )


@dataclass(frozen=True)
class _Fat:
    """Change of the fat fraction, points."""

    points: float = _NAN
    low: float = _NAN
    high: float = _NAN
    sdc: float = _NAN
    beyond: bool | None = None


def _words(fat: _Fat, beyond: bool | None, why: Why | None, cautions: tuple[Caution, ...], site: bool, volume_ml: float) -> str:
    """One clause on fat, and one on a volume that changed beyond the repeatability of the site."""
    said = change_words(fat.points, beyond, why, cautions, site=site)
    if math.isnan(volume_ml):
        return said
    return f"{said}; {'larger' if volume_ml > 0 else 'smaller'} volume, beyond the repeatability of the site"


def _fat(pair: _Pair, bound: float | None = None) -> _Fat:
    """By the repeatability of a site, points, or by the stated uncertainty."""
    assert pair.prior is not None
    assert pair.current is not None
    core = pair.measure is FatMeasure.CORE
    then, now = (m.fat(core=core).value for m in (pair.prior, pair.current))
    points = 100 * (now - then)
    if bound is not None:
        return _Fat(points, points - bound, points + bound, bound, abs(points) > bound)
    before, after = stated(then, pair.prior.parts(core=core)), stated(now, pair.current.parts(core=core))
    if before is None or after is None:
        return _Fat(points)
    low, high = (100 * bound for bound in change_interval(before, after))
    sdc = 100 * smallest_detectable_change(before, after)
    # with unequal halves the two may part; only what both call a change is one
    return _Fat(points, low, high, sdc, abs(points) > sdc and not low <= 0 <= high)


def stated(measured: float, parts: Mapping[str, IntervalPart]) -> SplitNormal | None:
    """Where the truth lies by the parts of a result's interval, fraction 0-1; None where none is stated.

    The parts and not the bounds: the bounds are cut at 0 and 1, and their confidence is a setting.
    """
    if not parts or math.isnan(measured):
        return None
    below = math.sqrt(sum(p.below**2 for p in parts.values()))
    above = math.sqrt(sum(p.above**2 for p in parts.values()))
    return None if math.isnan(below + above) else SplitNormal(measured, below, above)


def _cautions(pair: _Pair) -> tuple[Caution, ...]:
    found = [Caution.OUT_OF_VIEW] if pair.cut else []
    for m, code in ((pair.prior, Caution.PRIOR_NEEDS_REVIEW), (pair.current, Caution.CURRENT_NEEDS_REVIEW)):
        if m is not None and m.status is MuscleStatus.NEEDS_REVIEW:
            found.append(code)
    return tuple(found)


def was_cut(m: MuscleResult) -> bool:
    """Whether the field of view cuts a muscle or region."""
    return bool(m.cut_at) or m.coverage < 1


def _difference(prior: float, current: float) -> tuple[float, float]:
    """Current minus prior, and the same in percent of the prior."""
    change = current - prior
    return change, 100 * change / prior if prior > 0 else _NAN


def _scan(m: MuscleResult | None) -> Scan:
    if m is None:
        return Scan(
            status=MuscleStatus.MISSING,
            reason=None,
            method=None,
            coverage=_NAN,
            cut=False,
            volume_ml=_NAN,
            lean_volume_ml=_NAN,
            fat_fraction=_NAN,
            fat_fraction_low=_NAN,
            fat_fraction_high=_NAN,
            interval_parts={},
            fat_fraction_core=_NAN,
            fat_fraction_core_low=_NAN,
            fat_fraction_core_high=_NAN,
            lean_volume_core_ml=_NAN,
            core_interval_parts={},
        )
    names = ("status", "reason", "method", "coverage", "volume_ml", "lean_volume_ml")
    fat = ("fat_fraction", "fat_fraction_low", "fat_fraction_high", "interval_parts")
    core = ("fat_fraction_core", "fat_fraction_core_low", "fat_fraction_core_high", "lean_volume_core_ml", "core_interval_parts")
    return Scan(cut=was_cut(m), **{name: getattr(m, name) for name in (*names, *fat, *core)})


def grade_changes(prior: MuscleResult | None, current: MuscleResult | None, comparable: bool) -> tuple[GradeChange, ...]:
    """Every scale that both results have.

    Args:
        prior, current: one muscle or region.
        comparable: fat was measured in both, by one method; else no change is given. Nor is it where the two read a scale differently.
    """
    if prior is None or current is None:
        return ()
    changes = []
    for now in current.grades:
        before = prior.graded(now.scale)
        if before is None:
            continue
        alike = comparable and (before.profile, before.measure) == (now.profile, now.measure)
        rose, fell, stayed = chances(before.probabilities, now.probabilities) if alike else (math.nan,) * 3
        both = alike and before.grade is not None and now.grade is not None
        changes.append(
            GradeChange(
                scale=now.scale,
                profile=now.profile if now.profile == before.profile else f"{before.profile}, {now.profile}",
                prior=before.grade,
                current=now.grade,
                change=(now.grade or 0) - (before.grade or 0) if both else None,
                rose=rose,
                fell=fell,
                stayed=stayed,
            )
        )
    return tuple(changes)


def chances(prior: Sequence[float], current: Sequence[float]) -> tuple[float, float, float]:
    """Probability that the true grade rose, fell, stayed, if the two are independent; NaN where a vector is missing or of another scale.

    Args:
        prior, current: probability of each grade from 0 upwards.
    """
    if not prior or len(prior) != len(current):
        return math.nan, math.nan, math.nan
    pairs = [(i, j, p * q) for i, p in enumerate(prior) for j, q in enumerate(current)]
    total = math.fsum(p for *_, p in pairs)
    if not total > 0:
        return math.nan, math.nan, math.nan
    rose = math.fsum(p for i, j, p in pairs if j > i) / total
    fell = math.fsum(p for i, j, p in pairs if j < i) / total
    return rose, fell, math.fsum(p for i, j, p in pairs if i == j) / total
