"""Left against right, muscle by muscle."""

from __future__ import annotations

import math

from gluteal_grade.errors import Reason
from gluteal_grade.result.models import Asymmetry, MuscleResult, MuscleStatus
from gluteal_grade.vocabulary import Muscle, Region, Side


def asymmetries(muscles: tuple[MuscleResult, ...]) -> tuple[Asymmetry, ...]:
    """For each muscle and region of any side, in the order of the results."""
    by_part = {(m.muscle, m.region, m.side): m for m in muscles}
    parts = dict.fromkeys((m.muscle, m.region) for m in muscles)
    return tuple(
        _asymmetry(muscle, region, by_part.get((muscle, region, Side.LEFT)), by_part.get((muscle, region, Side.RIGHT)))
        for muscle, region in parts
    )


def _asymmetry(muscle: Muscle, region: Region, left: MuscleResult | None, right: MuscleResult | None) -> Asymmetry:
    both = [m for m in (left, right) if m is not None]
    reason = None
    if len(both) < 2 or any(math.isnan(m.fat_fraction) for m in both):
        reason = Reason.OTHER_SIDE_MISSING
    elif any(m.cut_at for m in both):
        reason = Reason.OTHER_SIDE_PARTIAL
    if reason or left is None or right is None:
        nan = math.nan
        volume = lean = points = core_points = nan
    else:
        volume = _percent(left.volume_ml, right.volume_ml)
        lean = _percent(left.lean_volume_ml, right.lean_volume_ml)
        points = 100 * (left.fat_fraction - right.fat_fraction)
        core_points = 100 * (left.fat_fraction_core - right.fat_fraction_core)
        if any(m.status is MuscleStatus.NEEDS_REVIEW for m in both):
            reason = Reason.SIDE_NEEDS_REVIEW
        elif left.method != right.method:
            reason = Reason.DIFFERENT_METHODS
    return Asymmetry(
        muscle=muscle,
        region=region,
        volume_difference_percent=volume,
        lean_volume_difference_percent=lean,
        fat_fraction_difference_points=points,
        fat_fraction_core_difference_points=core_points,
        reason=reason,
    )


def _percent(left: float, right: float) -> float:
    mean = (left + right) / 2
    return 100 * (left - right) / mean if mean > 0 else math.nan
