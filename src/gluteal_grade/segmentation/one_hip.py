"""Two sides suspected where only one hip can be: which of them it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gluteal_grade.config import LocatorSettings
from gluteal_grade.errors import Note, Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.locate import Box
from gluteal_grade.vocabulary import Side

Read = Callable[[Box], tuple[Volume, ...]]
_ALIKE = 1.25  # readings whose volumes differ by less than this factor do not tell the side


def settled(
    boxes: tuple[Box, ...], read: Read, settings: LocatorSettings, outer: Side | None = None
) -> tuple[tuple[Box, ...], tuple[Note, ...]]:
    """The boxes, or one around both where their middles lie closer together than two hips do; a single one turned where it is wrong.

    The coarse look knows a side by what lies around it, and a scan of one hip shows little of that. The fine look knows one hip only,
    a left one in the mirror: the way round in which it finds more muscle is right. Where both find about as much, the flank decides:
    skin and air lie laterally. Where muscle and flank contradict each other, the note says so.

    Args:
        boxes: of the coarse look.
        read: the fine look: probabilities of each muscle in a box.
        settings: `min_sides_apart_mm`, `min_probability`.
        outer: the side on which the body ends, see `outer_side`.
    """
    if len(boxes) == 1 and outer is not None and outer is not boxes[0].side:
        return _turned(boxes[0], read, settings, outer)
    if len(boxes) < 2 or _apart_mm(boxes[0], boxes[1]) >= settings.min_sides_apart_mm:
        return boxes, ()
    low = np.min([box.low_mm for box in boxes], axis=0)
    high = np.max([box.high_mm for box in boxes], axis=0)
    both = [Box(box.side, low, high) for box in boxes]
    return _better(both, read, settings, outer)


def _turned(box: Box, read: Read, settings: LocatorSettings, outer: Side) -> tuple[tuple[Box, ...], tuple[Note, ...]]:
    """One hip whose skin lies on the wrong flank for its side."""
    return _better([box, Box(outer, box.low_mm, box.high_mm)], read, settings, outer)


def _better(both: list[Box], read: Read, settings: LocatorSettings, outer: Side | None) -> tuple[tuple[Box, ...], tuple[Note, ...]]:
    """The one of two readings of a hip that is right."""
    found_ml = [_found_ml(read(box), settings.min_probability) for box in both]
    order = np.argsort(found_ml)[::-1]
    if outer is not None and max(found_ml) < _ALIKE * min(found_ml) and both[order[0]].side is not outer:
        order = order[::-1]
    (best, more), (other, less) = ((both[i], found_ml[i]) for i in order)
    detail = f"taken for one {best.side} hip: it reads as {more:.0f} ml of gluteal muscle, as a {other.side} one as {less:.0f}"
    if outer is not None:
        agrees = "where its skin lies" if outer is best.side else f"although its skin lies on the {outer} side"
        detail += f", {agrees}"
    return (best,), (Note(Reason.ONE_HIP_TAKEN, detail),)


def _apart_mm(one: Box, other: Box) -> float:
    return float(abs((one.low_mm + one.high_mm)[0] - (other.low_mm + other.high_mm)[0]) / 2)


def _found_ml(muscles: tuple[Volume, ...], least: float) -> float:
    gluteal = np.sum([m.array for m in muscles], axis=0)
    return float(gluteal[gluteal > least].sum()) * muscles[0].grid.voxel_volume_ml
