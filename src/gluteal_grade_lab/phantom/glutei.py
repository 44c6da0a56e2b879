"""The three glutei as layers over one reference surface: minimus on the iliac wing, medius on minimus, maximus behind both.

The reference surface is a curve in each axial plane (back to front), the iliac wing above the socket, leaving it downwards for
the greater trochanter. A point has coordinates (t along the curve, n outward from it, sup): layers given as heights n over (t, sup)
cannot cross, so minimus stays deep to medius whatever the volumes are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from gluteal_grade_lab.phantom.bones import WING_KEYS
from gluteal_grade_lab.phantom.shapes import F32, Box, Keys, curve_coordinates

_BELOW_WING: tuple[tuple[float, ...], ...] = (
    (14, 70, -54, 92, -20, 109, 32, 5.0),
    (0, 92, -43, 109, -9, 115, 31, 3.0),
    (-12, 114, -36, 124, -8, 124, 24, 2.0),
    (-26, 130, -30, 136, -7, 132, 15, 1.0),
    (-40, 136, -26, 140, -8, 138, 10, 1.0),
)
_FLOOR = Keys(_BELOW_WING + tuple(row for row in WING_KEYS if row[0] >= 30)).with_steepness(2, 3)

# sup, first t, last t, height in mm before calibration
_MINIMUS = Keys(
    (
        (82, 0.60, 0.72, 0.1),
        (76, 0.50, 0.86, 5.0),
        (64, 0.44, 0.95, 11.0),
        (48, 0.37, 0.98, 14.5),
        (30, 0.34, 1.00, 16.5),
        (14, 0.33, 1.03, 16.5),
        (2, 0.38, 1.02, 14.0),
        (-8, 0.48, 0.98, 10.0),
        (-18, 0.58, 0.92, 5.0),
        (-25, 0.70, 0.80, 0.1),
    )
).with_steepness(2)
_MEDIUS = Keys(
    (
        (127, 0.42, 0.62, 0.1),
        (121, 0.18, 0.88, 8.0),
        (110, 0.10, 0.98, 16.0),
        (92, 0.09, 0.99, 23.0),
        (72, 0.11, 0.97, 28.0),
        (50, 0.12, 0.95, 32.0),
        (30, 0.08, 0.96, 34.5),
        (14, 0.05, 0.94, 30.5),
        (0, 0.02, 0.88, 22.0),
        (-12, 0.06, 0.80, 16.0),
        (-24, 0.14, 0.68, 9.0),
        (-36, 0.30, 0.52, 0.1),
    )
).with_steepness(2)
# maximus: its mid-surface (inner end, middle, outer end) and half its thickness
_MAXIMUS = Keys(
    (
        (100, 52, -102, 62, -100, 74, -94, 0.2),
        (92, 43, -107, 64, -103, 88, -90, 5.0),
        (75, 34, -112, 68, -107, 104, -84, 9.5),
        (50, 24, -116, 75, -110, 124, -74, 13.5),
        (25, 16, -118, 80, -109, 140, -60, 16.0),
        (0, 13, -115, 84, -106, 150, -46, 18.0),
        (-25, 14, -110, 86, -101, 155, -37, 19.0),
        (-50, 24, -104, 88, -94, 153, -30, 19.0),
        (-75, 52, -96, 99, -83, 147, -28, 16.0),
        (-96, 86, -80, 112, -64, 138, -28, 11.5),
        (-112, 108, -58, 119, -45, 131, -27, 6.5),
        (-121, 118, -42, 122, -36, 128, -26, 0.2),
    )
).with_steepness(2, 3, 6)


def _dome(u: F32, power: float) -> F32:
    """0 at u = 0 and 1, 1 in the middle; smaller powers are boxier."""
    return np.asarray(np.clip(4 * u * (1 - u), 0, 1) ** np.float32(power), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class LayersAt:
    """What the distances of (n,) points to minimus and medius are made of, whatever the thicknesses. All float32, mm where not said.

    Attributes:
        off: of the reference surface, in the axial plane.
        base: of minimus' floor above it.
        minimus: thickness at factor 1, its dome (no unit), its lean to the front (no unit).
        medius: thickness at factor 1, its dome.
        between: where minimus ends, above and below.
        caps: distance beyond medius' ends.
        slopes: how much nearer each surface is than the axial plane says, factor.
    """

    off: F32
    base: F32
    minimus: tuple[F32, F32, F32]
    medius: tuple[F32, F32]
    between: np.ndarray
    caps: F32
    slopes: tuple[F32, F32]

    @classmethod
    def of(cls, lat: F32, ant: F32, sup: F32) -> LayersAt:
        """At canonical points."""
        floor = _FLOOR.at(sup)
        t, n = curve_coordinates(lat, ant, floor[:6])
        first, last, height, steep_min = _MINIMUS.at(sup)
        u = (t - first) / (last - first)
        # the anterior half is the thicker one
        minimus = (height, _dome(u, 0.5), np.float32(0.66) + np.float32(0.62) * u)
        first, last, height, steep_med = _MEDIUS.at(sup)
        medius = (height, _dome((t - first) / (last - first), 0.40))
        caps = np.maximum(sup - np.float32(_MEDIUS.high), np.float32(_MEDIUS.low) - sup)
        slopes = (np.sqrt(1 + floor[7] ** 2 + steep_min**2), np.sqrt(1 + floor[7] ** 2 + steep_med**2))
        return cls(n, floor[6], minimus, medius, (sup > _MINIMUS.high) | (sup < _MINIMUS.low), caps, slopes)


@dataclass(frozen=True)
class Layers:
    """Minimus and medius together, for one evaluation of the reference surface.

    Args:
        minimus: thickness factor.
        medius: thickness factor.
    """

    minimus: float
    medius: float
    box: Box = field(default=(30.0, 190.0, -135.0, 62.0, -40.0, 128.0))

    def distances(self, at: LayersAt) -> tuple[F32, F32]:
        """Signed distances to minimus and to medius, (n,) mm."""
        n, base = at.off, at.base
        height, dome, lean = at.minimus
        inner = base + height * np.float32(self.minimus) * dome * lean
        inner = np.where(at.between, base, inner)
        height, dome = at.medius
        outer = inner + height * np.float32(self.medius) * dome
        # where a layer has no thickness it is nowhere: the 0.3 keeps its coat from lining the bone
        d_min = np.maximum(np.where(inner - base > 0.3, np.maximum(-n, n - inner), np.float32(30)), at.caps)
        d_med = np.maximum(np.where(outer - inner > 0.3, np.maximum(inner - n, n - outer), np.float32(30)), at.caps)
        # n is measured in the axial plane; where a layer rises or falls steeply its surface is nearer than that
        d_min, d_med = d_min / at.slopes[0], d_med / at.slopes[1]
        return np.asarray(d_min, dtype=np.float32), np.asarray(d_med, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class MaximusAt:
    """The same for maximus: half its thickness at factor 1, the two factors on it, distance off the middle, beyond the ends, slope."""

    half: F32
    dome: F32
    lean: F32
    off: F32
    caps: F32
    slope: F32

    @classmethod
    def of(cls, lat: F32, ant: F32, sup: F32) -> MaximusAt:
        """At canonical points."""
        row = _MAXIMUS.at(sup)
        t, n = curve_coordinates(lat, ant, row[:6])
        caps = np.maximum(sup - np.float32(_MAXIMUS.high), np.float32(_MAXIMUS.low) - sup)
        return cls(row[6], _dome(t, 0.40), np.float32(1.12) - np.float32(0.3) * t, np.abs(n), caps, np.sqrt(1 + row[7] ** 2))

    def some(self, index: np.ndarray) -> MaximusAt:
        """Of these points only."""
        return MaximusAt(*(getattr(self, one.name)[index] for one in fields(self)))


@dataclass(frozen=True)
class Maximus:
    """The posterior sheet, from sacrum and iliac crest down and out to the femur.

    Args:
        thickness: factor.
    """

    thickness: float

    @property
    def box(self) -> Box:
        """Canonical bounds, mm."""
        return (4.0, 180.0, -150.0, 0.0, _MAXIMUS.low, _MAXIMUS.high)

    def distance(self, at: MaximusAt) -> F32:
        """Signed distance, (n,) mm."""
        half = at.half * np.float32(self.thickness) * at.dome * at.lean
        d = np.where(half > 1.0, at.off - half, np.float32(30))  # no film of epimysium beyond the edges
        return np.asarray(np.maximum(d, at.caps) / at.slope, dtype=np.float32)
