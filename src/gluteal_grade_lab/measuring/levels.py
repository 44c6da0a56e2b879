"""How far the levels of the overlay lie from the bones they are named after: phantoms, and real bodies with labelled bones.

Heights are estimated from the labels of medius (`gluteal_grade.report.landmarks`), truth is read off the bones: top of the femur,
middle of a sphere fitted to its upper 16 mm, the most lateral part of the greater trochanter, one third of the way down from the top
of the hip bone to that of the femur. Bones and muscles that the picture cuts are left out. Constants are fitted to every other
person of either kind, real ones counting twice, and errors are those of the other half; both hips count one by one.

Usage: python -m scripts.measure_levels [--count N] [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade.geometry import Volume
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.report.landmarks import ABOVE_LOW_MM, BELOW_TOP_MM, Ends, ends_of
from gluteal_grade.vocabulary import GLUTEI, Muscle, Side
from gluteal_grade_lab.phantom.body import BodyParameters, build_body
from gluteal_grade_lab.phantom.bones import HEAD_CENTRE, femur, hip_bone
from gluteal_grade_lab.phantom.structures import GLUTEAL

Mask = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float64]

LEVELS = (*BELOW_TOP_MM, *ABOVE_LOW_MM)
WEIGHTS = {"phantom": 1, "real": 2}
BODIES = ("ts_s0000", "ts_s0001", "ts_s0006", "ts_s0010", "ts_s0011", "ts_s0327", "open3d")


@dataclass(frozen=True)
class HipFacts:
    """One hip: the ends of medius and where the bones are, mm."""

    kind: str
    person: int
    ends: Ends
    truth: dict[str, float]

    def difference_mm(self, level: str) -> float:
        """Bone less end of the muscle; NaN where the picture cuts either."""
        return self.truth.get(level, float("nan")) - (self.ends.top if level in BELOW_TOP_MM else self.ends.low)


def truth_of(hip: Mask, thigh: Mask, spacing: Points, outwards: float, centre_mm: float | None = None) -> dict[str, float]:
    """Heights above the middle of the lowest slice; those of bones that the picture does not cut."""
    step = float(spacing[2])
    places = np.argwhere(thigh)
    heights = places[:, 2] * step
    top = float(heights.max())
    truth = {"joint_top": top, "femoral_head": top - _radius(thigh, spacing) if centre_mm is None else centre_mm}
    side_mm = outwards * places[:, 0] * spacing[0]
    near = heights > truth["femoral_head"] - 60
    outermost = heights[near & (side_mm > side_mm[near].max() - 2)]
    if outermost.mean() > heights.min() + 10:
        truth["trochanter"] = float(outermost.mean())
    if hip.any() and not hip[:, :, -1].any():
        crest = float(np.flatnonzero(hip.any(axis=(0, 1)))[-1] * step)
        truth["crest_third"] = crest - (crest - top) / 3
    return truth


def _radius(thigh: Mask, spacing: Points) -> float:
    """Of a sphere through the upper 16 mm of the femur's surface; real heads have 20 to 28 mm."""
    last = int(np.flatnonzero(thigh.any(axis=(0, 1)))[-1])
    surface = thigh & ~ndimage.binary_erosion(thigh, border_value=1)
    points = np.argwhere(surface & (np.arange(thigh.shape[2]) > last - 16 / spacing[2])) * spacing
    solution = np.linalg.lstsq(np.c_[2 * points, np.ones(len(points))], (points**2).sum(axis=1), rcond=None)[0]
    return float(np.clip(np.sqrt(solution[3] + solution[:3] @ solution[:3]), 20, 28))


def phantom_hips(count: int) -> Iterator[HipFacts]:
    """Both hips of people drawn by seed, sampled at 2.5 mm."""
    for seed in range(count):
        rng = np.random.default_rng([0x1E7E1, seed])
        factors = tuple((side, muscle, float(rng.uniform(0.7, 1.1))) for side in Side for muscle in GLUTEI)
        facts = "MF"[seed % 2], float(rng.uniform(0.94, 1.06)), float(rng.uniform(12, 45))
        body = build_body(BodyParameters(*facts, volume_factors=factors, seed=seed))
        axes = np.arange(0, 202, 2.5), np.arange(-150, 92, 2.5), np.arange(-140, 165, 2.5)
        shape = tuple(len(axis) for axis in axes)
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        for side in Side:
            outwards = 1.0 if side is Side.RIGHT else -1.0
            lat, ant, sup, _ = body.canonical(grid * [outwards, 1, 1])
            hip = body.hips[side]
            ids = np.where(hip.bones_at(lat, ant, sup) == 0, hip.glutei_at(lat, ant, sup), 0).reshape(shape)
            medius = np.isin(ids, [s for s, muscle in GLUTEAL.items() if muscle is Muscle.GLUTEUS_MEDIUS])
            near = np.argmin((lat - HEAD_CENTRE[0]) ** 2 + (ant - HEAD_CENTRE[1]) ** 2 + (sup - HEAD_CENTRE[2]) ** 2)
            bones = (hip_bone().distance(lat, ant, sup) < 0).reshape(shape), (femur().distance(lat, ant, sup) < 0).reshape(shape)
            truth = truth_of(*bones, np.full(3, 2.5), 1.0, float(grid[near, 2] + 140))
            yield HipFacts("phantom", seed, ends_of(medius.sum(axis=(0, 1)), 2.5), truth)


def real_hips(data: Path) -> Iterator[HipFacts]:
    """Hips of the label maps with bones."""
    numbers = json.loads((data / "anatomy/labels.json").read_text())
    files = [next((data / "anatomy").glob(f"*/{name}.nii.gz")) for name in BODIES] + [data / "ct/pelvis_ct_labels_right.nii.gz"]
    for person, path in enumerate(files):
        labels: Volume = read_volume(path)
        for side in Side:
            medius, hip, thigh = (np.asarray(labels.array == numbers[f"{name}_{side}"]) for name in ("gluteus_medius", "hip_bone", "femur"))
            if medius.any() and thigh.any():
                spacing = np.array(labels.spacing_mm)
                truth = truth_of(hip, thigh, spacing, 1.0 if side is Side.RIGHT else -1.0)
                yield HipFacts("real", person, ends_of(medius.sum(axis=(0, 1)), float(spacing[2])), truth)


def differences(hips: list[HipFacts], kind: str, level: str) -> Points:
    """Bone less end of the muscle, mm, where both are known."""
    found: Points = np.array([h.difference_mm(level) for h in hips if h.kind == kind])
    known: Points = found[np.isfinite(found)]
    return known


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the constants and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args(arguments)
    hips = [*phantom_hips(asked.count), *real_hips(asked.data)]
    halves = [h for h in hips if h.person % 2 == 0], [h for h in hips if h.person % 2 == 1]
    print("| level | fitted, mm | in use, mm | phantom hips | median, 95th percentile | real hips | median, 95th percentile |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for level in LEVELS:
        means = {kind: differences(halves[0], kind, level).mean() for kind in WEIGHTS}
        fitted = sum(WEIGHTS[kind] * means[kind] for kind in WEIGHTS) / sum(WEIGHTS.values())
        used = (BELOW_TOP_MM | ABOVE_LOW_MM)[level]
        cells = [level.replace("_", " "), f"{fitted:+.1f}", f"{used:+.1f}"]
        for kind in WEIGHTS:
            errors = np.abs(differences(halves[1], kind, level) - used)
            cells += [str(len(errors)), f"{np.median(errors):.1f}, {np.percentile(errors, 95):.1f}"]
        print(f"| {' | '.join(cells)} |")
