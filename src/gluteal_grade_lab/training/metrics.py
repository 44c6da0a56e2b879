"""How good are predicted labels? Overlap, surface distance, volume and side, per muscle and side, against true labels on the same grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_erosion, distance_transform_edt, generate_binary_structure

from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import GLUTEI, Muscle, Part, Region, Side, label_value

Mask = npt.NDArray[np.bool_]
_SIX = generate_binary_structure(3, 1)


class Unscored(StrEnum):
    """Why a number is NaN."""

    TRUTH_ABSENT = "truth_absent"  # nothing to find and nothing found
    INVENTED = "invented"  # labelled where the truth has none
    MISSED = "missed"  # in the truth and not labelled: Dice 0, volume error -1, no surface to measure from
    NO_SURFACE = "no_surface"  # a label that fills the whole picture


@dataclass(frozen=True)
class Score:
    """One muscle of one side.

    Attributes:
        dice: 2 |A and B| / (|A| + |B|), 0-1.
        hd95_mm: see `hd95_mm`.
        volume_error: predicted / true volume - 1.
        truth_ml: true volume in view.
        predicted_ml: predicted volume.
        reason: why a number is NaN, None if none is.
    """

    muscle: Muscle
    side: Side
    dice: float
    hd95_mm: float
    volume_error: float
    truth_ml: float
    predicted_ml: float
    reason: Unscored | None = None


def scores(predicted: Volume, truth: Volume, *, surface: bool = True, muscles: Sequence[Muscle] = GLUTEI) -> tuple[Score, ...]:
    """Some muscles of both sides, regions counted to their muscle.

    Args:
        predicted: values of `anatomy.LABEL_VALUES`.
        truth: the same, on the same grid.
        surface: measure surface distances too; else they are NaN.
        muscles: which.

    Raises:
        ValueError: different grids.
    """
    if not predicted.grid.matches(truth.grid):
        raise ValueError("predicted and true labels lie on different grids")
    found, real = whole_muscles(predicted.array), whole_muscles(truth.array)
    return tuple(_score(found, real, truth, muscle, side, surface) for side in Side for muscle in muscles)


def _score(found: npt.NDArray[np.uint8], real: npt.NDArray[np.uint8], grid: Volume, muscle: Muscle, side: Side, surface: bool) -> Score:
    value = muscle_value(muscle, side)
    a, b = found == value, real == value
    ml = grid.grid.voxel_volume_ml
    predicted_ml, truth_ml = ml * int(a.sum()), ml * int(b.sum())
    if not truth_ml:
        absent = Unscored.INVENTED if predicted_ml else Unscored.TRUTH_ABSENT
        return Score(muscle, side, math.nan, math.nan, math.nan, truth_ml, predicted_ml, absent)
    error = predicted_ml / truth_ml - 1
    if not predicted_ml:
        return Score(muscle, side, 0.0, math.nan, error, truth_ml, predicted_ml, Unscored.MISSED)
    distance = hd95_mm(a, b, grid.spacing_mm) if surface else math.nan
    reason = Unscored.NO_SURFACE if surface and math.isnan(distance) else None
    return Score(muscle, side, dice(a, b), distance, error, truth_ml, predicted_ml, reason)


def muscle_value(muscle: Muscle, side: Side) -> int:
    """Label value of a whole muscle."""
    return label_value(Part(muscle, Region.WHOLE, side))


def whole_muscles(labels: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
    """Labels without their regions: the units digit is dropped."""
    return np.asarray(labels // 10 * 10, np.uint8)


def dice(a: Mask, b: Mask) -> float:
    """2 |A and B| / (|A| + |B|); NaN if both are empty."""
    size = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / size if size else math.nan


def hd95_mm(a: Mask, b: Mask, spacing_mm: tuple[float, float, float]) -> float:
    """The larger of the two directed 95th percentiles of distances between surface voxels (the definition of MONAI).

    A face at the border of the picture is where the scan ends, not where the muscle does, and is no surface.

    Args:
        a: (x, y, z) mask.
        b: the same shape.
        spacing_mm: voxel size; distances are exact Euclidean ones between voxel centres.

    Returns:
        mm; NaN where a mask has no surface.
    """
    edge_a, edge_b = (mask & ~binary_erosion(mask, _SIX, border_value=1) for mask in _cropped(a, b))
    if not edge_a.any() or not edge_b.any():
        return math.nan
    return max(_directed(edge_a, edge_b, spacing_mm), _directed(edge_b, edge_a, spacing_mm))


def _cropped(a: Mask, b: Mask) -> tuple[Mask, Mask]:
    """Both masks in their common box and one voxel more: the distance transform is the cost."""
    box = []
    for axis in range(3):
        other = tuple({0, 1, 2} - {axis})
        used = np.flatnonzero(a.any(axis=other) | b.any(axis=other))
        box.append(slice(max(int(used[0]) - 1, 0), int(used[-1]) + 2) if used.size else slice(0, 1))
    return a[tuple(box)], b[tuple(box)]


def _directed(start: Mask, goal: Mask, spacing_mm: tuple[float, float, float]) -> float:
    distance = distance_transform_edt(~goal, sampling=spacing_mm)
    return float(np.percentile(distance[start], 95))


@dataclass(frozen=True)
class SideError:
    """A muscle whose label lies on the other side.

    Attributes:
        side: the side it was labelled as.
        share: share of its voxels on any true gluteus that lie on one of the other side.
    """

    muscle: Muscle
    side: Side
    share: float

    @property
    def swapped(self) -> bool:
        """The label as a whole is on the wrong side, not a stray piece of it."""
        return self.share > 0.5


def side_errors(predicted: Volume, truth: Volume) -> tuple[SideError, ...]:
    """Every label that reaches a true gluteus of the other side, whichever muscle.

    Raises:
        ValueError: different grids.
    """
    if not predicted.grid.matches(truth.grid):
        raise ValueError("predicted and true labels lie on different grids")
    found, real = whole_muscles(predicted.array), whole_muscles(truth.array) // 100
    errors = []
    for side in Side:
        own = muscle_value(Muscle.GLUTEUS_MAXIMUS, side) // 100
        for muscle in GLUTEI:
            under = real[found == muscle_value(muscle, side)]
            touched = int((under > 0).sum())
            wrong = touched - int((under == own).sum())
            if wrong:
                errors.append(SideError(muscle, side, wrong / touched))
    return tuple(errors)
