"""Magnitudes begin at zero: a header that adds something to all of them makes no fraction."""

from __future__ import annotations

import numpy as np

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import Series

_DARK, _BRIGHT = 0.1, 99.9  # percentiles. Of 100 sound magnitude images the dark one is at most 0.01 of the bright one, and never below 0
_SHARE = 0.1  # of what lies between them


def refuse_offset(series: Series) -> None:
    """Refuse one of two images of a ratio if its darkest voxels are what its header's intercept adds to nothing.

    A fat fraction of water 50 + 100 and fat 10 + 100 is 42 %, for 17 %. Files that are stored around an intercept, as nibabel's
    whole numbers are, are dark at 0 and sound.

    Args:
        series: water, fat, in or opposed phase.

    Raises:
        RefusedInput: `rescale_contradicts`, or why the image cannot be read.
    """
    offset = series.acquisition.offset
    if not offset:
        return
    values = series.load().array
    values = values[np.isfinite(values)]
    if not values.size:
        return
    dark, bright = (float(v) for v in np.percentile(values, (_DARK, _BRIGHT)))
    near = _SHARE * (bright - dark)
    if abs(offset) > near and abs(dark - offset) <= near:
        words = f"series {series.id}: an intercept of {offset:g} lies under all values, and magnitudes of signal begin at 0"
        raise RefusedInput(Reason.RESCALE_CONTRADICTS, words)
