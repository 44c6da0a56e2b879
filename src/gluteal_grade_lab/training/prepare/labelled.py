"""An incomplete body: its label map on a roomy canvas, and the box in which its source has looked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade_lab.training.bodies import SPACING_MM
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.names import U8

Points = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labels of a body, complete or not.

    Attributes:
        name: of the source.
        labels: (x, y, z) uint8, values of `names`, RAS+ at 1.5 mm.
        low, high: (3,) corners of the box the source has seen; high is exclusive.
        heads: (2, 3) voxel coordinates of the right and left femoral head centres.
        radii: (2,) radius of the heads in voxels.
    """

    name: str
    labels: U8
    low: npt.NDArray[np.intp]
    high: npt.NDArray[np.intp]
    heads: Points
    radii: npt.NDArray[np.float64]

    @property
    def seen(self) -> Mask:
        """(x, y, z) bool: where the source has looked."""
        mask = np.zeros(self.labels.shape, dtype=bool)
        mask[tuple(slice(a, b) for a, b in zip(self.low, self.high, strict=True))] = True
        return mask

    def of(self, *values: int) -> Mask:
        """(x, y, z) bool: any of these labels."""
        table = np.zeros(256, dtype=bool)
        table[list(values)] = True
        return np.asarray(table[self.labels])


def read_labelled(path: Path, below_mm: float = 150.0, margin: tuple[int, int] = (40, 45)) -> Labelled:
    """Read a label map, merge names, find the femoral heads, and give it room.

    Args:
        path: NIfTI label map, 1.5 mm, RAS.
        below_mm: the canvas reaches at least so far below the femoral heads.
        margin: voxels of room at the sides, and in front and behind.

    Raises:
        ValueError: the voxels are not 1.5 mm.
    """
    image: Any = nib.load(path)
    if not np.allclose(image.header.get_zooms()[:3], SPACING_MM, atol=0.02):
        raise ValueError("label maps must have 1.5 mm voxels")
    labels = names.merge_table()[np.asarray(image.dataobj).astype(np.uint8)]
    heads, radii = find_heads(labels)
    below = max(0, int(np.ceil(below_mm / SPACING_MM - heads[:, 2].min())))
    pads = ((margin[0],) * 2, (margin[1],) * 2, (below, 0))
    low = np.array([p[0] for p in pads])
    labels, shape = np.pad(labels, pads), labels.shape
    high = low + shape
    low[2] = _lowest_whole(labels, int(low[2]))
    return Labelled(path.name.split(".")[0], labels, low, high, heads + [p[0] for p in pads], radii)


def _lowest_whole(labels: U8, bottom: int, within: int = 6) -> int:
    """The lowest slice that every cut structure reaches: a scan that lay askew has empty wedges at its end."""
    ends = [bottom]
    for value in (*names.MAXIMUS, *names.FEMUR):
        layers = np.flatnonzero((labels == value).any(axis=(0, 1)))
        if len(layers) and layers[0] <= bottom + within:
            ends.append(int(layers[0]))
    return max(ends) + (1 if max(ends) > bottom else 0)


def mirrored(body: Labelled) -> Labelled:
    """The body seen in a mirror: left is right."""
    n = body.labels.shape[0]
    low, high = body.low.copy(), body.high.copy()
    low[0], high[0] = n - body.high[0], n - body.low[0]
    heads = body.heads[::-1].copy()
    heads[:, 0] = n - 1 - heads[:, 0]
    return replace(
        body, labels=names.mirror_table()[body.labels][::-1].copy(), low=low, high=high, heads=heads, radii=body.radii[::-1].copy()
    )


def find_heads(labels: U8) -> tuple[Points, npt.NDArray[np.float64]]:
    """Centres (2, 3) and radii (2,) of the femoral heads, right first, in voxels.

    From the cartilage of the head where it is labelled, else from the part of the femur that faces the hip bone.
    """
    centres, radii = [], []
    for side in (1, 0):
        cartilage = labels == names.HEAD_CARTILAGE[side]
        if cartilage.any():
            points = np.argwhere(cartilage).astype(np.float64)
        else:
            femur = labels == names.FEMUR[side]
            box = ndimage.find_objects(ndimage.binary_dilation(femur, iterations=8).astype(np.uint8))[0]
            near = ndimage.distance_transform_edt(labels[box] != names.HIP_BONE[side]) <= 4.0
            surface = femur[box] & ~ndimage.binary_erosion(femur[box])
            points = np.argwhere(surface & near).astype(np.float64) + [s.start for s in box]
        centre, radius = fit_sphere(points)
        centres.append(centre)
        radii.append(radius)
    return np.array(centres), np.array(radii)


def fit_sphere(points: Points, rounds: int = 6) -> tuple[Points, float]:
    """Least-squares sphere through (n, 3) points, outliers dropped: centre (3,) and radius."""
    centre, radius = points.mean(axis=0), 16.0
    for _ in range(rounds):
        design = np.c_[2 * points, np.ones(len(points))]
        solution = np.linalg.lstsq(design, (points**2).sum(axis=1), rcond=None)[0]
        centre = solution[:3]
        radius = float(np.sqrt(max(1.0, solution[3] + (centre**2).sum())))
        off = np.abs(np.linalg.norm(points - centre, axis=1) - radius)
        keep = off <= max(1.5, 2.0 * float(np.median(off)))
        if keep.all():
            break
        points = points[keep]
    return centre, radius
