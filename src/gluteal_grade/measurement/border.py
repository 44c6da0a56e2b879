"""What a muscle's mean fat fraction becomes when its label's border moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gluteal_grade.imaging import beside, box_of

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_MARGIN = 1


@dataclass(frozen=True)
class Rings:
    """A label in three parts; voxels without a value left out.

    Attributes:
        core: values deeper than one voxel from the border, in plane or along all axes.
        inner: values of the label's outermost voxels.
        outer: values of the voxels just outside.
        inner_doubt, outer_doubt, core_doubt: the segmenter's uncertainty of the same voxels, 0-1; zeros where it gives none.
    """

    core: Floats
    inner: Floats
    outer: Floats
    core_doubt: Floats
    inner_doubt: Floats
    outer_doubt: Floats

    @property
    def mean(self) -> float:
        """Mean of the label as it is."""
        return _weighted((self.core, 1.0), (self.inner, 1.0))

    def shifted(self, voxels: float) -> float:
        """Mean after the border moved outwards by -1 to 1 voxel; a part of a voxel counts as that weight of the ring.

        NaN where nothing is left.
        """
        if voxels < 0:
            return _weighted((self.core, 1.0), (self.inner, 1.0 + voxels))
        return _weighted((self.core, 1.0), (self.inner, 1.0), (self.outer, voxels))

    def without_doubtful(self) -> float:
        """Mean with each voxel weighted by how sure the segmenter is that it belongs to the label."""
        return _weighted((self.core, 1 - self.core_doubt), (self.inner, 1 - self.inner_doubt))

    def with_doubtful(self) -> float:
        """Mean with the voxels just outside added, each weighted by how unsure the segmenter is that it does not belong."""
        return _weighted((self.core, 1.0), (self.inner, 1.0), (self.outer, self.outer_doubt))


def rings(mask: Mask, values: npt.NDArray[np.floating], slice_axis: int | None, doubt: npt.NDArray[np.floating] | None = None) -> Rings:
    """The parts of a label.

    Args:
        mask: (x, y, z) the label; not empty.
        values: fat fraction on the same grid, NaN where there is none.
        slice_axis: array axis across the slices, for borders that move within slices; None: along all three axes.
        doubt: the segmenter's uncertainty on the same grid, 0-1.
    """
    box = tuple(slice(max(0, s.start - _MARGIN), s.stop + _MARGIN) for s in box_of(mask))
    mine, ff = mask[box], values[box]
    unsure = np.zeros(ff.shape) if doubt is None else doubt[box]
    axes = tuple(axis for axis in range(3) if axis != slice_axis)
    # the edge of the picture is no border of the muscle
    core = ~beside(~mine, axes)
    outer = beside(mine, axes) & ~mine
    known = np.isfinite(ff)
    parts = [part & known for part in (core, mine & ~core, outer)]
    return Rings(*(ff[p].astype(np.float64) for p in parts), *(unsure[p].astype(np.float64) for p in parts))


def _weighted(*parts: tuple[Floats, Floats | float]) -> float:
    total = weights = 0.0
    for values, weight in parts:
        total += float(np.sum(values * weight))
        weights += float(np.sum(weight)) if isinstance(weight, np.ndarray) else weight * values.size
    return total / weights if weights > 0 else float("nan")
