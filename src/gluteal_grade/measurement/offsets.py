"""Magnitudes begin at zero: a ratio of images to which something was added, or that were inverted, is no fraction."""

from __future__ import annotations

import numpy as np

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Array
from gluteal_grade.io import Series

# Percentiles. Of 100 sound magnitude images the dark one is at most 0.01 of the bright one, and never below 0: an image without air in
# view still has cortical bone, tendons and flowing blood.
_DARK, _BRIGHT = 0.1, 99.9
_BELOW = 5.0  # the dark one of images that go below 0: cubic interpolation, of which none of the 100 was, does so at edges and in air
_APART = 0.02  # of the bright one: a lean muscle then reads about two points more
_PADDED = 0.001  # of the voxels share one value far below 0: what a converter put where nothing was measured


def refuse_offset(series: Series) -> None:
    """Refuse one of two images of a ratio if its darkest voxels are not dark.

    A fat fraction of water 50 + 100 and fat 10 + 100 is 42 %, for 17 %; of an image stored black for white (MONOCHROME1 written as it is
    shown) it is near 50 % everywhere. Files that are stored around an intercept, as nibabel's whole numbers are, are dark at 0 and sound.

    Args:
        series: water, fat, in or opposed phase, or an echo.

    Raises:
        RefusedInput: `rescale_contradicts`, or why the image cannot be read.
    """
    values = _measured(series.load().array)
    if not values.size:
        return
    dark, below, bright = (float(v) for v in np.percentile(values, (_DARK, _BELOW, _BRIGHT)))
    dark = dark if dark > 0 else min(below, 0.0)
    if abs(dark) <= _APART * max(bright, bright - dark):
        return
    offset, near = series.acquisition.offset, 0.1 * (bright - dark)
    if abs(offset) > near and abs(dark - offset) <= near:
        words = f"an intercept of {offset:g} lies under all values"
    else:
        words = (
            f"its darkest voxels are at {dark:.4g}, its brightest at {bright:.4g}: something was added, or black and white changed places"
        )
    raise RefusedInput(Reason.RESCALE_CONTRADICTS, f"series {series.id}: {words}, and magnitudes of signal begin at 0")


def _measured(array: Array) -> Array:
    """The finite values without padding: one value, far below 0, that many voxels share."""
    values: Array = array[np.isfinite(array)]
    if not values.size or not (lowest := float(values.min())) < 0:
        return values
    rest: Array = values[values > lowest]
    padded = rest.size and values.size - rest.size >= _PADDED * values.size and -lowest > float(np.percentile(rest, _BRIGHT))
    return rest if padded else values
