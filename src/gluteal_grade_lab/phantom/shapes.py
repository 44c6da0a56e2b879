"""Implicit shapes in the canonical hip frame, from which the whole body is built.

The canonical frame is one mirrored hip: ``lat`` (mm from the midline, always >= 0), ``ant`` (mm anterior), ``sup`` (mm superior),
origin midway between the femoral heads. Every shape answers two questions: which box holds it, and how far a point lies from its
surface (mm, negative inside; exact for tubes, first order for the rest).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.interpolate import Akima1DInterpolator, CubicSpline

F32 = npt.NDArray[np.float32]
Box = tuple[float, float, float, float, float, float]  # lat, ant, sup: low and high of each

FAR = np.float32(1e3)  # "not near this shape", mm
_STEP = 0.1  # mm between the rows of a key table: below what any voxel can show


class Shape(Protocol):
    """Something with an inside."""

    @property
    def box(self) -> Box:
        """Canonical bounds, mm."""
        ...

    def distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Signed distance of (n,) points, mm, negative inside."""
        ...


@dataclass(frozen=True)
class Keys:
    """Parameters that change smoothly with height: rows keyed by ``sup`` and looked up in a fine table.

    Args:
        rows: (k, 1 + m) numbers, first column ``sup`` in mm (any order), the rest the parameters there.
    """

    rows: tuple[tuple[float, ...], ...]
    low: float = field(init=False)
    high: float = field(init=False)
    table: F32 = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        keys = np.array(sorted(self.rows), dtype=np.float64)
        low, high = float(keys[0, 0]), float(keys[-1, 0])
        # smooth, but never beyond the keys' own range: a radius cannot fall below zero between two of them
        heights = np.arange(low, high + _STEP, _STEP)
        table = Akima1DInterpolator(keys[:, 0], keys[:, 1:], axis=0, method="makima")(np.minimum(heights, high))
        table = np.clip(table, keys[:, 1:].min(axis=0), keys[:, 1:].max(axis=0))
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        object.__setattr__(self, "table", np.ascontiguousarray(table.T, dtype=np.float32))

    def with_steepness(self, *columns: int) -> Keys:
        """The same with one more parameter: how fast these parameters change with height, mm a mm (root sum of squares)."""
        steepness = np.sqrt((np.gradient(self.table[list(columns)].astype(np.float64), _STEP, axis=1) ** 2).sum(axis=0))
        more = Keys(self.rows)
        object.__setattr__(more, "table", np.vstack([self.table, steepness[None].astype(np.float32)]))
        return more

    def at(self, sup: F32) -> F32:
        """(m, n) parameters at (n,) heights; the end rows beyond the ends."""
        row = ((sup - np.float32(self.low)) * np.float32(1 / _STEP) + np.float32(0.5)).astype(np.int32)
        return np.take(self.table, row, axis=1, mode="clip")


