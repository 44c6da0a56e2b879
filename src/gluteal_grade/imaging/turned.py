"""Is one of two pictures of one anatomy turned or mirrored against the other? Their edges fall together one way round only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np

from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging.planes import Mask

_PIXEL_MM = 2.0  # finer pixels are averaged: less noise, and the fat image may lie a pixel beside the water image
_BETTER, _TIMES = 0.025, 1.08  # correlation of the edges that a turn must gain: half-way between 130 sound pairs and the same pairs turned
_LEAST_IN_SLICE = 0.3  # the same of a single slice, which must show something
_WORDS = ("mirrored right to left", "mirrored front to back", "upside down (head to foot)")
_AXES = ("the right-left axis", "the front-back axis", "the long axis of the body")


@dataclass(frozen=True)
class Turn:
    """A half turn or a reflection.

    Attributes:
        axes: RAS+ array axes that run backwards, ascending; none where nothing is turned.
    """

    axes: tuple[int, ...]

    @property
    def words(self) -> str:
        """What is wrong, e.g. for a report: `mirrored front to back`."""
        if len(self.axes) == 1:
            return _WORDS[self.axes[0]]
        if len(self.axes) == 2:
            return f"turned by 180 degrees about {_AXES[next(a for a in range(3) if a not in self.axes)]}"
        return "mirrored through its middle" if self.axes else "as its header says"


TURNS = tuple(Turn(tuple(axis for axis in range(3) if backwards[axis])) for backwards in product((False, True), repeat=3))
AS_GIVEN = TURNS[0]


@dataclass(frozen=True)
class Fit:
    """How well two pictures agree.

    Attributes:
        turn: the turn of the second that fits best.
        given: correlation of the edges as the headers have it.
        turned: the same after that turn.
    """

    turn: Turn
    given: float
    turned: float

    @property
    def contradicts(self) -> bool:
        """The turned picture fits clearly better than the one that was given."""
        return self.turned > self.given + _BETTER and self.turned > _TIMES * self.given


def fit(first: FloatArray, second: FloatArray, turns: Iterable[Turn] = TURNS) -> Fit:
    """Which way round two maps of edges agree.

    Args:
        first, second: (x, y, z) RAS+, from `edges`.
        turns: to be tried; `AS_GIVEN` among them.
    """
    one, other = first - first.mean(), second - second.mean()
    scale = float(np.sqrt(np.vdot(one, one) * np.vdot(other, other))) or 1.0
    found = {turn: float(np.vdot(one, np.flip(other, turn.axes))) / scale for turn in turns}
    best = max(found, key=lambda turn: found[turn])
    return Fit(best, found[AS_GIVEN], found[best])


def turned_slices(first: FloatArray, second: FloatArray, slice_axis: int) -> Mask:
    """(slices,) True for single slices of one of two pictures that are turned over within themselves.

    Args:
        first, second: (x, y, z) RAS+, from `edges`.
        slice_axis: array axis across the slices.
    """
    within = [turn for turn in TURNS if slice_axis not in turn.axes]
    found = (fit(first.take([k], slice_axis), second.take([k], slice_axis), within) for k in range(first.shape[slice_axis]))
    return np.array([one.contradicts and one.turned > _LEAST_IN_SLICE for one in found], bool)


def edges(image: Volume, slice_axis: int) -> FloatArray:
    """How much an image changes from pixel to pixel within its slices: the root of its gradient, float32, on pixels of 2 mm or more.

    Args:
        image: RAS+ magnitudes; brighter than the 99th percentile is cut.
        slice_axis: array axis across the slices.
    """
    blocks = [1 if axis == slice_axis else max(1, round(_PIXEL_MM / mm)) for axis, mm in enumerate(image.spacing_mm)]
    array = np.asarray(image.coarsened((blocks[0], blocks[1], blocks[2])).array, np.float32)
    top = float(np.percentile(array[::2, ::2, ::2], 99)) if array.size else 0.0
    array = np.clip(array, 0, top) / max(top, 1e-6)
    return slopes(array, slice_axis)


def slopes(array: FloatArray, slice_axis: int) -> FloatArray:
    """Root of the length of the gradient within slices, per pixel; 0 on the rim. Shape of `array`."""
    total = np.zeros(array.shape, np.float32)
    for axis in (a for a in range(3) if a != slice_axis):
        along = np.moveaxis(array, axis, 0)
        np.moveaxis(total, axis, 0)[1:-1] += (along[2:] - along[:-2]) ** 2
    return np.asarray(np.sqrt(np.sqrt(total)))
