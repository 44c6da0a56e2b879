"""Labels from a folder of one NIfTI mask for each class, named as the class: TotalSegmentator's output without --ml."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import glutei_of
from gluteal_grade.io import Series, Study, read_volume
from gluteal_grade.segmentation.labelmap import series_on_grid
from gluteal_grade.segmentation.misplaced import misplaced
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.segmentation.segfile import Segment
from gluteal_grade.segmentation.segparts import part_of
from gluteal_grade.segmentation.turned_labels import check_turned
from gluteal_grade.vocabulary import Part, label_value


def class_files(folder: Path) -> dict[Path, Part]:
    """The masks of muscles in a folder, by what their names say; other classes are left out, and all where no gluteus is among them.

    Raises:
        RefusedInput: `labels_numbering`: a gluteal name that tells no side, or two.
    """
    files = [path for path in sorted(folder.iterdir()) if path.name.lower().endswith((".nii", ".nii.gz")) and not path.name.startswith(".")]
    parts = {path: part_of(Segment(0, path.name.split(".nii")[0], (), ())) for path in files}
    known = {path: part for path, part in parts.items() if part is not None}
    return {} if all(part.muscle.optional for part in known.values()) else known


@dataclass(frozen=True)
class FolderSegmenter:
    """Labels from one mask for each muscle and side.

    Attributes:
        folder: holds ``gluteus_maximus_left.nii.gz`` and so on.
    """

    folder: Path

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        """The masks as one label map, on the series they lie on.

        Raises:
            RefusedInput: `labels_unreadable`, `labels_geometry`, `labels_empty`, `labels_numbering`.
        """
        labels, both, digest = merged(self.folder)
        if not glutei_of(labels).array.any():
            raise RefusedInput(Reason.LABELS_EMPTY, "no gluteal mask of the folder has a voxel")
        check_turned(labels, lambda: series_on_grid(labels, study, preferred))
        if why := misplaced(labels):
            raise RefusedInput(Reason.LABELS_NUMBERING, f"the masks lie where these muscles cannot: {why}")
        reference = series_on_grid(labels, study, preferred)
        assert reference.grid is not None
        notes = (Note(Reason.LABEL_UNCERTAIN, f"{both} voxels lie in two masks; the later one has them"),) if both else ()
        placed = Volume(labels.array, reference.grid.affine)
        return Segmentation(placed, reference, "labelmap:folder", digest, notes)


def merged(folder: Path) -> tuple[Volume, int, str]:
    """The masks of a folder as one label map.

    Returns:
        uint8 values of `anatomy.LABEL_VALUES`; how many voxels lie in two masks (the later one has them); sha256 of the files.

    Raises:
        RefusedInput: `labels_unreadable`, `labels_geometry`, `labels_numbering`; `labels_empty` without a gluteal mask.
    """
    files = class_files(folder)
    if len(set(files.values())) < len(files):
        raise RefusedInput(Reason.LABELS_NUMBERING, "two masks of the folder name the same muscle and side")
    digest, labels, both = hashlib.sha256(), None, 0
    # a muscle beside the glutei has what they leave
    for path, part in sorted(files.items(), key=lambda one: not one[1].muscle.optional):
        mask = _mask(path)
        if labels is None:
            labels = mask.with_array(np.zeros(mask.shape, np.uint8))
        elif not mask.grid.matches(labels.grid):
            raise RefusedInput(Reason.LABELS_GEOMETRY, "the masks of the folder lie on different grids")
        inside = mask.array > 0
        both += int(np.count_nonzero(inside & (glutei_of(labels).array > 0)))
        labels.array[inside] = label_value(part)
        digest.update(f"{part} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    if labels is None:
        raise RefusedInput(Reason.LABELS_EMPTY, "the folder has no gluteal mask")
    return labels, both, digest.hexdigest()


def _mask(path: Path) -> Volume:
    try:
        volume = read_volume(path)
    except RefusedInput as error:
        raise RefusedInput(Reason.LABELS_UNREADABLE, f"{error.reason.value}: {error.detail}") from error
    if len(np.unique(volume.array)) > 2:
        raise RefusedInput(Reason.LABELS_UNREADABLE, "a mask of the folder holds more than two values; give a label map by its own path")
    return volume
