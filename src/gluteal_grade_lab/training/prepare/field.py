"""The map from one body's voxels into another's, held on a coarse grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
STEP = 4  # the coarse grid of registration has voxels of 6 mm


@dataclass(frozen=True, eq=False)
class Field:
    """A map from voxels of one canvas to voxels of another.

    Attributes:
        places: (3, i, j, k) float32, voxel coordinates in the donor for every STEP-th voxel of the receiver.
    """

    places: F32

    def at(self, shape: tuple[int, ...], low: int, high: int) -> F32:
        """(3, x, y, high - low) donor coordinates of the receiver's layers low..high."""
        axes = [np.arange(shape[0]), np.arange(shape[1]), np.arange(low, high)]
        grid = [np.asarray(a, dtype=np.float32) / STEP for a in axes]
        first, last = int(low // STEP), int(min(self.places.shape[3], (high - 1) // STEP + 2))
        part = self.places[..., first:last]
        grid[2] = grid[2] - first
        out = part
        for axis, where in enumerate(grid):  # linear along one axis after another
            n = out.shape[axis + 1]
            left = np.clip(np.floor(where).astype(np.intp), 0, max(0, n - 2))
            right = np.minimum(left + 1, n - 1)
            t = (where - left).astype(np.float32).reshape([-1 if i == axis + 1 else 1 for i in range(4)])
            out = np.take(out, left, axis=axis + 1) * (1 - t) + np.take(out, right, axis=axis + 1) * t
        return np.asarray(out, dtype=np.float32)


def coarse(array: F32) -> F32:
    """Means of STEP^3 blocks; the last blocks may be thinner."""
    pads = [(0, -n % STEP) for n in array.shape]
    padded = np.pad(array, pads, mode="edge")
    i, j, k = (n // STEP for n in padded.shape)
    return np.asarray(padded.reshape(i, STEP, j, STEP, k, STEP).mean(axis=(1, 3, 5)), dtype=np.float32)


def from_middles(places: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values at the blocks' first voxels, from values at their middles."""
    out = places
    offset = (STEP - 1) / 2 / STEP
    for axis in (1, 2, 3):
        step = np.diff(out, axis=axis, append=0)
        last = [slice(None)] * 4
        last[axis] = slice(-1, None)
        before = list(last)
        before[axis] = slice(-2, -1)
        step[tuple(last)] = step[tuple(before)]
        out = out - offset * step
    return out
