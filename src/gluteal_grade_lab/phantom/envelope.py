"""The outline of the body: the deep fascia that wraps the muscles, and the skin outside the subcutaneous fat."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gluteal_grade_lab.phantom.shapes import F32, Column, Keys, smooth_min

SKIN_MM = 1.8

# sup, half-width, depth in front, depth behind
_TRUNK = Keys(
    (
        (200, 138, 92, 104),
        (150, 142, 88, 108),
        (120, 150, 86, 114),
        (92, 158, 84, 120),
        (66, 164, 82, 126),
        (38, 170, 80, 130),
        (8, 172, 80, 130),
        (-25, 168, 78, 127),
        (-52, 150, 70, 112),
        (-76, 112, 52, 84),
        (-95, 60, 28, 44),
        (-115, 12, 6, 10),
        (-300, 2, 2, 2),
    )
)
_THIGH = Column(
    (
        (20, 96, -14, 30, 40, 0),
        (-20, 98, -16, 64, 76, 0),
        (-52, 97, -13, 72, 84, 0),
        (-80, 94, -11, 74, 85, 0),
        (-110, 92, -8, 73, 82, 0),
        (-150, 90, -4, 72, 80, 0),
        (-300, 88, -2, 70, 78, 0),
    ),
    power=2.3,
)


@dataclass(frozen=True)
class Envelope:
    """Fascia and skin of one half.

    Args:
        fat_mm: thickness of the subcutaneous fat at the side of the hip, mm (5-80); thicker behind, thinner in front.
    """

    fat_mm: float
    _power: np.float32 = field(default=np.float32(2.5))

    def fascia_distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Distance from the deep fascia of (n,) points, mm, negative inside."""
        w, front, behind = _TRUNK.at(sup)
        depth = np.where(ant > 0, front, behind)
        u, v = lat / w, np.abs(ant) / depth
        rho = (u**self._power + v**self._power) ** np.float32(1 / 2.5)
        radius = np.sqrt(lat * lat + ant * ant)
        d = radius * (1 - 1 / np.maximum(rho, np.float32(1e-3)))
        d = np.maximum(d, -np.minimum(w, depth))
        return smooth_min(np.asarray(d, dtype=np.float32), _THIGH.distance(lat, ant, sup), 26.0)

    def skin_distance(self, fascia: F32, lat: F32, ant: F32, sup: F32) -> F32:
        """Distance from the outside of the skin given the fascia's, mm; only a bound deep inside."""
        skin = fascia - np.float32(self.fat_mm)
        near = np.flatnonzero(fascia > -1)
        if near.size:
            lat, ant, sup = lat[near], ant[near], sup[near]
            behind = 1 / (1 + np.exp((ant + 55) / np.float32(18)))
            low = 1 / (1 + np.exp((sup + 60) / np.float32(25)))
            groin = np.exp(-(((lat - 75) / 45) ** 2) - ((sup + 10) / 45) ** 2) * (ant > 0)
            relative = 0.95 + 0.35 * behind - 0.15 * low - 0.25 * groin
            skin[near] = fascia[near] - np.float32(self.fat_mm) * relative
        return skin

    def cleft(self, lat: F32, ant: F32, sup: F32) -> npt.NDArray[np.bool_]:
        """Which points lie in the skin fold between the buttocks or between the thighs."""
        fold = lat < 2.0
        index = np.flatnonzero(fold)
        bottom = np.interp(sup[index], (-120, -92, -70, -30, 10, 45), (200, -10, -52, -104, -124, -170)).astype(np.float32)
        fold[index] = ant[index] < bottom
        return np.asarray(fold)
