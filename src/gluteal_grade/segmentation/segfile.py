"""A DICOM Segmentation file (PS3.3 A.51, C.8.20): its segments, where its frames lie, their pixels on demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.pixels.utils import iter_pixels

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import FloatArray
from gluteal_grade.io import Placement, integer, item, placement, quiet_pydicom, raw, text

_SEG = "1.2.840.10008.5.1.4.1.1.66.4"
_LABELMAP = "1.2.840.10008.5.1.4.1.1.66.7"
_RAS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class Segment:
    """One segment as the file describes it.

    Attributes:
        number: 1 and up.
        label: its name.
        types: code values of the property type and the anatomic structure, any scheme.
        modifiers: code values of their modifiers, side and region among them.
    """

    number: int
    label: str
    types: tuple[str, ...]
    modifiers: tuple[str, ...]


@dataclass(frozen=True)
class SegFrame:
    """One frame.

    Attributes:
        index: from 0.
        segment: number; None in a label map, where the pixels are the numbers.
        shape: rows, columns.
        corners: (3, 3) RAS+ mm of the first pixel, its neighbour in the row and its neighbour in the column.
    """

    index: int
    segment: int | None
    shape: tuple[int, int]
    corners: FloatArray


@dataclass(frozen=True)
class SegFile:
    """A segmentation without its pixels.

    Attributes:
        path: the file.
        segments: all of them, the background of a label map left out.
        frames: in the file's order.
        series: SeriesInstanceUIDs it refers to.
        frame_of_reference: FrameOfReferenceUID, None where absent.
        threshold: stored value from which a pixel belongs to the segment: half of the maximum in a fractional segmentation, else 1.
    """

    path: Path
    segments: tuple[Segment, ...]
    frames: tuple[SegFrame, ...]
    series: frozenset[str]
    frame_of_reference: str | None
    threshold: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.frames[0].shape

    def pixels(self, frames: list[SegFrame]) -> Iterator[tuple[SegFrame, npt.NDArray[np.int64]]]:
        """(rows, columns) of some frames: 0 and 1, or in a label map the segment numbers.

        Raises:
            RefusedInput: `labels_unreadable`.
        """
        with quiet_pydicom():
            try:
                for frame, image in zip(frames, _stored(self.path, frames), strict=True):
                    yield frame, np.asarray(image if frame.segment is None else image >= self.threshold, np.int64)
            except MemoryError:
                raise
            except Exception as error:  # decoders raise whatever they make of damaged data
                raise _unreadable(f"{type(error).__name__} while decoding") from error


def _stored(path: Path, frames: list[SegFrame]) -> Iterator[npt.NDArray[Any]]:
    """Stored values of some frames, each (rows, columns)."""
    with path.open("rb") as stream:
        data = pydicom.dcmread(stream)
    if data.BitsAllocated != 1 or data.file_meta.TransferSyntaxUID.is_compressed:
        yield from iter_pixels(data, indices=[frame.index for frame in frames], raw=True)
        return
    # frames of one bit a pixel follow each other without a gap, so that one may begin within a byte; pydicom reads such as whole only
    packed = np.frombuffer(data.PixelData, np.uint8)
    for frame in frames:
        rows, columns = frame.shape
        first = frame.index * rows * columns
        last = first + rows * columns
        if last > 8 * packed.size:
            raise EOFError
        bits = np.unpackbits(packed[first // 8 : -(-last // 8)], bitorder="little")
        yield bits[first % 8 :][: rows * columns].reshape(rows, columns)


def _unreadable(why: str) -> RefusedInput:
    return RefusedInput(Reason.LABELS_UNREADABLE, f"DICOM segmentation: {why}")


def is_seg(path: Path) -> bool:
    """Whether a file is a DICOM Segmentation; reads little of it."""
    try:
        with path.open("rb") as stream:
            if stream.read(132)[128:] != b"DICM":
                return False
        with quiet_pydicom():
            data = pydicom.dcmread(path, specific_tags=["SOPClassUID", "Modality"], stop_before_pixels=True)
        return text(data, "SOPClassUID") in (_SEG, _LABELMAP) or text(data, "Modality") == "SEG"
    except Exception:  # whatever it is, it is no segmentation
        return False


def open_seg(path: Path) -> SegFile:
    """A segmentation's header.

    Raises:
        RefusedInput: `labels_unreadable`.
    """
    with quiet_pydicom():
        try:
            data = pydicom.dcmread(path, stop_before_pixels=True)
        except MemoryError:
            raise
        except Exception as error:  # damaged files raise anything
            raise _unreadable(f"{type(error).__name__} in the header") from error
        frames = _frames(data)
        found = [_segment(one) for one in raw(data, "SegmentSequence") or () if integer(one, "SegmentNumber")]
        if not frames or not found:
            raise _unreadable("it has no frames or no segments")
        series = frozenset(text(one, "SeriesInstanceUID") for one in raw(data, "ReferencedSeriesSequence") or ())
        fractional = text(data, "SegmentationType").upper() == "FRACTIONAL"
        threshold = (integer(data, "MaximumFractionalValue") or 255) / 2 if fractional else 1.0
        return SegFile(path, tuple(found), frames, series, text(data, "FrameOfReferenceUID") or None, threshold)


def _frames(data: Dataset) -> tuple[SegFrame, ...]:
    shared = item(data, "SharedFunctionalGroupsSequence") or Dataset()
    shape = (integer(data, "Rows") or 0, integer(data, "Columns") or 0)
    labelmap = text(data, "SegmentationType").upper() == "LABELMAP"
    frames = []
    for index, own in enumerate(raw(data, "PerFrameFunctionalGroupsSequence") or ()):
        position, orientation, measures, identification = (
            item(own, name) or item(shared, name)
            for name in ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence", "SegmentIdentificationSequence")
        )
        number = None if labelmap else integer(identification, "ReferencedSegmentNumber")
        place = placement(position, orientation, measures)
        if not place.known or (number is None and not labelmap):
            raise _unreadable("a frame has no place or names no segment")
        frames.append(SegFrame(index, number, shape, _corners(place)))
    return tuple(frames)


def _corners(place: Placement) -> FloatArray:
    position = np.asarray(place.position)
    down, across = place.spacing_mm or (1.0, 1.0)
    points = [position, position + across * np.asarray(place.row_direction), position + down * np.asarray(place.column_direction)]
    return np.asarray(np.asarray(points) * _RAS)


def _segment(data: Dataset) -> Segment:
    property_type, region, structure = (
        item(data, name) for name in ("SegmentedPropertyTypeCodeSequence", "AnatomicRegionSequence", "PrimaryAnatomicStructureSequence")
    )
    modifiers = [
        text(one, "CodeValue")
        for owner, name in (
            (property_type, "SegmentedPropertyTypeModifierCodeSequence"),
            (region, "AnatomicRegionModifierSequence"),
            (structure, "PrimaryAnatomicStructureModifierSequence"),
        )
        for one in raw(owner, name) or ()
    ]
    types = tuple(text(one, "CodeValue") for one in (property_type, region, structure) if one is not None)
    return Segment(integer(data, "SegmentNumber") or 0, text(data, "SegmentLabel"), types, tuple(modifiers))
