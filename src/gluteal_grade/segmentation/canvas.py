"""From fine probabilities to labels on the image's own voxels."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from scipy import ndimage

from gluteal_grade.geometry import Array, FloatArray, Grid, Volume
from gluteal_grade.imaging import Box, Mask
from gluteal_grade.segmentation.hip import CHANNELS
from gluteal_grade.vocabulary import Muscle, Part, Region, Side, label_value

NOTHING_BESIDE: Mapping[Muscle, Volume] = MappingProxyType({})
_UNLIKELY = 0.02  # a class less probable than this is neither a label nor a doubt


class Canvas:
    """Labels of an image, hip after hip.

    Args:
        grid: of the image.
    """

    def __init__(self, grid: Grid) -> None:
        self._labels = Volume(np.zeros(grid.shape, np.uint8), grid.affine)
        self._sure = np.zeros(grid.shape, np.float32)  # probability of the muscle in `_labels`
        self._uncertainty = np.zeros(grid.shape, np.float32)
        self._beside = np.zeros(grid.shape, np.uint8)  # labels of muscles beside the glutei
        self._beside_probability = np.zeros(grid.shape, np.float32)

    @property
    def labels(self) -> Volume:
        """uint8, values of `anatomy.LABEL_VALUES`."""
        return self._labels.with_array(np.where(self._labels.array > 0, self._labels.array, self._beside))

    @property
    def uncertainty(self) -> Volume:
        """float32: 1 - probability of the gluteal label that a voxel carries, background included; 0 away from the hips."""
        return self._labels.with_array(self._uncertainty)

    @property
    def uncertainty_beside(self) -> Volume:
        """float32: the same seen from the muscles beside the glutei; for these a gluteus is background."""
        theirs = (self._labels.array == 0) & (self._beside > 0)
        return self._labels.with_array(np.where(theirs, 1 - self._beside_probability, self._beside_probability))

    def paint(self, side: Side, muscles: tuple[Volume, ...], beside: Mapping[Muscle, Volume] = NOTHING_BESIDE) -> None:
        """Sample the probabilities of a hip at the image's voxels and write the most likely class there.

        Where hips overlap the more probable muscle stays, whichever side came first. Muscles beside the glutei have what no gluteus takes:
        labels and uncertainty of the glutei are the same without them.

        Args:
            side: of the hip.
            muscles: probability of each of `hip.CHANNELS` on one grid.
            beside: of other muscles, on the same grid.
        """
        for muscle, volume in beside.items():
            self._paint_beside(label_value(Part(muscle, Region.WHOLE, side)), volume, muscles)
        likely = np.maximum.reduce([m.array for m in muscles]) > _UNLIKELY
        if not likely.any():
            return
        muscles = _cropped(muscles, likely)
        box = _covered(self._labels.grid, muscles[0].grid)
        if box is None:
            return
        here = _part(self._labels, box)
        best, values, background = np.zeros(here.shape, np.float32), np.zeros(here.shape, np.uint8), np.ones(here.shape, np.float32)
        for muscle, volume in zip(CHANNELS, muscles, strict=True):
            probability = volume.resampled(here).array
            background -= probability
            larger = probability > best
            best[larger], values[larger] = probability[larger], label_value(Part(muscle, Region.WHOLE, side))
        self._merge(box, values, best, background)

    def _paint_beside(self, value: int, own: Volume, glutei: tuple[Volume, ...]) -> None:
        """Where one is more probable than any gluteus, and than all that is no muscle of the hip."""
        likely = own.array > _UNLIKELY
        if not likely.any():
            return
        own, *glutei = _cropped((own, *glutei), likely)  # type: ignore[assignment]
        box = _covered(self._labels.grid, own.grid)
        if box is None:
            return
        here = _part(self._labels, box)
        probability = own.resampled(here).array
        others = [gluteus.resampled(here).array for gluteus in glutei]
        wins = (probability > np.maximum.reduce(others)) & (2 * probability + np.sum(others, axis=0) > 1)
        larger = probability > self._beside_probability[box]
        self._beside[box][wins & larger] = value
        self._beside_probability[box][larger] = probability[larger]

    def _merge(self, box: Box, values: Array, best: FloatArray, background: FloatArray) -> None:
        labels, sure, uncertainty = self._labels.array[box], self._sure[box], self._uncertainty[box]
        muscle = best > background
        wins = muscle & (best > sure)
        doubt = np.where(muscle, 1 - best, 1 - background)
        # a voxel that one hip calls background and the other one nothing: the larger doubt stands
        uncertainty[wins] = doubt[wins]
        empty = ~wins & (labels == 0)
        uncertainty[empty] = np.maximum(uncertainty, doubt)[empty]
        labels[wins], sure[wins] = values[wins], best[wins]


def _cropped(muscles: tuple[Volume, ...], likely: Mask) -> tuple[Volume, ...]:
    """The part of the volumes that holds every likely voxel, and its neighbours."""
    box = ndimage.find_objects(likely.view(np.uint8))[0]
    start = tuple(max(s.start - 1, 0) for s in box)
    stop = tuple(min(s.stop + 1, n) for s, n in zip(box, likely.shape, strict=True))
    return tuple(m.cropped((start[0], start[1], start[2]), (stop[0], stop[1], stop[2])) for m in muscles)


def _covered(image: Grid, part: Grid) -> Box | None:
    """The voxels of an image that another grid reaches; None where they do not meet."""
    corners = image.to_voxel(part.corners_mm())
    start = np.clip(np.floor(corners.min(axis=0)) - 1, 0, image.shape).astype(int)
    stop = np.clip(np.ceil(corners.max(axis=0)) + 2, 0, image.shape).astype(int)
    if (start >= stop).any():
        return None
    x, y, z = (slice(a, b) for a, b in zip(start.tolist(), stop.tolist(), strict=True))
    return x, y, z


def _part(image: Volume, box: Box) -> Grid:
    """Grid of a box of an image."""
    x, y, z = box
    return image.cropped((x.start, y.start, z.start), (x.stop, y.stop, z.stop)).grid
