"""The coarse look: which hips are in the field of view, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gluteal_grade.config import LocatorSettings
from gluteal_grade.geometry import Array, FloatArray, Grid, Volume
from gluteal_grade.imaging import Mask, pieces
from gluteal_grade.segmentation.look import field_of_view, look, network_grid
from gluteal_grade.segmentation.network import probabilities
from gluteal_grade.segmentation.weights import Model
from gluteal_grade.vocabulary import GLUTEI, Muscle, Part, Region, Side, label_value

# what is read of the locator; its other channels (bones, tensor fasciae latae) keep those clean
PARTS = tuple(Part(muscle, Region.WHOLE, side) for side in Side for muscle in GLUTEI)


def channel_name(part: Part) -> str:
    """The name of a part in the locator's `channel_def`."""
    return f"{part.muscle}_{part.side}"


CHANNELS = tuple(channel_name(part) for part in PARTS)
# what the fine look tells of a hip, in the order of `hip.CHANNELS`
HIP_MUSCLES = GLUTEI


@dataclass(frozen=True)
class Box:
    """Where one hip lies, margin included, within the field of view.

    Attributes:
        side: of the patient.
        low_mm, high_mm: (3,) RAS+ corners.
    """

    side: Side
    low_mm: FloatArray
    high_mm: FloatArray


@dataclass(frozen=True)
class Located:
    """What the coarse look found.

    Attributes:
        boxes: of the hips in view, right before left; empty if there is none.
        labels: uint8 whole muscles on the coarse grid.
        slivers: sides of which so little is in view, beside the other, that they are not looked at: a scan of one hip.
    """

    boxes: tuple[Box, ...]
    labels: Volume
    slivers: tuple[Side, ...] = ()


def locate(image: Volume, model: Model, settings: LocatorSettings, *, ct: bool) -> Located:
    """Find the hips.

    Args:
        image: any orientation.
        model: the locator, with `CHANNELS` among its channels.
        settings: thresholds.
        ct: HU instead of MR signal.
    """
    view = field_of_view(image.grid)
    grid = network_grid(*view, model.spacing_mm, model.multiple)
    found = probabilities(model, look(image, grid, ct=ct), settings.max_voxels)
    values = np.zeros(model.classes, np.uint8)
    for part in PARTS:
        values[model.channel(channel_name(part))] = label_value(part)
    labels = Volume(values[found.argmax(axis=0)], grid.affine)
    masks = {}
    for side in Side:
        gluteal = found[[model.channel(channel_name(part)) for part in PARTS if part.side is side]].sum(axis=0)
        masks[side] = _without_stray_pieces(gluteal > settings.min_probability, settings.min_piece_share)
    fullest_ml = max(float(mask.sum()) for mask in masks.values()) * grid.voxel_volume_ml
    boxes, slivers = [], []
    for side, mask in masks.items():
        seen_ml = float(mask.sum()) * grid.voxel_volume_ml
        if seen_ml < max(settings.min_volume_ml, 1e-6):
            continue
        if seen_ml < settings.min_side_share * fullest_ml:
            slivers.append(side)
        else:
            boxes.append(_box(side, Volume(mask, grid.affine), settings, view))
    return Located(tuple(boxes), labels, tuple(slivers))


def _without_stray_pieces(mask: Mask, min_share: float) -> Mask:
    numbers, sizes = pieces(mask)
    kept = 1 + np.flatnonzero(sizes >= min_share * sizes.max(initial=0))
    return np.isin(numbers, kept)


def _box(side: Side, mask: Volume, settings: LocatorSettings, view: tuple[FloatArray, FloatArray]) -> Box:
    """Around all but the outermost voxels: a few that lie apart must not move the fine look."""
    places = mask.grid.to_world(np.argwhere(mask.array))
    for axis, size_mm in enumerate(settings.largest_mm):
        places = places[_fullest(places[:, axis], size_mm)]
    low, high = (np.quantile(places, q, axis=0) for q in (settings.outermost, 1 - settings.outermost))
    return Box(side, np.maximum(low - settings.margin_mm, view[0]), np.minimum(high + settings.margin_mm, view[1]))


def _fullest(positions: FloatArray, size_mm: float) -> Mask:
    """Which positions lie in the window of this size that holds most of them; the glutei are no larger, what is beyond is a mistake."""
    ordered = np.sort(positions)
    held = np.searchsorted(ordered, ordered + size_mm, side="right") - np.arange(len(ordered))
    start = ordered[int(held.argmax())]
    inside: Mask = (positions >= start) & (positions <= start + size_mm)
    return inside


def centred(box: Box, muscles: tuple[Volume, ...], image: Grid, settings: LocatorSettings) -> Box:
    """The box for another fine look, around what the last one found; `box` itself where that is nothing.

    Args:
        box: of the last look.
        muscles: probabilities it gave, of `HIP_MUSCLES`.
        image: grid of the image.
        settings: as for `locate`.
    """
    gluteal: Array = np.sum([m.array for m in muscles], axis=0) > settings.min_probability
    mask = _without_stray_pieces(gluteal, settings.min_piece_share)
    if not mask.any():
        return box
    found = _box(box.side, Volume(mask, muscles[0].affine), settings, field_of_view(image))
    top = _crest_mm(muscles[HIP_MUSCLES.index(Muscle.GLUTEUS_MEDIUS)], settings)
    high = found.high_mm if top is None else np.minimum(found.high_mm, [np.inf, np.inf, top + settings.above_crest_mm])
    return Box(box.side, found.low_mm, high) if (high > found.low_mm).all() else found


def _crest_mm(medius: Volume, settings: LocatorSettings) -> float | None:
    """Height of the top of medius, which arises up to the iliac crest: no gluteal muscle lies higher. None where too little is seen."""
    numbers, sizes = pieces(medius.array > settings.min_probability)
    if not len(sizes) or float(sizes.max()) * medius.grid.voxel_volume_ml < settings.min_volume_ml:
        return None
    places = medius.grid.to_world(np.argwhere(numbers == 1 + int(sizes.argmax())))
    return float(np.quantile(places[:, 2], 1 - settings.outermost))
