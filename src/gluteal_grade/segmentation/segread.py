"""Bring your own labels as a DICOM Segmentation: each frame is placed on the grid of the series it belongs to, by patient space.

Read frame by frame, and only the frames of gluteal segments: a whole-body segmentation holds gigabytes of other organs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import glutei_of
from gluteal_grade.io import Series, Study
from gluteal_grade.segmentation.misplaced import misplaced
from gluteal_grade.segmentation.numbering import Numbering
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.segmentation.segfile import SegFile, SegFrame, is_seg, open_seg
from gluteal_grade.segmentation.segparts import parts_of
from gluteal_grade.segmentation.segplace import place_of
from gluteal_grade.segmentation.turned_labels import check_turned
from gluteal_grade.vocabulary import OPTIONAL_VALUES, Part, label_value


def may_be_seg(path: Path) -> bool:
    """Whether labels are to be read as a DICOM Segmentation: it is one, or a folder, which nothing else can be."""
    return path.is_dir() or (path.is_file() and is_seg(path))


@dataclass(frozen=True)
class SegSegmenter:
    """Labels from a DICOM Segmentation (binary, fractional or label map).

    Attributes:
        path: the file, or a folder with one.
        numbering: what the segment numbers mean; None: the segments' own codes and names tell.
        name: the numbering's name, for provenance.
    """

    path: Path
    numbering: Numbering | None = None
    name: str = ""

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        """The file's labels on the series they lie on.

        Raises:
            RefusedInput: `labels_unreadable`, `labels_numbering`, `labels_geometry`, `labels_empty`.
        """
        path = self._file()
        seg = open_seg(path)
        parts = parts_of(seg.segments) if self.numbering is None else self._numbered(seg, self.numbering)
        frames = [frame for frame in seg.frames if frame.segment is None or frame.segment in parts]
        reference = _reference(seg, frames, study, preferred)
        array, mixed = _painted(seg, frames, parts, reference)
        assert reference.grid is not None
        if not glutei_of(Volume(array, reference.grid.affine)).array.any():
            raise RefusedInput(Reason.LABELS_EMPTY, "the gluteal segments of the segmentation have no voxel")
        check_turned(Volume(array, reference.grid.affine), lambda: reference)
        if why := misplaced(Volume(array, reference.grid.affine)):
            raise RefusedInput(Reason.LABELS_NUMBERING, f"the segments lie where these muscles cannot: {why}")
        notes = (Note(Reason.LABEL_UNCERTAIN, f"{mixed} voxels lie in two segments; the later one has them"),) if mixed else ()
        source = f"dicom_seg:{self.name}" if self.name else "dicom_seg"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return Segmentation(Volume(array, reference.grid.affine), reference, source, digest, notes)

    def _file(self) -> Path:
        if not self.path.is_dir():
            return self.path
        found = [file for file in sorted(self.path.rglob("*")) if file.is_file() and is_seg(file)]
        if len(found) != 1:
            maps = sum(file.name.lower().endswith((".nii", ".nii.gz")) for file in self.path.rglob("*"))
            also = f", and {maps} NIfTI files without a gluteal muscle in their names: give the label map's own path" if maps else ""
            raise RefusedInput(Reason.LABELS_UNREADABLE, f"the folder holds {len(found) or 'no'} DICOM segmentations, one is needed{also}")
        return found[0]

    def _numbered(self, seg: SegFile, numbering: Numbering) -> dict[int, Part]:
        found = {number: part for number, part in numbering.parts().items() if any(s.number == number for s in seg.segments)}
        if not found:
            numbers = [s.number for s in seg.segments[:8]]
            raise RefusedInput(Reason.LABELS_NUMBERING, f"no segment number of {self.name!r}; the first are {numbers}")
        return found


def _reference(seg: SegFile, frames: list[SegFrame], study: Study, preferred: tuple[Series, ...]) -> Series:
    """The series that the segmentation names and whose grid it lies on, else the first that it lies on."""
    usable = [s for s in (*preferred, *(s for s in study.series if s not in preferred)) if s.refusal is None and s.grid]
    same_space = [
        s for s in usable if not (seg.frame_of_reference and s.frame_of_reference) or s.frame_of_reference == seg.frame_of_reference
    ]
    named = [s for s in same_space if s.uid is not None and s.uid in seg.series]
    for series in (*named, *(s for s in same_space if s not in named)):
        if series.grid and all(place_of(frame, series.grid) is not None for frame in frames):
            return series
    if usable and not same_space:
        raise RefusedInput(Reason.LABELS_GEOMETRY, "the segmentation has another frame of reference than every series of this study")
    shape = "x".join(map(str, seg.shape))
    raise RefusedInput(Reason.LABELS_GEOMETRY, f"the segmentation's frames ({shape} pixels) lie on the grid of no series of this study")


def _painted(seg: SegFile, frames: list[SegFrame], parts: dict[int, Part], reference: Series) -> tuple[npt.NDArray[np.uint8], int]:
    """The labels on the series' grid, and how many voxels lie in segments of several parts."""
    assert reference.grid is not None
    array = np.zeros(reference.grid.shape, np.uint8)
    mixed = 0
    values = {number: label_value(part) for number, part in parts.items()}
    # in the order of the segments, so that which one is the later does not hang on the order of the frames; a muscle beside the glutei has
    # what they leave
    beside = {number for number, part in parts.items() if part.muscle.optional}
    for frame, pixels in seg.pixels(sorted(frames, key=lambda f: (f.segment not in beside, f.segment or 0, f.index))):
        place = place_of(frame, reference.grid)
        assert place is not None
        plane = place.turned(pixels)
        target = np.moveaxis(array, place.slice_axis, 0)[place.index]
        for number in (frame.segment,) if frame.segment is not None else sorted(values):
            inside = plane > 0 if frame.segment is not None else plane == number
            mixed += int(np.count_nonzero(inside & (target != 0) & ~np.isin(target, OPTIONAL_VALUES) & (target != values[number])))
            target[inside] = values[number]
    return array, mixed
