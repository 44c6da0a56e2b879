"""The source image as it is stored beside the labels: what a reader scrolls through, and draws corrected labels on."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import Volume

_LEVELS = 2047  # of the 99.9th percentile: finer than a screen, and noise beyond it only costs room
_INT16 = np.iinfo(np.int16)


def stored_image(image: Volume) -> Volume:
    """The image as int16.

    Whole numbers that fit (CT in HU, most MR) stay what they are; others are scaled, as MR signal has no unit. What is not finite becomes
    the smallest finite value.
    """
    values = np.asarray(image.array)
    if values.dtype.kind in "iu" and (not values.size or (values.min() >= _INT16.min and values.max() <= _INT16.max)):
        return image.with_array(values.astype(np.int16))
    finite = np.isfinite(values)
    if not finite.all():
        values = np.where(finite, values, values[finite].min() if finite.any() else 0)
    if not _fits(values):
        top = float(np.percentile(np.abs(values).ravel()[::7], 99.9)) or float(np.abs(values).max())
        values = np.clip(np.rint(values * (_LEVELS / top)) if top else values, _INT16.min, _INT16.max)
    return image.with_array(values.astype(np.int16))


def _fits(values: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> bool:
    sample = values.ravel()[:4096]
    if values.dtype.kind == "f" and (sample != np.rint(sample)).any():
        return False
    return bool(values.min() >= _INT16.min and values.max() <= _INT16.max and (values == np.rint(values)).all())
