"""What part of the slices is shown, and over which grey values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.filters import threshold_otsu

from gluteal_grade.geometry import Array

_CT_WINDOW_HU = (-160.0, 240.0)
_CT_AIR_HU = -300.0
_MR_GAMMA = 0.8
_PERCENTILES = (1.0, 99.5)
_COIL_LIMIT = 1.35  # times the brightest tenth's lower end in and around the muscles: skin under a coil may saturate beyond it
_DARK_MUSCLE = 0.4  # of the window: below it muscle is lifted by the gamma, above it (water images) it needs none
_KNOWN_EVERYWHERE = 0.95
_MARGIN_MM = 8.0
_SMALL = 0.02  # objects below this share of the largest are table, coil or ghost

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Window:
    """Grey values shown black and white, the exponent between them, and the same in words."""

    low: float
    high: float
    gamma: float
    words: str

    def grey(self, picture: Array) -> npt.NDArray[np.float32]:
        """The image as grey values, 0-1, for display."""
        linear = (np.asarray(picture, np.float32) - self.low) / (self.high - self.low)
        return np.asarray(np.clip(linear, 0, 1) ** self.gamma, np.float32)


@dataclass(frozen=True)
class Box:
    """Rows and columns of a picture, stop exclusive."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, picture: Array) -> Array:
        """The picture inside the box."""
        return picture[self.top : self.bottom, self.left : self.right]


def body_masks(pictures: Sequence[Array], fats: Sequence[Array], *, is_ct: bool) -> list[Mask]:
    """Body against air in each picture; one threshold for all.

    Args:
        pictures: the slices shown.
        fats: their fat fraction: where it is known there is body too (fat under the skin is dark on a water image), unless it is known
            everywhere.
        is_ct: pictures are HU.
    """
    known = [np.isfinite(fat) for fat in fats]
    if is_ct or np.mean([k.mean() for k in known]) > _KNOWN_EVERYWHERE:
        known = [np.zeros(k.shape, bool) for k in known]
    if is_ct:
        threshold = _CT_AIR_HU
    else:
        sample = np.concatenate([p.ravel()[::4] for p in pictures])
        sample = np.minimum(sample, np.percentile(sample, 99.0))
        # half of Otsu's: between air and muscle where air is in view, below muscle where it is not
        threshold = float(threshold_otsu(sample)) / 2 if sample.max() > sample.min() else -np.inf
    return [_large_objects((p > threshold) | k) for p, k in zip(pictures, known, strict=True)]


def window_of(pictures: Sequence[Array], labels: Sequence[Array], bodies: Sequence[Mask], *, is_ct: bool) -> Window:
    """CT: a soft-tissue window. MR: the 1st to 99.5th percentile of the body, lowered where skin under a coil outshines the rest."""
    if is_ct:
        low, high = _CT_WINDOW_HU
        return Window(low, high, 1.0, f"soft tissue, {low:.0f} to {high:.0f} HU")
    body = np.concatenate([p[m] for p, m in zip(pictures, bodies, strict=True)] or [np.zeros(1)])
    if not body.size:
        body = np.concatenate([p.ravel() for p in pictures])
    low, high = (float(v) for v in np.percentile(body, _PERCENTILES))
    near = [p[ndimage.binary_dilation(m > 0, iterations=6)] for p, m in zip(pictures, labels, strict=True)]
    around = np.concatenate(near)
    words = "1st to 99.5th percentile of the body"
    limit = _COIL_LIMIT * float(np.percentile(around, 97)) if around.size else high
    if low < limit < high:
        high, words = limit, "from the 1st percentile of the body to the bright tissue near the muscles"
    if not high > low:
        high = low + 1.0
    muscle = np.concatenate([p[m > 0] for p, m in zip(pictures, labels, strict=True)])
    if muscle.size and np.median(muscle) > low + _DARK_MUSCLE * (high - low):
        return Window(low, high, 1.0, words)
    return Window(low, high, _MR_GAMMA, f"{words}, gamma {_MR_GAMMA}")


def crop_box(labels: Sequence[Array], bodies: Sequence[Mask], pixel_mm: tuple[float, float]) -> Box:
    """The one box that holds the body and every label of all pictures, with a margin."""
    shown = np.logical_or.reduce([*bodies, *(m > 0 for m in labels)])
    if not shown.any():
        return Box(0, shown.shape[0], 0, shown.shape[1])
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    across, down = (int(np.ceil(_MARGIN_MM / mm)) for mm in pixel_mm)
    return Box(
        max(0, int(rows[0]) - down),
        min(shown.shape[0], int(rows[-1]) + 1 + down),
        max(0, int(columns[0]) - across),
        min(shown.shape[1], int(columns[-1]) + 1 + across),
    )


def _large_objects(mask: Mask) -> Mask:
    mask = ndimage.binary_opening(mask, np.ones((3, 3)))
    parts, count = ndimage.label(mask)
    if not count:
        return np.asarray(mask, bool)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= _SMALL * sizes.max())[parts] & mask, bool)
