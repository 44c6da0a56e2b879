"""Where each muscle is largest: its outline on that image and its area there, for viewers that draw coordinates and no segments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from highdicom.sr import CoordinatesForMeasurement, SourceImageForRegion
from skimage.measure import find_contours

from gluteal_grade.geometry import Array, FloatArray
from gluteal_grade.io import Frame
from gluteal_grade.report.dicom.sources import Sources
from gluteal_grade.vocabulary import LABEL_VALUES, Part, Region

_MOST_PIECES = 10  # of one muscle on one image; labels in more pieces than that are no muscle


@dataclass(frozen=True)
class Outline:
    """A part on the image where its area is largest.

    Attributes:
        plane: index of the image among the sources' frames.
        area_cm2: of all of its pixels there.
        lines: closed, (n, 2) column and row, 0 at the outer corner of the first pixel (PS3.3 C.10.5.1.2); the piece with most pixels first.
    """

    plane: int
    area_cm2: float
    lines: tuple[FloatArray, ...]

    def coordinates(self, sources: Sources) -> list[CoordinatesForMeasurement]:
        """As closed polylines on their image."""
        frame = sources.frames[self.plane]
        header = sources.images[0 if sources.enhanced else self.plane]
        numbers = [frame.index + 1] if sources.enhanced else None
        image = SourceImageForRegion(header.SOPClassUID, header.SOPInstanceUID, numbers)
        return [CoordinatesForMeasurement("POLYLINE", line, image) for line in self.lines]


def outlines_of(planes: Array, frames: tuple[Frame, ...]) -> Mapping[Part, Outline]:
    """The outline of every part that has a voxel, and of whole muscles that are labelled by region.

    Args:
        planes: (planes, rows, columns) labels of each frame, see `seg.on_planes`.
        frames: the images, in the same order.
    """
    down, across = frames[0].place.spacing_mm or (1.0, 1.0)
    values: dict[Part, list[int]] = {}
    for value in (int(v) for v in np.unique(planes) if v):
        part = LABEL_VALUES[value]
        for one in {part, Part(part.muscle, Region.WHOLE, part.side)}:
            values.setdefault(one, []).append(value)
    found = {}
    for part, own in values.items():
        mask = np.isin(planes, own)
        counts = mask.sum(axis=(1, 2))
        plane = int(counts.argmax())
        found[part] = Outline(plane, float(counts[plane]) * down * across / 100, _lines(mask[plane]))
    return found


def _lines(mask: Array) -> tuple[FloatArray, ...]:
    """Outer borders of the largest pieces; what lies inside one, as a hole, is no piece."""
    padded = np.pad(mask, 1).astype(np.float32)
    rings = [line for line in find_contours(padded, 0.5) if _area(line) > 0]  # the other way round: holes
    rings.sort(key=_area, reverse=True)
    # from the centres of the padded image's pixels to the corner of the image's first pixel
    return tuple(np.ascontiguousarray(line[:, ::-1]) - 0.5 for line in rings[:_MOST_PIECES])


def _area(line: FloatArray) -> float:
    """Twice the area within a closed line; negative where it runs the other way."""
    rows, columns = line[:, 0], line[:, 1]
    return float(np.dot(rows[1:], columns[:-1]) - np.dot(rows[:-1], columns[1:]))
