"""Outline trust: how probable it is that a network's outline of a gluteus is a good one. See docs/explanation/trust.md."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gluteal_grade.config import TrustSettings
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Key, muscles_of


def outline_trust(labels: Volume, uncertainty: Volume | None, settings: TrustSettings) -> Mapping[Key, float]:
    """Probability, 0-1, that the outline reaches Dice 0.8 against one who draws it; nothing without an uncertainty.

    It falls with the mean doubt of the network within the outline, and is half at the muscle's `half_doubt`.
    Muscles without one, those beside the glutei, have no trust.

    Args:
        labels: uint8 RAS+, values of `anatomy.LABEL_VALUES`, with or without regions.
        uncertainty: float32 on the same grid, see `Segmentation.uncertainty`.
        settings: fitted over people: `scripts/evaluate.py --only trust`.
    """
    if uncertainty is None:
        return {}
    trust = {}
    for key, (mask, box) in muscles_of(labels).items():
        if half := settings.half_doubt.get(key[0]):
            doubt = float(uncertainty.array[box][mask].mean(dtype=np.float64))
            trust[key] = 1 / (1 + (doubt / half) ** settings.steepness)
    return trust
