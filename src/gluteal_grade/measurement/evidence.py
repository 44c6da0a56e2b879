"""A doctor for studies: every check of plausibility that needs no labels, with what speaks for and against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

from gluteal_grade.config import Settings
from gluteal_grade.errors import GradeError, Reason
from gluteal_grade.fat import FatMap, fat_methods
from gluteal_grade.io import Series, Study, pairs
from gluteal_grade.measurement.odd_slices import odd_slices
from gluteal_grade.measurement.plan import Candidate, plan_study
from gluteal_grade.measurement.stray_values import strays_of
from gluteal_grade.vocabulary import SeriesKind

# notes that tell how a number was come by; every other reason speaks against something
_PLAIN = {
    Reason.WEIGHTING, Reason.WEIGHTING_UNKNOWN, Reason.NOISE_UNKNOWN, Reason.SWAP_UNCHECKED, Reason.T1_ESTIMATE, Reason.T2_ESTIMATE,
    Reason.PD_ESTIMATE, Reason.CT_UNCALIBRATED, Reason.TWO_POINT_MAGNITUDE, Reason.MULTI_ECHO, Reason.ANCHORS_POOLED,
    Reason.SERIES_JOINED, Reason.STUDIES_JOINED, Reason.COPIES_LEFT_OUT, Reason.STATIONS_STITCHED, Reason.STATIONS_APART,
    Reason.CT_ENERGY, Reason.CT_CONTRAST_MEDIUM,
}  # fmt: skip
_OF_SLICES = {Reason.STRAY_VOXELS, Reason.EMPTY_SLICES, Reason.SLICES_MOVED, Reason.TURNED_OVER}
_NOT_MEASURED = {SeriesKind.LOCALIZER, SeriesKind.OTHER}
_OUTSIDE = 0.1  # of a fraction beyond 0 and 1, more than noise makes
_MOST_OUTSIDE = 0.1  # of the body's voxels
_LEAST_FAT, _MOST_FAT = 0.03, 0.9  # of the body in view, skin and muscle together


class Topic(StrEnum):
    """What a finding is about."""

    FILES = "files"
    GEOMETRY = "geometry"
    SIDE = "side"
    SCALE = "scale"
    PARTNERS = "partners"
    SLICES = "slices"
    MEASURING = "measuring"


@dataclass(frozen=True)
class Finding:
    """One piece of evidence.

    Attributes:
        topic: what it is about.
        series: id of the series, empty for the study.
        against: True where it speaks against the study, False where for it, None where it is only told.
        words: what was found, without patient data.
        reason: the code, None where there is none.
    """

    topic: Topic
    series: str
    against: bool | None
    words: str
    reason: Reason | None = None


def check_study(study: Study, settings: Settings) -> tuple[Finding, ...]:
    """Everything that can be said of a study before it is labelled; reads all images that could be measured.

    Args:
        study: as discovery found it.
        settings: of the measurement.
    """
    study = study.read_once()
    found: list[Finding] = []
    of_series = {f"series {s.id}: {n.detail}" for s in study.series for n in s.notes}
    found += [_noted(Topic.FILES, "", n.reason, n.detail) for n in study.notes if n.detail not in of_series]
    for series in study.series:
        found += _geometry(series)
        if series.refusal is None and series.kind not in _NOT_MEASURED:
            found += _slices(series)
    found += _partners(study)
    found += _measured(study, settings)
    return tuple(found)


def _noted(topic: Topic, series: str, reason: Reason, detail: str) -> Finding:
    return Finding(topic, series, None if reason in _PLAIN else True, detail, reason)


def _geometry(series: Series) -> Iterator[Finding]:
    if series.refusal is not None:
        against = None if series.kind in _NOT_MEASURED else True
        yield Finding(Topic.GEOMETRY, series.id, against, series.refusal.detail or series.refusal.advice, series.refusal.reason)
        return
    yield from (_noted(Topic.GEOMETRY, series.id, n.reason, n.detail) for n in series.notes)
    if series.grid is None:
        return
    spacing, axis = series.grid.spacing_mm, series.slice_axis
    words = f"{series.grid.shape[axis]} {series.plane} slices, {spacing[axis]:.3g} mm apart, evenly; {series.kind}: {series.kind_reason}"
    yield Finding(Topic.GEOMETRY, series.id, False, words)
    source = "image positions and orientations of DICOM" if series.uid else "the NIfTI affine alone: the converter has the last word"
    yield Finding(Topic.SIDE, series.id, False if series.uid else None, f"right and left from {source}")


def _slices(series: Series) -> Iterator[Finding]:
    try:
        odd = odd_slices(series)
    except GradeError as error:
        yield Finding(Topic.SLICES, series.id, True, error.detail, error.reason)
        return
    yield from (Finding(Topic.SLICES, series.id, True, words, reason) for reason, _, words in odd)
    strays, words = strays_of(series)
    if strays.any():
        yield Finding(Topic.SLICES, series.id, True, words, Reason.STRAY_VOXELS)
    if not odd:
        yield Finding(Topic.SLICES, series.id, False, "none is empty, noise, cut, repeated, turned over or out of its place")


def _partners(study: Study) -> Iterator[Finding]:
    for method in (m for m in fat_methods() if len(m.kinds) > 1):
        for first, second in combinations(method.kinds, 2):
            here, there = study.find(first), study.find(second)
            for pair in pairs(here, there):
                if pair.refusal is not None:
                    yield Finding(Topic.PARTNERS, pair.first.id, True, pair.refusal.detail, pair.refusal.reason)
                elif pair.second is None:
                    yield Finding(Topic.PARTNERS, pair.first.id, True, f"no {second} on its grid", Reason.PARTNER_MISSING)
                else:
                    yield Finding(Topic.PARTNERS, pair.first.id, False, f"{pair.second.id} is of the same acquisition and grid")
            if there and not here:
                yield Finding(Topic.PARTNERS, there[0].id, True, f"no {first} on its grid", Reason.PARTNER_MISSING)


def _measured(study: Study, settings: Settings) -> Iterator[Finding]:
    try:
        plan = plan_study(study, settings)
    except GradeError as error:
        yield Finding(Topic.MEASURING, "", True, error.detail or error.advice, error.reason)
        return
    for candidate in dict.fromkeys(c for order in plan.orders for c in order):
        yield from _candidate(candidate, settings)


def _candidate(candidate: Candidate, settings: Settings) -> Iterator[Finding]:
    name = candidate.series[0].id
    try:
        fat = candidate.measure(settings)
    except GradeError as error:
        yield Finding(Topic.MEASURING, name, True, f"{candidate.method}: {error.detail or error.advice}", error.reason)
        return
    told = tuple(words for series in fat.series for words in (*(w for _, _, w in odd_slices(series)), strays_of(series)[1]))
    for note in fat.notes:
        if not told or not note.detail.startswith(told):
            yield _noted(Topic.SLICES if note.reason in _OF_SLICES else Topic.SCALE, name, note.reason, note.detail)
    yield from _fractions(name, candidate, fat)


def _fractions(name: str, candidate: Candidate, fat: FatMap) -> Iterator[Finding]:
    """Is the map a fat fraction at all? A pelvis holds skin and muscle, whoever it belongs to."""
    values = fat.volume.array[fat.body.array & np.isfinite(fat.volume.array)]
    if not values.size:
        yield Finding(Topic.SCALE, name, True, f"{candidate.method}: no voxel has a fat fraction", Reason.NO_FAT_VALUES)
        return
    outside = float(np.mean((values < -_OUTSIDE) | (values > 1 + _OUTSIDE)))
    mean = float(np.clip(values, 0, 1).mean())
    words = f"{candidate.method}: fat fraction of the body {mean:.0%}, {outside:.1%} of it beyond 0 and 1"
    yield Finding(Topic.SCALE, name, outside > _MOST_OUTSIDE or not _LEAST_FAT <= mean <= _MOST_FAT, words)
