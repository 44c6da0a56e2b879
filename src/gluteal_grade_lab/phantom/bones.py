"""Bones of one hip in the canonical frame (male size; numbers are our own, set by eye and by textbook proportions)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gluteal_grade_lab.phantom.shapes import F32, Blob, Box, Column, Keys, Shape, Tube, Union, curve_coordinates

HEAD_RADIUS = 24.0
HEAD_CENTRE = (90.0, 0.0, 0.0)
LESSER_TROCHANTER_SUP = -62.0

# The iliac wing as a curve in each axial plane, back (posterior spines) over middle to front (anterior spines), and half its thickness.
WING_KEYS: tuple[tuple[float, ...], ...] = (
    (12, 62, -46, 78, -14, 92, 28, 10.0),
    (30, 53, -66, 84, -24, 105, 33, 6.0),
    (50, 45, -84, 93, -32, 116, 38, 4.2),
    (75, 41, -95, 104, -37, 124, 40, 3.6),
    (92, 45, -95, 110, -41, 129, 28, 3.6),
    (107, 58, -88, 115, -43, 132, 8, 4.0),
    (118, 78, -76, 118, -44, 132, -8, 4.5),
    (127, 102, -60, 121, -45, 129, -27, 4.0),
    (131, 113, -52, 121, -45, 126, -36, 1.5),
)


@dataclass(frozen=True)
class Wing:
    """The iliac wing: a curved plate with rounded edges and a thicker rim."""

    keys: Keys = field(default_factory=lambda: Keys(WING_KEYS))

    @property
    def box(self) -> Box:
        """Canonical bounds, mm."""
        return (34.0, 142.0, -106.0, 50.0, self.keys.low, self.keys.high)

    def distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Signed distance of (n,) points, mm."""
        row = self.keys.at(sup)
        t, n = curve_coordinates(lat, ant, row[:6])
        edge = np.clip(1 - np.abs(2 * t - 1), 0, 1)
        rim = 1 + np.float32(0.9) * np.exp(-((edge / np.float32(0.12)) ** 2))  # the spines are thicker than the fossa
        half = row[6] * rim * np.minimum(1, np.sqrt(edge / np.float32(0.05)))
        caps = np.maximum(sup - np.float32(self.keys.high), np.float32(self.keys.low - 6) - sup)
        return np.asarray(np.maximum(np.where(edge > 0, np.abs(n) - half, np.float32(30)), caps), dtype=np.float32)


@dataclass(frozen=True)
class Socket:
    """The acetabulum: a thick spherical cup, open to lateral, inferior and anterior."""

    inner: float = HEAD_RADIUS + 2.5
    outer: float = 36.0

    @property
    def box(self) -> Box:
        """Canonical bounds, mm."""
        x, y, z = HEAD_CENTRE
        return (x - self.outer, x + self.outer, y - self.outer, y + self.outer, z - self.outer, z + self.outer)

    def distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Signed distance of (n,) points, mm."""
        x, y, z = lat - np.float32(HEAD_CENTRE[0]), ant, sup
        r = np.sqrt(x * x + y * y + z * z)
        mouth = np.float32(0.80) * x + np.float32(0.22) * y - np.float32(0.56) * z - np.float32(6)
        return np.asarray(np.maximum(np.maximum(r - np.float32(self.outer), np.float32(self.inner) - r), mouth), dtype=np.float32)


def femur() -> Shape:
    """Head, neck, both trochanters and the proximal shaft."""
    shaft = Tube(((126, -9, -34, 17), (124, -7, -58, 16.5), (122, -3, -90, 15), (118, 2, -125, 14), (113, 5, -170, 14)))
    neck = Tube(((90, 0, 0, 20), (104, -4, -12, 16), (120, -8, -30, 17)))
    greater = Tube(((131, -11, -36, 16), (138, -14, -14, 14.5), (139, -19, 3, 8)))
    lesser = Tube(((116, -14, -62, 11), (108, -22, LESSER_TROCHANTER_SUP, 7.5)), segments=1)
    return Union((Blob(HEAD_CENTRE, (HEAD_RADIUS,) * 3), neck, shaft, greater, lesser), blend=8)


def hip_bone() -> Shape:
    """Wing, socket, ischium and pubis."""
    ischium = Column(
        (
            (6, 70, -28, 9, 12, 20),
            (-14, 71, -34, 13, 16, 20),
            (-40, 68, -41, 12, 15, 10),
            (-64, 64, -38, 13, 16, 0),
            (-82, 58, -31, 11, 14, -20),
            (-94, 52, -24, 3, 5, -20),
        )
    )
    roof = Column(((34, 84, -22, 6, 44, -33), (22, 82, -16, 13, 40, -28), (8, 74, -4, 12, 32, -22), (-8, 68, 0, 6, 22, -15)))
    upper_ramus = Tube(((74, 20, -8, 12), (56, 36, -13, 9), (36, 48, -18, 7.5), (14, 54, -26, 8)))
    lower_ramus = Tube(((11, 47, -48, 7), (26, 22, -66, 5.5), (42, -4, -79, 6.5), (54, -22, -84, 9)))
    body = Blob((9.5, 50, -34), (8, 11, 19))
    return Union((Wing(), roof, Socket(), ischium, upper_ramus, lower_ramus, body), blend=5)


def sacrum() -> Shape:
    """Sacrum and coccyx."""
    return Column(
        (
            (112, 0, -38, 20, 14, 0),
            (102, 0, -44, 46, 19, 0),
            (88, 0, -56, 54, 22, 0),
            (70, 0, -72, 48, 22, 0),
            (50, 0, -90, 38, 18, 0),
            (28, 0, -103, 28, 12, 0),
            (8, 0, -106, 18, 8, 0),
            (-10, 0, -100, 9, 6, 0),
            (-26, 0, -88, 4, 4, 0),
            (-30, 0, -85, 0, 0, 0),
        ),
        power=2.4,
    )


def lumbar() -> Shape:
    """The last lumbar vertebra: body, arch and spine."""
    body = Column(((118, 0, -24, 24, 17, 0), (126, 0, -22, 24, 17, 0), (144, 0, -18, 24, 17, 0), (200, 0, -18, 24, 17, 0)), power=2.5)
    arch = Column(((112, 0, -68, 16, 7, 0), (150, 0, -66, 16, 8, 0), (200, 0, -66, 16, 8, 0)))
    spine = Column(((118, 0, -84, 4, 14, 0), (160, 0, -82, 4, 14, 0), (200, 0, -82, 4, 14, 0)))
    return Union((body, arch, spine), blend=4)


def disc() -> Shape:
    """The disc between the last vertebra and the sacrum."""
    return Column(((108, 0, -32, 22, 15, 0), (113, 0, -28, 23, 16, 0), (119, 0, -24, 23, 16, 0)), power=2.5)


def capsule() -> Shape:
    """Joint capsule with cartilage around head and neck."""
    return Tube(((90, 0, 0, HEAD_RADIUS + 3.8), (108, -5, -15, 21)), segments=1)
