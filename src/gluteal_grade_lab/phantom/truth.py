"""The exact answer: what a perfect measurement of the phantom gives, for the anatomy itself and for the voxels of its label map.

`continuous`: counted on the sub-samples (see `sub_spacing_mm`), so without partial volume. `on_labels`: over exactly the voxels of
the written label map, each with its true fat content, neighbours that reach into border voxels included.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.grading.scales import load_scales
from gluteal_grade.vocabulary import Muscle, Part, Region, Side, label_value
from gluteal_grade_lab.phantom.sampling import Content, Tally
from gluteal_grade_lab.phantom.shapes import F32
from gluteal_grade_lab.phantom.tissue import FACTS

MOSTLY_FAT = 0.5


@dataclass(frozen=True)
class Numbers:
    """One part, measured perfectly.

    Attributes:
        volume_ml: ml.
        fat_fraction: mean proton-density fat fraction, 0-1.
        fat_area_fraction: share of the volume with a fat fraction above 0.5.
        lean_volume_ml: sum of (1 - fat fraction), ml.
    """

    volume_ml: float
    fat_fraction: float
    fat_area_fraction: float
    lean_volume_ml: float


@dataclass(frozen=True)
class PartTruth:
    """The truth about one part.

    Attributes:
        part: muscle, region, side.
        continuous: of the anatomy.
        on_labels: of the label map's voxels.
        volume_above_lesser_trochanter_ml: the volume that norms of maximus refer to (continuous).
        grades: scale name to grade of the continuous truth, by the shipped scales.
        touches_border: its label reaches the edge of the grid, so that part of it may be missing.
    """

    part: Part
    continuous: Numbers
    on_labels: Numbers
    volume_above_lesser_trochanter_ml: float
    grades: dict[str, int | None]
    touches_border: bool

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, rounded to what it is good for."""
        return {
            "side": self.part.side.value,
            "muscle": self.part.muscle.value,
            "region": self.part.region.value,
            "continuous": _rounded(self.continuous),
            "on_labels": _rounded(self.on_labels),
            "volume_above_lesser_trochanter_ml": round(self.volume_above_lesser_trochanter_ml, 3),
            "grades": self.grades,
            "touches_border": self.touches_border,
        }


def voxel_fat_fraction(content: Content) -> F32:
    """True proton-density fat fraction of each voxel, everything in it counted; 0 where there are no protons."""
    water = np.zeros(content.grid.shape, dtype=np.float32)
    fat = np.zeros(content.grid.shape, dtype=np.float32)
    for tissue, share in content.fractions.items():
        water += np.float32(FACTS[tissue].water_density) * share
        fat += np.float32(FACTS[tissue].fat_density) * share
    return np.asarray(fat / np.maximum(water + fat, np.float32(1e-6)), dtype=np.float32)


def truth_of(content: Content) -> tuple[PartTruth, ...]:
    """Truth for each whole gluteus and each part of minimus that is present, right side first."""
    ff = voxel_fat_fraction(content)
    found = []
    for side in (Side.RIGHT, Side.LEFT):
        for muscle in Muscle:
            regions = (Region.WHOLE, Region.ANTERIOR, Region.POSTERIOR) if muscle is Muscle.GLUTEUS_MINIMUS else (Region.WHOLE,)
            for region in regions:
                part = Part(muscle, region, side)
                values = label_values(part)
                tallies = [content.tallies[v] for v in values if v in content.tallies]
                if tallies:
                    found.append(_part_truth(content, part, tallies, np.isin(content.labels, values), ff))
    return tuple(found)


def label_values(part: Part) -> list[int]:
    """Values of `labels` that make up a part."""
    if part.muscle is Muscle.GLUTEUS_MINIMUS and part.region is Region.WHOLE:
        return [label_value(Part(part.muscle, r, part.side)) for r in (Region.ANTERIOR, Region.POSTERIOR)]
    return [label_value(part)]


def _part_truth(content: Content, part: Part, tallies: list[Tally], mask: npt.NDArray[np.bool_], ff: F32) -> PartTruth:
    point_ml = float(np.prod(content.sub_spacing_mm)) / 1000
    points = sum(t.points for t in tallies)
    fat = sum(t.fat for t in tallies)
    continuous = Numbers(points * point_ml, fat / points, sum(t.mostly_fat for t in tallies) / points, (points - fat) * point_ml)
    inside = ff[mask].astype(np.float64)
    voxel_ml = content.grid.voxel_volume_ml
    on_labels = Numbers(
        inside.size * voxel_ml,
        float(inside.mean()) if inside.size else float("nan"),
        float((inside > MOSTLY_FAT).mean()) if inside.size else float("nan"),
        float((1 - inside).sum()) * voxel_ml,
    )
    above = sum(t.points_above_trochanter for t in tallies) * point_ml
    edge = any(bool(mask.take(i, axis).any()) for axis in range(3) for i in (0, -1))
    return PartTruth(part, continuous, on_labels, above, _grades(continuous), edge)


def _grades(numbers: Numbers) -> dict[str, int | None]:
    scales = load_scales()
    written = _rounded(numbers)  # what a reader of truth.json would grade
    return {name: scales.grade(name, written["fat_fraction"], written["fat_area_fraction"]) for name in scales.scales}


def _rounded(numbers: Numbers) -> dict[str, float]:
    return {name: round(value, 6) for name, value in asdict(numbers).items()}
