"""Two sides suspected where only one hip can be: which of them it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gluteal_grade.config import LocatorSettings
from gluteal_grade.errors import Note, Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.locate import Box

Read = Callable[[Box], tuple[Volume, ...]]


def settled(boxes: tuple[Box, ...], read: Read, settings: LocatorSettings) -> tuple[tuple[Box, ...], tuple[Note, ...]]:
    """The boxes, or one around both where their middles lie closer together than two hips do.

    The coarse look knows a side by what lies around it, and a scan of one hip shows little of that. The fine look knows one hip only,
    a left one in the mirror: the way round in which it finds more muscle is right.

    Args:
        boxes: of the coarse look.
        read: the fine look: probabilities of each muscle in a box.
        settings: `min_sides_apart_mm`, `min_probability`.
    """
    if len(boxes) < 2 or _apart_mm(boxes[0], boxes[1]) >= settings.min_sides_apart_mm:
        return boxes, ()
    low = np.min([box.low_mm for box in boxes], axis=0)
    high = np.max([box.high_mm for box in boxes], axis=0)
    both = [Box(box.side, low, high) for box in boxes]
    found_ml = [_found_ml(read(box), settings.min_probability) for box in both]
    best, other = (both[i] for i in np.argsort(found_ml)[::-1])
    detail = (
        f"taken for one {best.side} hip: it reads as {max(found_ml):.0f} ml of gluteal muscle, as a {other.side} one as {min(found_ml):.0f}"
    )
    return (best,), (Note(Reason.ONE_HIP_TAKEN, detail),)


def _apart_mm(one: Box, other: Box) -> float:
    return float(abs((one.low_mm + one.high_mm)[0] - (other.low_mm + other.high_mm)[0]) / 2)


def _found_ml(muscles: tuple[Volume, ...], least: float) -> float:
    gluteal = np.sum([m.array for m in muscles], axis=0)
    return float(gluteal[gluteal > least].sum()) * muscles[0].grid.voxel_volume_ml
