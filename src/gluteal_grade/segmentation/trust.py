"""Outline trust: how probable it is that a network's outline of a gluteus is a good one. See docs/explanation/trust.md."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gluteal_grade.config import TrustSettings
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Key, muscles_of

_LITTLE_ML = 1.0  # added to both volumes, so that what the coarse look did not see at all has a ratio too


def outline_trust(labels: Volume, uncertainty: Volume | None, located: Volume | None, settings: TrustSettings) -> Mapping[Key, float]:
    """Probability, 0-1, that the outline reaches Dice 0.8 against one who draws it; nothing without an uncertainty.

    It falls with the mean doubt of the network within the outline, and where the muscle is larger than the coarse look saw it.
    Muscles without `half_doubt`, those beside the glutei, have no trust.

    Args:
        labels: uint8 RAS+, values of `anatomy.LABEL_VALUES`, with or without regions.
        uncertainty: float32 on the same grid, see `Segmentation.uncertainty`.
        located: what the coarse look saw, see `Segmentation.located`; without one the doubt alone counts.
        settings: fitted over people: `scripts/evaluate.py --only trust`.
    """
    if uncertainty is None:
        return {}
    coarse = muscles_of(located) if located is not None else {}
    trust = {}
    for key, (mask, box) in muscles_of(labels).items():
        if half := settings.half_doubt.get(key[0]):
            doubt = float(uncertainty.array[box][mask].mean(dtype=np.float64))
            larger = 1.0
            if located is not None:
                seen = np.count_nonzero(coarse[key][0]) if key in coarse else 0
                larger = outgrowth(np.count_nonzero(mask) * labels.grid.voxel_volume_ml, seen * located.grid.voxel_volume_ml)
            trust[key] = float(1 / (1 + (doubt / half) ** settings.steepness * larger**settings.outgrowth))
    return trust


def outgrowth(fine_ml: float, coarse_ml: float) -> float:
    """How many times larger a muscle is than the coarse look saw it."""
    return (fine_ml + _LITTLE_ML) / (coarse_ml + _LITTLE_ML)
