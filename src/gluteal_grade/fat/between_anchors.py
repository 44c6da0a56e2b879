"""A fat fraction on one image of muscle and fat: the mixture between the signals of the two tissues. T1, T2 and PD use it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from gluteal_grade.config import FatSettings, T1Settings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.anchors import SideAnchors, anchors_by_side
from gluteal_grade.fat.bias import correct_bias
from gluteal_grade.fat.clusters import clustered_by_muscle
from gluteal_grade.fat.fatmap import FatMap, Spread
from gluteal_grade.fat.n4 import n4_corrected
from gluteal_grade.fat.outside import in_or_beside, outside_field
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask, beside, body_mask, depth_mm, right_half
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method, Side

_OTHERS = 0.25  # of the lean share asked for, without the glutei, which are much of the muscle in view


@dataclass(frozen=True)
class Contrast:
    """What is said about a map of this contrast."""

    method: Method
    reason: Reason
    detail: str


def between_anchors(series: Series, settings: T1Settings, contrast: Contrast) -> FatMap:
    """(S - S_muscle) / (S_fat - S_muscle), unclipped, each side between its own anchors where they are good; voxels well below muscle
    (void, cortical bone, air) and their in-plane neighbours are NaN.

    Args:
        series: what is measured.
        settings: thresholds, with the contrast's own range of muscle over fat.
        contrast: what to say about it.

    Raises:
        RefusedInput: `contrast_agent`, `no_fat_reference`, `no_lean_reference`, or what reading the image raises.
    """
    if series.acquisition.contrast_agent:
        raise RefusedInput(Reason.CONTRAST_AGENT, f"series {series.id} was taken after a contrast agent")
    image = series.load()
    body = body_mask(image)
    depth = _depth(body, image, settings)
    corrected = image.with_array(_corrected(image, body, depth, settings))
    right = right_half(image, body, settings.sides.min_width_mm)
    anchors = anchors_by_side(corrected, body, depth, right, settings)
    return FatMap(
        image.with_array(_mixture(corrected.array, anchors, right, series.slice_axis, settings)),
        contrast.method,
        (series,),
        image,
        image.with_array(body),
        facts=_facts(anchors, settings),
        notes=(Note(contrast.reason, contrast.detail), *_named(settings), *_doubts(anchors, settings)),
        spread=_spread(anchors),
    )


def within_labels(fat: FatMap, labels: Volume, settings: FatSettings) -> FatMap:
    """The map by a field that the glutei have no say in, as now it is known where they are (`outside.py`); then each muscle's values
    replaced by its own classes where the settings ask for it (`t1.method`)."""
    lean_over_fat = {Method.T2: settings.t2.lean_over_fat, Method.PD: settings.pd.lean_over_fat}.get(fat.method)
    rules = settings.t1 if lean_over_fat is None else settings.t1.model_copy(update={"lean_over_fat": lean_over_fat})
    return clustered_by_muscle(_with_outside_field(fat, labels, rules), labels, rules)


def _with_outside_field(fat: FatMap, labels: Volume, settings: T1Settings) -> FatMap:
    """The map made again, with its own anchors; itself, with a note, where too little tissue outside the labels is in view.

    No voxel gains a value.
    """
    if settings.bias.method != "own":
        return fat
    ratio = fat.facts["s_muscle"] / fat.facts["s_fat"]
    axis, near_glutei = _slice_axis(fat), in_or_beside(labels)
    tissues = ratio, settings.lean_reference_ff
    field = outside_field(fat.image, fat.volume.array, near_glutei, tissues, axis, settings.bias.outside)
    if field is None:
        return _left(fat, "too little of either tissue")
    corrected = fat.image.with_array(np.asarray(fat.image.array / field, np.float32))
    body = fat.body.array
    right = right_half(fat.image, body, settings.sides.min_width_mm)
    # lean muscle is that of the other muscles: a gluteus of 10 % fat is near enough to lean to move its mode
    others = body & ~near_glutei
    share = settings.model_copy(update={"min_lean_share": settings.min_lean_share * _OTHERS})
    try:
        anchors = anchors_by_side(corrected, others, _depth(body, fat.image, settings), right, share)
    except RefusedInput as error:
        return _left(fat, error.detail)
    fraction = np.where(np.isnan(fat.volume.array), np.float32(np.nan), _mixture(corrected.array, anchors, right, axis, settings))
    notes = [n for n in fat.notes if n.reason not in (Reason.ANCHORS_POOLED, Reason.WEAK_ANCHORS)]
    return replace(
        fat,
        volume=fat.volume.with_array(fraction),
        facts=_facts(anchors, settings) | {"field_from_outside_labels": 1.0},
        notes=(*notes, *_doubts(anchors, settings)),
        spread=_spread(anchors),
    )


def _left(fat: FatMap, why: str) -> FatMap:
    words = f"the receive field could not be taken from fat and lean muscle outside the glutei ({why}): fatty ones may read too lean"
    return replace(fat, notes=(*fat.notes, Note(Reason.WEAK_ANCHORS, words)))


def _depth(body: Mask, image: Volume, settings: T1Settings) -> FloatArray:
    deepest = max(settings.shell_mm[1], settings.outermost_mm, settings.bias.shell_mm, settings.bias.outermost_mm)
    return depth_mm(body, image.spacing_mm, deepest)


def _corrected(image: Volume, body: Mask, depth: FloatArray, settings: T1Settings) -> FloatArray:
    """The image without its receive field, by the method that the settings name."""
    if settings.bias.method == "n4":
        return n4_corrected(image, body)
    if settings.bias.method == "none":
        return np.asarray(image.array, np.float32)
    return correct_bias(image, body, depth, settings.bias)


def _named(settings: T1Settings) -> tuple[Note, ...]:
    """That the field was not taken out as usual."""
    words = {"n4": "receive field by N4", "none": "receive field not corrected"}.get(settings.bias.method)
    return (Note(Reason.BIAS_METHOD, f"{words} (fat.t1.bias.method), for comparison: not as exact as own"),) if words else ()


def _slice_axis(fat: FatMap) -> int:
    """Of the map: of its series where it lies on that grid; of a map on the labels' grid the axis with the largest step."""
    series = fat.series[0]
    if series.grid is not None and fat.volume.grid.matches(series.grid):
        return series.slice_axis
    return int(np.argmax(fat.volume.spacing_mm))


