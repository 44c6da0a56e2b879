"""A hip replacement: head, stem and cup as shapes in the canonical hip frame, and the alloys they are made of.

Susceptibilities (SI volume, ppm): titanium 182 and water -9.05 (Schenck 1996, 10.1118/1.597854), cobalt-chrome some 900-1300 in the
literature on imaging near metal, by alloy; the middle is taken [U]. What counts for the field is the difference to tissue, taken as water.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gluteal_grade_lab.phantom.shapes import F32, Box, Shape, Tube, Union

WATER_PPM = -9.05
JOINT = (90.0, 0.0, 0.0)  # centre of the femoral head: lat, ant, sup
_OPENING = (0.68, 0.21, -0.70)  # the cup looks outwards, down and forward: some 45 degrees of inclination, 15 of anteversion


class Alloy(StrEnum):
    """What head, stem and cup are made of."""

    COBALT_CHROME = "cobalt_chrome"
    TITANIUM = "titanium"

    @property
    def against_tissue_ppm(self) -> float:
        """Susceptibility minus that of tissue, ppm."""
        return {Alloy.COBALT_CHROME: 1100.0, Alloy.TITANIUM: 182.0}[self] - WATER_PPM


@dataclass(frozen=True)
class Cup:
    """Half a ball about the joint that opens towards the femur.

    Args:
        inner_mm: inner radius; 0 gives the solid half ball: shell and liner together.
        outer_mm: outer radius.
    """

    inner_mm: float
    outer_mm: float

    @property
    def box(self) -> Box:
        """Canonical bounds, mm."""
        x, y, z = JOINT
        r = self.outer_mm
        return (x - r, x + r, y - r, y + r, z - r, z + r)

    def distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Signed distance of (n,) points, mm."""
        x, y, z = (v - np.float32(m) for v, m in zip((lat, ant, sup), JOINT, strict=True))
        r = np.sqrt(x * x + y * y + z * z)
        length = float(np.linalg.norm(_OPENING))
        out = (x * np.float32(_OPENING[0]) + y * np.float32(_OPENING[1]) + z * np.float32(_OPENING[2])) / np.float32(length)
        return np.asarray(np.maximum(np.maximum(r - np.float32(self.outer_mm), np.float32(self.inner_mm) - r), out), np.float32)


def head_and_stem() -> Shape:
    """A 32 mm head on a stem of some 145 mm."""
    stem = Tube(((90, 0, 0, 8), (110, -4, -18, 7), (122, -8, -40, 7.5), (123, -5, -80, 6), (118, 0, -130, 4.5)))
    return Union((Tube(((90, 0, 0, 16), (91, 0, -1, 16)), segments=1), stem), blend=3)


def shell() -> Cup:
    """The metal of the cup; between it and the head lies a liner without signal and without susceptibility of its own."""
    return Cup(22.0, 26.0)


def socket() -> Cup:
    """Shell and liner: everything there that gives no signal."""
    return Cup(0.0, 26.0)
