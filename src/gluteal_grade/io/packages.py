"""Stations that came as one series: stacks of one orientation one above the other, which make no even stack together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from gluteal_grade.errors import Reason
from gluteal_grade.geometry import FloatArray
from gluteal_grade.io.frames import Frame
from gluteal_grade.io.stacks import GAP_TOLERANCE_SHARE, Stack, checked, partition

_MIXED = (Reason.UNEVEN_SLICES, Reason.DUPLICATE_SLICES, Reason.NOT_A_VOLUME)
_FEWEST_SLICES = 3
_MOST = 20
_OVERLAP = 0.5  # of the shorter: as between series (`io.station`)
_TOUCHING = 0.6  # of a slice
STATION = "station"  # what `Stack.split_by` names


def packages_of(stack: Stack) -> tuple[Stack, ...]:
    """The stations of a stack that is refused because it is several; the stack alone where it is not that.

    They are told apart by acquisition number or time; where no tag does, by slices that lie between those of the other station. They
    must overlap or touch: a series with slices missing is no series of stations.
    """
    if stack.refusal is None or stack.refusal.reason not in _MIXED:
        return (stack,)
    tags = (_tag("acquisition"), _tag("time"), _seconds)
    # without a tag one uneven gap is a fault; only stations that overlap lie between each other's slices
    for key, least in (*((tag, -_TOUCHING) for tag in tags), (_between_slices(stack.frames), 0.0)):
        pieces = list(partition(stack.frames, key).values())
        if 1 < len(pieces) <= _MOST and min(map(len, pieces)) >= _FEWEST_SLICES:
            stacks = [checked(piece) for piece in pieces]
            if not any(one.refusal for one in stacks) and (ordered := _one_above_the_other(stacks, least)):
                return tuple(replace(one, split_by=(*stack.split_by, (STATION, n + 1.0))) for n, one in enumerate(ordered))
    return (stack,)


def _tag(name: str) -> Callable[[Frame], float | str]:
    return lambda frame: dict(frame.splitters).get(name, -1.0)


def _seconds(frame: Frame) -> float:
    return -1.0 if frame.keys.time_s is None else frame.keys.time_s


def _between_slices(frames: Sequence[Frame]) -> Callable[[Frame], float]:
    """A slice's place between the slices of an even stack, by the commonest gap: 0 for those of the first station."""
    normal = frames[0].normal
    depths = np.sort([_depth(frame, normal) for frame in frames])
    step = float(np.median(np.diff(depths)))
    found: list[float] = []

    def place(frame: Frame) -> float:
        if step <= 0:
            return 0.0
        off = (_depth(frame, normal) - depths[0]) / step
        for known in found:
            if abs((off - known + 0.5) % 1 - 0.5) <= GAP_TOLERANCE_SHARE:
                return known
        found.append(off % 1)
        return found[-1]

    return place


def _depth(frame: Frame, normal: FloatArray) -> float:
    return float(np.asarray(frame.place.position) @ normal)


def _one_above_the_other(stacks: Sequence[Stack], least: float) -> list[Stack]:
    """In their order along the normal; empty where they lie at one place, overlap by less than `least` slices, or have other gaps."""
    normal = stacks[0].frames[0].normal
    spans = {id(s): (_depth(s.frames[0], normal), _depth(s.frames[-1], normal)) for s in stacks}
    steps = [(spans[id(s)][1] - spans[id(s)][0]) / (len(s.frames) - 1) for s in stacks]
    if max(steps) > (1 + GAP_TOLERANCE_SHARE) * min(steps):
        return []
    ordered = sorted(stacks, key=lambda s: spans[id(s)])
    step = min(steps)
    for lower, upper in pairwise(ordered):
        overlap = spans[id(lower)][1] - spans[id(upper)][0] + step
        if not least * step <= overlap <= _OVERLAP * step * min(len(lower.frames), len(upper.frames)):
            return []
    return ordered