@dataclass(frozen=True)
class Column:
    """A body of elliptical axial cross-sections, given at heights.

    Args:
        keys: rows ``(sup, lat, ant, half_width, half_depth, turn)`` mm and degrees; ``turn`` turns the half_width axis from
            lateral towards anterior. Half-axes of 0 close the ends.
        power: 2 is an ellipse, more is boxier.
    """

    keys: tuple[tuple[float, ...], ...]
    power: float = 2.0
    table: Keys = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows = tuple((s, x, y, max(p, 0.05), max(q, 0.05), np.radians(turn)) for s, x, y, p, q, turn in self.keys)
        table = Keys(rows)
        x, y, p, q, turn = table.table
        # what every point needs, computed once a row
        object.__setattr__(table, "table", np.stack([x, y, 1 / p, 1 / q, np.cos(turn), np.sin(turn)]))
        object.__setattr__(self, "table", table)

    @cached_property
    def box(self) -> Box:
        """Canonical bounds, mm."""
        x, y, p, q, *_ = self.table.table
        r = 1 / np.minimum(p, q)
        return (float((x - r).min()), float((x + r).max()), float((y - r).min()), float((y + r).max()), self.table.low, self.table.high)

    def distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Signed distance of (n,) points, mm."""
        x, y, p, q, c, s = self.table.at(sup)
        x, y = lat - x, ant - y
        u, v = (c * x + s * y) * p, (c * y - s * x) * q
        if self.power == 2.0:
            rho = np.sqrt(u * u + v * v)
        else:
            e = np.float32(self.power)
            rho = (np.abs(u) ** e + np.abs(v) ** e) ** np.float32(1 / self.power)
        # first-order distance to an ellipse: rho (rho - 1) / |grad|
        u *= p
        v *= q
        slope = np.sqrt(u * u + v * v)
        d = np.maximum(rho, np.float32(0.3)) * (rho - 1) / np.maximum(slope, np.float32(1e-4))
        d = np.maximum(d, -1 / np.maximum(p, q))
        d = np.maximum(d, np.maximum(sup - np.float32(self.table.high), np.float32(self.table.low) - sup))
        return np.asarray(d, dtype=np.float32)


@dataclass(frozen=True)
class Tube:
    """A round tube of changing radius along a smooth curve.

    Args:
        path: rows ``(lat, ant, sup, radius)`` mm; a cubic spline runs through them.
        squash: how much thinner than wide the tube is along ``squash_axis`` (0 lat, 1 ant, 2 sup).
    """

    path: tuple[tuple[float, float, float, float], ...]
    squash: float = 1.0
    squash_axis: int = 2
    segments: int = 8
    knots: npt.NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        path = np.array(self.path, dtype=np.float64)
        path[:, self.squash_axis] *= self.squash
        at = np.linspace(0, len(path) - 1, self.segments + 1)
        knots = CubicSpline(np.arange(len(path)), path)(at) if len(path) > 2 else path
        object.__setattr__(self, "knots", knots)

    @cached_property
    def box(self) -> Box:
        """Canonical bounds, mm."""
        r = self.knots[:, 3].max()
        low, high = self.knots[:, :3].min(0) - r, self.knots[:, :3].max(0) + r
        low[self.squash_axis] /= self.squash
        high[self.squash_axis] /= self.squash
        return (float(low[0]), float(high[0]), float(low[1]), float(high[1]), float(low[2]), float(high[2]))

    def distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Signed distance of (n,) points, mm."""
        p = [lat, ant, sup]
        p[self.squash_axis] = p[self.squash_axis] * np.float32(self.squash)
        d = np.full(lat.shape, FAR, dtype=np.float32)
        low, high = [float(c.min()) for c in p], [float(c.max()) for c in p]
        for ax, ay, az, ar, bx, by, bz, br, length2 in self._segments:
            r = max(ar, br) + 12
            if (
                min(ax, bx) - r > high[0]
                or max(ax, bx) + r < low[0]
                or min(ay, by) - r > high[1]
                or max(ay, by) + r < low[1]
                or min(az, bz) - r > high[2]
                or max(az, bz) + r < low[2]
            ):
                continue  # nowhere near these points
            x, y, z = p[0] - np.float32(ax), p[1] - np.float32(ay), p[2] - np.float32(az)
            dx, dy, dz = np.float32(bx - ax), np.float32(by - ay), np.float32(bz - az)
            t = x * dx
            t += y * dy
            t += z * dz
            t *= np.float32(1 / length2)
            np.minimum(np.maximum(t, 0, out=t), 1, out=t)
            x -= t * dx
            y -= t * dy
            z -= t * dz
            x *= x
            y *= y
            z *= z
            x += y
            x += z
            np.sqrt(x, out=x)
            x -= np.float32(ar) + t * np.float32(br - ar)
            np.minimum(d, x, out=d)
        return d

    @cached_property
    def _segments(self) -> list[tuple[float, ...]]:
        return [(*a.tolist(), *b.tolist(), max(float(((b - a)[:3] ** 2).sum()), 1e-6)) for a, b in pairwise(self.knots)]


