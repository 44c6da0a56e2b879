"""One intensity scale for every contrast: what the networks see, in training and in use."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import Array

PERCENTILES = (1.0, 99.0)
CT_WINDOW_HU = (-200.0, 300.0)
_SAMPLES = 200_000


def normalise(image: Array, ct: bool) -> Array:
    """Air near 0, the brightest tissue near 1; CT is turned over, so that fat is bright, muscle grey and cortical bone dark as on T1.

    On the real pelvic CT networks trained on both read that better than HU as they are (docs/howto/training.md).

    Args:
        image: any shape; MR in any unit, CT in HU.
        ct: CT has a fixed window; MR is scaled by its own percentiles.

    Returns:
        float32 array in 0-1. A constant or empty image gives zeros.
    """
    if ct:
        low, high = CT_WINDOW_HU
    else:
        values = image.reshape(-1)
        # a regular subsample: exact percentiles of a 512x512x60 volume would cost more than the network
        low, high = np.percentile(values[:: max(values.size // _SAMPLES, 1)], PERCENTILES) if values.size else (0.0, 0.0)
    if not high > low:
        return np.zeros(image.shape, np.float32)
    scaled: Array = np.clip((image.astype(np.float32) - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    return np.where(scaled > 0, 1 - scaled, 0) if ct else scaled
