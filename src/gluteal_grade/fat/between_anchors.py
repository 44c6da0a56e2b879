"""A fat fraction on one image of muscle and fat: the mixture between the signals of the two tissues. T1, T2 and PD use it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gluteal_grade.config import FatSettings, T1Settings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.anchors import SideAnchors, anchors_by_side
from gluteal_grade.fat.bias import correct_bias
from gluteal_grade.fat.clusters import clustered_by_muscle
from gluteal_grade.fat.fatmap import FatMap, Spread
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask, beside, body_mask, depth_mm, right_half
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method, Side


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
    deepest = max(settings.shell_mm[1], settings.outermost_mm, settings.bias.shell_mm, settings.bias.outermost_mm)
    depth = depth_mm(body, image.spacing_mm, deepest)
    corrected = image.with_array(correct_bias(image, body, depth, settings.bias))
    right = right_half(image, body, settings.sides.min_width_mm)
    anchors = anchors_by_side(corrected, body, depth, right, settings)
    return FatMap(
        image.with_array(_mixture(corrected.array, anchors, right, settings)),
        contrast.method,
        (series,),
        image,
        image.with_array(body),
        facts=_facts(anchors, settings),
        notes=(Note(contrast.reason, contrast.detail), *_doubts(anchors, settings)),
        spread=_spread(anchors),
    )


def within_labels(fat: FatMap, labels: Volume, settings: FatSettings) -> FatMap:
    """The map with each muscle's values replaced by its own classes where the settings ask for it (`t1.method`); else itself."""
    return clustered_by_muscle(fat, labels, settings.t1)


def _mixture(array: FloatArray, anchors: SideAnchors, right: Mask | None, settings: T1Settings) -> FloatArray:
    fraction = np.empty(array.shape, np.float32)
    muscle = np.empty(array.shape, np.float32)
    for side, own in anchors.used.items():
        mine = np.ones(array.shape, bool) if right is None else right if side is Side.RIGHT else ~right
        fraction[mine] = (array[mine] - own.muscle) / (own.fat - own.muscle)
        muscle[mine] = own.muscle
    # a voxel beside a void is partly void itself (cortex, fascia, metal) and would read too lean
    fraction[beside(array < settings.void_below_muscle * muscle, (0, 1))] = np.nan
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
