"""Slices of one volume that were sent apart: each in a series of its own, or twice under new names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from gluteal_grade.errors import GradeError
from gluteal_grade.io.frames import Frame
from gluteal_grade.io.pixels import decoded

_FEWEST = 3  # single images that agree in everything: two may be two scouts
_DECIMALS = 4
_BY_SLICE = ("trigger", "acquisition")  # some scanners count slices in them


def joined_slices(by_series: Mapping[str, list[Frame]]) -> tuple[dict[str, list[Frame]], frozenset[str]]:
    """Series of one image each, joined where they agree in everything that a volume shares (Canon gives each slice a SeriesInstanceUID).

    Args:
        by_series: images of one study of one patient, by SeriesInstanceUID.

    Returns:
        the same, joined ones under the first one's UID, and the UIDs of those that were joined.
    """
    alone: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for uid, frames in by_series.items():
        if len(frames) == 1 and frames[0].place.known:
            alone[_alike(frames[0])].append(uid)
    groups = {uids[0]: uids for uids in alone.values() if len(uids) >= _FEWEST and _apart([by_series[uid][0] for uid in uids])}
    first_of = {uid: first for first, uids in groups.items() for uid in uids}
    joined: dict[str, list[Frame]] = {}
    for uid, frames in by_series.items():
        joined.setdefault(first_of.get(uid, uid), []).extend(frames)
    return joined, frozenset(groups)


def _alike(frame: Frame) -> tuple[object, ...]:
    """Everything that the slices of one volume share; what may differ from slice to slice is left out."""
    place, keys = frame.place, frame.keys
    directions = tuple(
        round(v, _DECIMALS) for v in (*(place.row_direction or ()), *(place.column_direction or ()), *(place.spacing_mm or ()))
    )
    shared = tuple(one for one in frame.splitters if one[0] not in _BY_SLICE)
    return (keys.number, keys.description, keys.frame_of_reference, frame.shape, directions, frame.facts, shared)


def _apart(frames: Sequence[Frame]) -> bool:
    return len({frame.place.position for frame in frames}) == len(frames)


def without_resent_series(by_series: Mapping[str, list[Frame]]) -> tuple[dict[str, list[Frame]], frozenset[str]]:
    """Without whole series that were sent again under a new SeriesInstanceUID: every image has its equal, in place, facts and pixels.

    Returns:
        the others, and the UIDs of those that have a copy.
    """
    kept: dict[str, list[Frame]] = {}
    copied = set()
    by_places: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for uid, frames in by_series.items():
        key = tuple(sorted(((_alike(frame), frame.place.position) for frame in frames), key=repr))
        original = next((other for other in by_places[key] if _same_series(frames, by_series[other])), None)
        if original is None or not all(frame.place.known for frame in frames):
            kept[uid] = frames
            by_places[key].append(uid)
        else:
            copied.add(original)
    return kept, frozenset(copied)


def _same_series(one: Sequence[Frame], other: Sequence[Frame]) -> bool:
    at = {(_alike(frame), frame.place.position): frame for frame in other}
    return len(at) == len(other) == len(one) and all(_same_pixels(frame, at[_alike(frame), frame.place.position]) for frame in one)


def without_resent(frames: Sequence[Frame]) -> tuple[list[Frame], int]:
    """Without pictures that were sent again under a new SOPInstanceUID, and how many those were.

    Left out is only what has the same place, the same facts and the same pixels as another image; one pixel that differs keeps both, to be
    refused as duplicates.
    """
    at: dict[tuple[object, ...], list[Frame]] = defaultdict(list)
    for frame in frames:
        at[frame.place.position, frame.place.row_direction, frame.shape, frame.splitters, frame.facts, frame.scaling].append(frame)
    kept, left_out = [], 0
    for same in at.values():
        distinct: list[Frame] = []
        for frame in same:
            if frame.place.known and any(_same_pixels(frame, other) for other in distinct):
                left_out += 1
            else:
                distinct.append(frame)
        kept += distinct
    return kept, left_out


def _same_pixels(a: Frame, b: Frame) -> bool:
    if a.keys.sop_uid == b.keys.sop_uid:  # frames of one file are no copies of each other, and one UID twice is asked elsewhere
        return False
    try:
        (first,), (second,) = decoded(a.file, [a.index], a.shape), decoded(b.file, [b.index], b.shape)
    except GradeError:
        return False  # loading will say what is wrong with it
    return bool(np.array_equal(first, second))
