"""Metal on CT: HU that no bone reaches, at a hip."""

from __future__ import annotations

import numpy as np

from gluteal_grade.config import MetalCtSettings
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.metal.artifact import Artifact, Mask


def metal_near(image: Volume, distance: FloatArray, reach_mm: float, settings: MetalCtSettings) -> Artifact:
    """Voxels above `metal_hu` near joint and stem; streaks are what the margin around them is for."""
    core: Mask = (image.array > settings.metal_hu) & (distance < reach_mm)
    volume = float(core.sum()) * image.grid.voxel_volume_ml
    return Artifact(core, np.zeros(core.shape, bool), 0.0, volume, 0.0)
