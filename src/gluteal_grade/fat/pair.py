"""What every method on a pair of magnitudes shares."""

from __future__ import annotations

import numpy as np

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging.body import Mask, finite
from gluteal_grade.io.study import Series


def load_pair(first: Series, second: Series) -> tuple[Volume, Volume]:
    """Both magnitudes, float32, negatives cut.

    Raises:
        RefusedInput: `grid_mismatch`.
    """
    a, b = first.load(), second.load()
    if not a.grid.matches(b.grid):
        raise RefusedInput(Reason.GRID_MISMATCH, f"series {first.id} and {second.id} lie on different grids")
    return a.with_array(_magnitude(a.array)), b.with_array(_magnitude(b.array))


def _magnitude(array: FloatArray) -> FloatArray:
    found = finite(np.asarray(array, np.float32))
    return np.maximum(found, 0) if found.min(initial=0) < 0 else found


def signal_floor(total: FloatArray, body: Mask, settings: FatSettings) -> float:
    """Signal (water and fat together) below which a fraction is noise: a share of the body's median."""
    return settings.min_signal * float(np.median(total[body]))


def safe_ratio(part: FloatArray, whole: FloatArray, floor: float) -> FloatArray:
    """part / whole, NaN where `whole` does not exceed `floor`."""
    good = whole > max(floor, 1e-6)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan, np.float32), where=good)
