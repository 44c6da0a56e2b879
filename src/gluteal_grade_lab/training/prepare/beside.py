"""Tensor and piriformis, drawn where a CT's label map names neither: in life both lie against the glutei, and medius ends at them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade_lab.training.bodies import SPACING_MM
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.labelled import Points
from gluteal_grade_lab.training.prepare.names import U8

# Where the tensor's middle lies below the medius' front edge: mm from the femoral head outwards, forwards, upwards.
_AT_THE_HEAD, _AT_THE_THIGH = (48.0, 32.0, -5.0), (52.0, 22.0, -100.0)
_EDGE_FROM_MM = 15.0  # above the head the tensor lies before the medius' front edge
_ENDS_MM = (-110.0, 8.0)  # below the head; over the foremost point of the iliac crest
_HALF_DEPTH_MM, _HALF_THICK_MM = (14.0, 24.0), (8.0, 13.0)
_INWARDS = 0.35  # the tensor goes on where the medius ends, and turns inwards
_FIRST_MM = 55.0  # the piriformis begins at the sacrum, so far above the head
_RADIUS_MM, _TENDON_MM = (9.0, 15.0), 3.0
_BOWED_MM = 12.0  # backwards, around the notch


def with_neighbours(labels: U8, heads: Points, seed: int) -> U8:
    """Labels with a tensor and a piriformis on each side that has a medius and none of them; only unnamed voxels are taken.

    Args:
        labels: (x, y, z) uint8, values of `names`, RAS+ at 1.5 mm.
        heads: (2, 3) voxel coordinates of the right and the left femoral head.
        seed: of their size and of how closely they lie against the glutei.
    """
    rng = np.random.default_rng(seed)
    out = labels.copy()
    for row, (head, outwards) in enumerate(zip(heads, (1.0, -1.0), strict=True)):
        side = 1 - row  # `names` counts left first
        gap = rng.uniform(0, 2.0)
        near = ndimage.distance_transform_edt(~np.isin(out, names.GLUTEI)) * SPACING_MM
        free = (labels == 0) & (near > gap)
        if not np.isin(out, names.TFL[side]).any():
            out[_tensor(labels, head, outwards, side, rng) & free] = names.TFL[side]
        if not np.isin(out, names.PIRIFORMIS[side]).any():
            out[_piriformis(labels, head, outwards, side, rng) & free & (out == 0)] = names.PIRIFORMIS[side]
    return out


def _tensor(labels: U8, head: npt.NDArray[np.float64], outwards: float, side: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """An upright almond before the medius and the front of the thigh."""
    drawn = np.zeros(labels.shape, bool)
    medius = np.isin(labels, (names.MEDIUS[side], names.MINIMUS[side]))
    crest = np.argwhere(labels == names.HIP_BONE[side])
    crest = crest[crest[:, 2] > head[2] + 40 / SPACING_MM]
    if not medius.any() or not len(crest):
        return drawn
    low = head[2] + _ENDS_MM[0] / SPACING_MM
    high = crest[crest[:, 1].argmax()][2] + _ENDS_MM[1] / SPACING_MM
    deep, thick = (rng.uniform(*bounds) / SPACING_MM for bounds in (_HALF_DEPTH_MM, _HALF_THICK_MM))
    along = np.array([-outwards * _INWARDS, 1.0])
    along /= np.linalg.norm(along)
    x, y = np.meshgrid(*(np.arange(n) for n in labels.shape[:2]), indexing="ij")
    below = np.array([[head[0] + outwards * o / SPACING_MM, head[1] + f / SPACING_MM] for o, f, _ in (_AT_THE_THIGH, _AT_THE_HEAD)])
    heights = [head[2] + u / SPACING_MM for _, _, u in (_AT_THE_THIGH, _AT_THE_HEAD)]
    edges = _front_edges(medius, int(head[2] + _EDGE_FROM_MM / SPACING_MM))
    for z in range(max(0, int(low)), min(labels.shape[2], int(high) + 1)):
        place = np.array([np.interp(z, heights, below[:, axis]) for axis in (0, 1)])
        if edges and z > heights[1]:
            nearest = edges[min(edges, key=lambda known: abs(known - z))] + along * deep * 0.8
            weight = float(np.clip((z - heights[1]) / (_EDGE_FROM_MM / SPACING_MM), 0, 1))
            place = (1 - weight) * place + weight * nearest
        taper = np.sqrt(max(0.0, 1 - (2 * (z - low) / (high - low) - 1) ** 4))
        if taper < 0.2:
            continue
        one, other = (x - place[0]) * along[0] + (y - place[1]) * along[1], (y - place[1]) * along[0] - (x - place[0]) * along[1]
        drawn[:, :, z] = (one / (deep * taper)) ** 2 + (other / (thick * taper)) ** 2 < 1
    return drawn


def _front_edges(medius: npt.NDArray[np.bool_], lowest: int) -> dict[int, npt.NDArray[np.float64]]:
    """Of each slice from `lowest` up: the foremost place (x, y) of medius and minimus, steadied over neighbouring slices."""
    found = {}
    for z in range(max(0, lowest), medius.shape[2]):
        points = np.argwhere(medius[:, :, z])
        if len(points) > 20:
            found[z] = points[points[:, 1] >= np.quantile(points[:, 1], 0.97)].mean(axis=0)
    if not found:
        return {}
    steady = ndimage.gaussian_filter1d(np.array(list(found.values())), 3.0, axis=0)
    return dict(zip(found, steady, strict=True))


def _piriformis(labels: U8, head: npt.NDArray[np.float64], outwards: float, side: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """A bowed cone from the front of the sacrum to the top of the trochanter."""
    drawn = np.zeros(labels.shape, bool)
    sacrum, femur = np.argwhere(labels == names.SACRUM), np.argwhere(labels == names.FEMUR[side])
    level = head[2] + _FIRST_MM / SPACING_MM
    sacrum = sacrum[np.abs(sacrum[:, 2] - level) < 6] if len(sacrum) else sacrum
    outer = femur[(femur[:, 0] - head[0]) * outwards > 20 / SPACING_MM] if len(femur) else femur
    if not len(sacrum) or not len(outer):
        return drawn
    lateral = sacrum[(sacrum[:, 0] * outwards) >= np.quantile(sacrum[:, 0] * outwards, 0.8)]
    start, end = lateral.mean(axis=0), outer[outer[:, 2] >= outer[:, 2].max() - 2].mean(axis=0)
    bow = (start + end) / 2 - np.array([0.0, _BOWED_MM / SPACING_MM, 0.0])
    radius = rng.uniform(*_RADIUS_MM) / SPACING_MM
    for t in np.linspace(0, 1, 60):
        middle = (1 - t) ** 2 * start + 2 * t * (1 - t) * bow + t**2 * end
        reach = (1 - t) * radius + t * _TENDON_MM / SPACING_MM
        box = tuple(slice(max(0, int(c - reach) - 1), int(c + reach) + 2) for c in middle)
        grid = np.meshgrid(*(np.arange(n)[s] for n, s in zip(labels.shape, box, strict=True)), indexing="ij")
        drawn[box] |= sum((g - c) ** 2 for g, c in zip(grid, middle, strict=True)) < reach**2
    return drawn
