"""A result in words and human numbers, for pictures and pages."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from gluteal_grade.errors import Reason
from gluteal_grade.report.readings import NO_INTERVAL, interval_text
from gluteal_grade.result import FatReport, MuscleResult, MuscleStatus, StudyResult
from gluteal_grade.segmentation import GIVEN
from gluteal_grade.vocabulary import COLOURS, Muscle, Region, method_words

DASH = "–"
_PLURALS = {"study": "studies"}

_NUMBERED = re.compile(r"s\d+(\.\w{1,12})?")
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_JOINED = re.compile(r"(?<=[a-z0-9])_(?=[a-z])")

_WHY = {
    Reason.NO_LABEL: "no label",
    Reason.SIDE_NOT_LABELLED: "no labels on this side",
    Reason.OUT_OF_VIEW: "leaves the field of view",
    Reason.TOO_FEW_VOXELS: "too small to measure",
    Reason.TOO_LITTLE_EVALUABLE: "too much signal void or artifact",
    Reason.NO_FAT_VALUES: "no fat value in it",
    Reason.ECHOES_UNFIT: "the echoes do not tell water from fat",
    Reason.AMBIGUOUS_DOMINANCE: "fat above or below 50 % cannot be told apart",
    Reason.BESIDE_METAL: "too much of it lies beside metal",
    Reason.EXCLUDED_BY_MASK: "too much of it was left out by the user's mask",
    Reason.DIFFERENT_METHODS: "sides measured by different methods",
}


_LEFT_OUT = frozenset({Reason.EXCLUDED_BY_MASK, Reason.WATER_FAT_SWAP})


def visible(text: str) -> str:
    """Text without characters that steer a page or a terminal, or turn its direction."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def plain(text: str) -> str:
    """Names of the code in a sentence as words, e.g. ``gluteus maximus``."""
    return _JOINED.sub(" ", text)


def muscle_name(muscle: Muscle) -> str:
    """E.g. ``Gluteus maximus``."""
    return muscle.words.capitalize()


def why_text(reason: Reason | None) -> str:
    """A reason code as the end of a sentence; empty without one."""
    return _WHY.get(reason, reason.replace("_", " ")) if reason else ""


def volume_text(volume_ml: float) -> str:
    """E.g. ``742 ml``; one decimal below 10 ml."""
    if math.isnan(volume_ml):
        return DASH
    return f"{volume_ml:.1f} ml" if volume_ml < 9.95 else f"{volume_ml:.0f} ml"


def percent_text(fraction: float) -> str:
    """A fraction as percent, e.g. ``12.3 %``."""
    return DASH if math.isnan(fraction) else f"{100 * fraction:.1f} %"


def fat_text(m: MuscleResult) -> str:
    """E.g. ``12.3 % (11.6–13.4)``: measured value and interval."""
    interval = interval_text(m)
    return percent_text(m.fat_shown.value) + ("" if interval == NO_INTERVAL else f" ({interval})")


def status_text(m: MuscleResult) -> str:
    """How far a muscle was measured, in plain words."""
    why = why_text(m.reason)
    if m.status is MuscleStatus.MISSING:
        return f"not measured: {why}"
    if m.status is MuscleStatus.NOT_GRADABLE:
        detail = f" ({m.detail})" if any(c.isdigit() for c in m.detail) and "%" not in why else ""  # a bare sentence only says it again
        return f"not gradable: {why}{detail}"
    share = "" if math.isnan(m.evaluable_share) or m.evaluable_share > 0.995 else f"; {100 * m.evaluable_share:.0f} % evaluable"
    share += "" if math.isnan(m.oedema_share) or m.oedema_share < 0.005 else f"; oedema signal in {100 * m.oedema_share:.0f} %"
    if m.region is not Region.WHOLE:
        return share.removeprefix("; ")  # the muscle's row tells the rest
    view = f"partly in view, about {100 * m.coverage:.0f} %; cut at the {joined(m.cut_at)} border" if m.cut_at else "whole muscle in view"
    if m.status is MuscleStatus.NEEDS_REVIEW:
        start = "estimate, look at the outline" if m.is_estimate else f"NEEDS REVIEW: {'; '.join(c.detail for c in m.checks)}"
        return f"{start}; {view}{share}"
    return f"{view}{share}"


def joined(words: Sequence[str]) -> str:
    """Words as a list in a sentence, e.g. ``a, b and c``."""
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def method_text(result: StudyResult) -> str:
    """How fat was measured, and on which series."""
    if result.fat is None:
        return "fat not measured"
    if result.fat_beside_metal is None:
        return _fat_text(result, result.fat)
    both = (result.fat, result.fat_beside_metal)
    return "; ".join(f"{' and '.join(fat.sides)}: {_fat_text(result, fat)}" for fat in both)


def _fat_text(result: StudyResult, fat: FatReport) -> str:
    kinds = {s.id: s.kind.replace("_", " ") for s in result.series}
    series = ", ".join(series_name(s, kinds.get(s, "")) for s in fat.series)
    return f"{method_words(fat.method)} · series {series}"


def series_name(series: str, kind: str) -> str:
    """A numbered series with its id; one named after its file, which may hold a name, by its contrast only."""
    if _NUMBERED.fullmatch(series):
        return f"{series} ({kind})" if kind else series
    return kind or "given as a file"


def subtitle(result: StudyResult) -> str:
    """Study hash, method, series, source of the labels."""
    labels = f" · labels: {result.segmentation.source.replace('labelmap:', 'label map ')}" if result.segmentation else ""
    return f"Study {result.study} · {method_text(result)}{labels}"


def notes(result: StudyResult) -> tuple[str, ...]:
    """What the reader should know about the numbers, one sentence each."""
    refusal = (result.refusal,) if result.refusal else ()
    return tuple(dict.fromkeys(n.detail or n.advice for n in (*refusal, *result.notes)))


def regions_text(result: StudyResult) -> str:
    """Which muscles were split by rule, one sentence; empty where none was."""
    rules = result.segmentation.regions if result.segmentation else {}
    split = tuple(m.words for m in Muscle if any(name.endswith(m) and rule != GIVEN for name, rule in rules.items()))
    return f"Regions of {joined(split)} by rule, from the shape of the muscles." if split else ""


def legend_entries(result: StudyResult) -> tuple[tuple[str, str], ...]:
    """Colour and name of every contour that occurs."""
    seen = {(m.muscle, m.region) for m in result.muscles if m.status is not MuscleStatus.MISSING}
    entries: dict[tuple[Muscle, str], list[str]] = {}
    for (muscle, region), colour in COLOURS.items():
        divided = any(m is muscle and r is not Region.WHOLE and (m, r) in COLOURS for m, r in seen)
        if (muscle, region) in seen and not (divided and region is Region.WHOLE):
            entries.setdefault((muscle, colour), []).append("" if region is Region.WHOLE else region.value)
    return tuple((colour, ", ".join(t for t in (muscle_name(m), " and ".join(regions)) if t)) for (m, colour), regions in entries.items())


def leaves_out(result: StudyResult) -> bool:
    """Whether voxels were left out on purpose: beside metal, by the user, where water and fat are exchanged."""
    return any(m.zone_ml > 0 for m in result.metal) or any(n.reason in _LEFT_OUT for n in result.notes)


def count(number: int, one: str, many: str = "") -> str:
    """A number in a sentence, e.g. ``1 study``, ``1,200 studies``, ``3 mixed models``."""
    return f"{number:,} {one if number == 1 else many or _PLURALS.get(one, one + 's')}"
