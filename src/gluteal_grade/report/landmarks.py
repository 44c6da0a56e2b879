"""Where the bones of the hip lie, judged by gluteus medius: muscles are labelled, bones are not.

Medius comes from the iliac crest and ends at the greater trochanter, beside the femoral head. Its ends are taken where its section reaches
a quarter of its largest: that stays where it is when the whole muscle is thin, and a stray voxel does not move it. Heights are counted
across the slices. The constants were fitted to phantoms and real bodies with labelled bones, and their errors measured on others, by
`scripts/measure_levels.py`: in real hips the median is 1 (crest), 2 (joint), 6 (head) and 7 mm (trochanter), the 95th percentile 16 mm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gluteal_grade.vocabulary import Muscle, Side

Profile = npt.NDArray[np.int64]
Key = tuple[Muscle, Side]

BELOW_TOP_MM = {"crest_third": -23.0}
ABOVE_LOW_MM = {"joint_top": 21.0, "femoral_head": -2.0, "trochanter": -25.0}
_END = 0.25  # of the largest section
_FEWEST = 50  # voxels that tell where a muscle lies
_SHARE = 0.2  # of the other side's medius: less is a remnant at the edge of the picture


@dataclass(frozen=True)
class Ends:
    """Upper and lower end of one medius, mm above the middle of the lowest slice; NaN where the picture cuts it."""

    top: float
    low: float


def ends_of(profile: Profile, step_mm: float) -> Ends:
    """The ends of a muscle.

    Args:
        profile: voxels in each slice, lowest slice first.
        step_mm: from slice to slice.
    """
    return Ends((profile.size - 1) * step_mm - _first(profile[::-1], step_mm), _first(profile, step_mm))


def landmarks_mm(profiles: Mapping[Key, Profile], step_mm: float) -> dict[str, float]:
    """Landmark to height above the middle of the lowest slice, mm: the mean of the sides that tell it.

    Args:
        profiles: voxels of each muscle and side in each slice, lowest slice first.
        step_mm: from slice to slice.
    """
    medius = [p for (muscle, _), p in profiles.items() if muscle is Muscle.GLUTEUS_MEDIUS and p.sum() >= _FEWEST]
    ends = [ends_of(p, step_mm) for p in medius if p.sum() >= _SHARE * max(q.sum() for q in medius)]
    heights = {name: [e.low + step for e in ends] for name, step in ABOVE_LOW_MM.items()}
    heights |= {name: [e.top + step for e in ends] for name, step in BELOW_TOP_MM.items()}
    told = {name: [h for h in found if np.isfinite(h)] for name, found in heights.items()}
    return {name: float(np.mean(found)) for name, found in told.items() if found}


def _first(profile: Profile, step_mm: float) -> float:
    """Height at which a section first reaches its share of the largest, between slices; two slices must, so that no speck does."""
    share = profile / (_END * max(1, profile.max()))
    wide = np.flatnonzero((share >= 1) & (np.append(share[1:], share[-1]) >= 1))
    if not wide.size or wide[0] == 0:
        return float("nan")
    first = int(wide[0])
    below = min(float(share[first - 1]), 1.0)
    return (first - 1 + (1 - below) / max(float(share[first]) - below, 1e-9)) * step_mm
