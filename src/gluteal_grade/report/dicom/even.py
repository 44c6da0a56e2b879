"""Bits of a segmentation filled up to an even number of bytes by empty frames, not by a byte that belongs to none.

Pixel data has an even number of bytes; where bits end on an odd one, DICOM adds a byte (PS3.5 8.1.1). OHIF 3.13 takes that byte for a fault
and never shows the segmentation; a frame more, of a segment in a plane where it has no voxel, says the same and leaves no such byte.
"""

from __future__ import annotations

import copy

from highdicom.seg import Segmentation
from pydicom.dataset import Dataset

_MOST = 16  # frames: by then bits fill whole pairs of bytes, whatever the size of an image


def fill_up(data: Segmentation) -> None:
    """Add as few empty frames as are needed, in place; none to a label map, to one that is even already, or that has no frame to spare.

    Args:
        data: one bit a voxel.
    """
    if data.SegmentationType != "BINARY":
        return
    bits = int(data.Rows) * int(data.Columns)
    frames = int(data.NumberOfFrames)
    more = next((n for n in range(_MOST) if _even(bits * (frames + n))), 0)
    spare = _spare(data, more)
    if not more or len(spare) < more:
        return
    data.PerFrameFunctionalGroupsSequence.extend(spare)
    data.NumberOfFrames = frames + more
    used = bytes(data.PixelData)[: -(-bits * frames // 8)]  # bits after the last frame are 0
    data.PixelData = used.ljust(-(-bits * (frames + more) // 8), b"\0")


def _even(bits: int) -> bool:
    return -(-bits // 8) % 2 == 0


def _spare(data: Segmentation, count: int) -> list[Dataset]:
    """Functional groups of segments in planes where they have no voxel: those of another segment there, with the number exchanged."""
    items = list(data.PerFrameFunctionalGroupsSequence)
    if not all("SegmentIdentificationSequence" in item for item in items):  # a single segment: its planes are all there are
        return []
    at = {_place(item): item for item in items}
    taken = {(_number(item), _place(item)) for item in items}
    found: list[Dataset] = []
    for number in (int(segment.SegmentNumber) for segment in data.SegmentSequence):
        for place, item in at.items():
            if len(found) == count:
                return found
            if (number, place) not in taken:
                made = copy.deepcopy(item)
                made.SegmentIdentificationSequence[0].ReferencedSegmentNumber = number
                made.FrameContentSequence[0].DimensionIndexValues = [number, *place]
                found.append(made)
    return found


def _number(item: Dataset) -> int:
    return int(item.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def _place(item: Dataset) -> tuple[int, ...]:
    """Where the frame lies among the others, as its index after that of the segment says."""
    values = item.FrameContentSequence[0].DimensionIndexValues
    return tuple(int(value) for value in values[1:])