@dataclass(frozen=True)
class Blob:
    """An ellipsoid, axes along the frame.

    Args:
        centre: (lat, ant, sup) mm.
        radii: half-axes, mm.
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]

    @cached_property
    def box(self) -> Box:
        """Canonical bounds, mm."""
        (x, y, z), (p, q, r) = self.centre, self.radii
        return (x - p, x + p, y - q, y + q, z - r, z + r)

    def distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Signed distance of (n,) points, mm."""
        r = np.array(self.radii, dtype=np.float32)
        u, v, w = ((c - np.float32(m)) / n for c, m, n in zip((lat, ant, sup), self.centre, r, strict=True))
        rho = np.sqrt(u * u + v * v + w * w)
        slope = np.sqrt((u / r[0]) ** 2 + (v / r[1]) ** 2 + (w / r[2]) ** 2)
        d = np.maximum(rho, np.float32(0.3)) * (rho - 1) / np.maximum(slope, np.float32(1e-4))
        return np.asarray(np.maximum(d, -r.min()), dtype=np.float32)


@dataclass(frozen=True)
class Union:
    """Several shapes as one, their joins rounded.

    Args:
        parts: the shapes.
        blend: width of the rounding, mm; 0 joins them sharply.
    """

    parts: tuple[Shape, ...]
    blend: float = 0.0

    @cached_property
    def box(self) -> Box:
        """Canonical bounds, mm."""
        boxes = np.array([p.box for p in self.parts])
        low, high = boxes[:, ::2].min(0) - self.blend / 4, boxes[:, 1::2].max(0) + self.blend / 4
        return (float(low[0]), float(high[0]), float(low[1]), float(high[1]), float(low[2]), float(high[2]))

    def distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Signed distance of (n,) points, mm."""
        low = (lat.min(), ant.min(), sup.min())
        high = (lat.max(), ant.max(), sup.max())
        total = None
        margin = 4 + self.blend
        for part in self.parts:
            box = part.box
            if any(h < box[2 * i] - margin or v > box[2 * i + 1] + margin for i, (v, h) in enumerate(zip(low, high, strict=True))):
                continue  # nowhere near these points
            d = part.distance(lat, ant, sup)
            total = d if total is None else smooth_min(total, d, self.blend)
        return np.full(lat.shape, FAR, dtype=np.float32) if total is None else total


def smooth_min(a: F32, b: F32, width: float) -> F32:
    """Polynomial smooth minimum: equal to min(a, b) where they differ by more than `width` mm."""
    if width <= 0:
        return np.minimum(a, b)
    h = np.maximum(np.float32(width) - np.abs(a - b), 0)
    return np.asarray(np.minimum(a, b) - h * h * np.float32(0.25 / width), dtype=np.float32)


def curve_coordinates(lat: F32, ant: F32, keys: F32) -> tuple[F32, F32]:
    """Where points lie along and across a quadratic curve in the axial plane.

    Args:
        lat: (n,) mm.
        ant: (n,) mm.
        keys: (6, n) the curve's points at t = 0, 1/2 and 1, as lat, ant, lat, ant, lat, ant.

    Returns:
        t, clipped to [-0.4, 1.4], and the distance to the left of the direction of travel times -1 (mm): positive on the right
        hand of somebody who walks from t = 0 to t = 1 (for a curve from back to front: the outer, lateral side).
    """
    px, py, mx, my, ax, ay = keys
    qx, qy = 2 * (px - 2 * mx + ax), 2 * (py - 2 * my + ay)
    bx, by = -3 * px + 4 * mx - ax, -3 * py + 4 * my - ay
    x, y = lat - px, ant - py
    cx, cy = ax - px, ay - py
    t = np.clip((x * cx + y * cy) / (cx * cx + cy * cy), -0.4, 1.4)
    for _ in range(3):  # Newton on (C(t) - p) . C'(t)
        dx, dy = bx + 2 * qx * t, by + 2 * qy * t
        ex, ey = x - (bx + qx * t) * t, y - (by + qy * t) * t
        bend = dx * dx + dy * dy - 2 * (ex * qx + ey * qy)
        t = np.clip(t + (ex * dx + ey * dy) / np.maximum(bend, np.float32(0.25) * (dx * dx + dy * dy)), -0.4, 1.4)
    dx, dy = bx + 2 * qx * t, by + 2 * qy * t
    ex, ey = x - (bx + qx * t) * t, y - (by + qy * t) * t
    across = (ex * dy - ey * dx) / np.sqrt(dx * dx + dy * dy)
    return np.asarray(t, dtype=np.float32), np.asarray(across, dtype=np.float32)
