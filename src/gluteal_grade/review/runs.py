"""Slices of labels as a page sends them: runs of one value, row by row from the top of the picture.

A slice is a flat list, value and length in turn; e.g. ``[0, 5, 120, 3]`` is five pixels without a label and three of the right medius. Only
whole muscles are drawn: the regions of one are told apart when it is measured.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Part, Region, Side, label_value

Picture = npt.NDArray[np.uint8]
"""(rows, columns) label values of one slice, as shown."""

WHOLE_VALUES: Mapping[tuple[Muscle, Side], int] = {(m, s): label_value(Part(m, Region.WHOLE, s)) for m in Muscle for s in Side}
"""The value of each muscle that can be drawn."""


def _whole_table() -> npt.NDArray[np.uint8]:
    table = np.arange(256, dtype=np.uint8)
    for value, part in LABEL_VALUES.items():
        table[value] = WHOLE_VALUES[part.muscle, part.side]
    return table


TO_WHOLE = _whole_table()
"""(256,) the value of the whole muscle for every label value."""


def encoded(picture: Picture) -> list[int]:
    """The runs of a slice.

    Examples:
        >>> encoded(np.array([[0, 0, 120], [120, 120, 0]], np.uint8))
        [0, 2, 120, 3, 0, 1]
    """
    flat = picture.ravel()
    starts = np.flatnonzero(np.diff(flat, prepend=np.int16(-1)))
    lengths = np.diff(starts, append=flat.size)
    return [int(number) for pair in zip(flat[starts], lengths, strict=True) for number in pair]


def decoded(runs: Any, shape: tuple[int, int], values: Collection[int]) -> Picture:
    """The slice of these runs, as a page sent them.

    Args:
        runs: what stood in the request, of whatever type.
        shape: rows and columns of a slice of the study.
        values: label values that may occur, besides 0.

    Raises:
        RefusedInput: `bad_drawing`: no list of whole numbers, other values, runs that give no slice of this size.
    """
    if not isinstance(runs, list) or not runs or len(runs) % 2 or not all(type(one) is int for one in runs):
        raise RefusedInput(Reason.BAD_DRAWING, "a slice is no list of values and lengths")
    given, lengths = runs[::2], runs[1::2]
    unknown = sorted(set(given) - {0, *values})
    if unknown:
        raise RefusedInput(Reason.BAD_DRAWING, f"value {unknown[0]} is no muscle that can be drawn")
    rows, columns = shape
    if min(lengths) < 1 or sum(lengths) != rows * columns:
        raise RefusedInput(Reason.BAD_DRAWING, f"the runs of a slice do not add up to its {rows} x {columns} pixels")
    return np.repeat(np.array(given, np.uint8), lengths).reshape(shape)


def decoded_slices(sent: Any, count: int, shape: tuple[int, int], values: Collection[int]) -> dict[int, Picture]:
    """Several slices by their number, as a page sent them: `{"12": [runs], ...}`.

    Args:
        sent: what stood in the request, of whatever type.
        count: slices of the study.
        shape, values: see `decoded`.

    Raises:
        RefusedInput: `bad_drawing`: as `decoded`; slices that the study does not have; none at all.
    """
    if not isinstance(sent, dict) or not sent:
        raise RefusedInput(Reason.BAD_DRAWING, "no slices were sent")
    for name in sent:
        if not (name.isascii() and name.isdigit() and len(name) < 6 and str(int(name)) == name and int(name) < count):
            raise RefusedInput(Reason.BAD_DRAWING, f"the study has slices 0 to {count - 1}, and another one was sent")
    return {int(name): decoded(runs, shape, values) for name, runs in sent.items()}


def gaps(indices: Collection[int]) -> list[tuple[int, int]]:
    """Neighbours, in rising order, with slices between them."""
    return [(a, b) for a, b in pairwise(sorted(indices)) if b - a > 1]