def _mixture(array: FloatArray, anchors: SideAnchors, right: Mask | None, slice_axis: int, settings: T1Settings) -> FloatArray:
    fraction = np.empty(array.shape, np.float32)
    muscle = np.empty(array.shape, np.float32)
    for side, own in anchors.used.items():
        mine = np.ones(array.shape, bool) if right is None else right if side is Side.RIGHT else ~right
        fraction[mine] = (array[mine] - own.muscle) / (own.fat - own.muscle)
        muscle[mine] = own.muscle
    # a voxel beside a void is partly void itself (cortex, fascia, metal) and would read too lean
    in_plane = tuple(axis for axis in range(3) if axis != slice_axis)
    fraction[beside(array < settings.void_below_muscle * muscle, in_plane)] = np.nan
    return fraction


def _facts(anchors: SideAnchors, settings: T1Settings) -> dict[str, float]:
    pooled = anchors.pooled
    facts = {
        "s_fat": pooled.fat,
        "s_muscle": pooled.muscle,
        "s_lean_mode": pooled.lean_mode,
        "lean_reference_ff": settings.lean_reference_ff,
        "fat_anchor_ml": pooled.fat_ml,
        "lean_anchor_ml": pooled.lean_ml,
        "lean_anchor_share": pooled.lean_share,
        "fat_anchor_drift": pooled.fat_drift,
        "lean_anchor_drift": pooled.lean_drift,
        "anchors_by_side": float(sum(own is not pooled for own in anchors.used.values())),
        "anchor_side_difference": anchors.side_difference,
    }
    for side, own in anchors.used.items():
        if own is not pooled:
            facts |= {f"s_fat_{side}": own.fat, f"s_muscle_{side}": own.muscle}
    return {name: value for name, value in facts.items() if not math.isnan(value)}


def _doubts(anchors: SideAnchors, settings: T1Settings) -> tuple[Note, ...]:
    """What speaks against the anchors, for the reader."""
    notes = [Note(Reason.ANCHORS_POOLED, f"{side} side on the whole body's anchors: {why}") for side, why in anchors.why_pooled.items()]
    for name, drift in (("subcutaneous fat", anchors.pooled.fat_drift), ("lean muscle", anchors.pooled.lean_drift)):
        if drift > settings.sides.max_drift:
            notes.append(Note(Reason.WEAK_ANCHORS, f"the signal of {name} varies by {drift:.0%} over the body after bias correction"))
    return tuple(notes)


def _spread(anchors: SideAnchors) -> Spread:
    """The worse of both sides."""
    found = [a.spread for a in anchors.used.values()]
    return Spread(max(s.offset_sd for s in found), max(s.gain_sd for s in found), max(s.noise_sd for s in found))
