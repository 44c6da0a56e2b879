"""Real images and the label maps that belong to them, in a BIDS-like folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import discover
from gluteal_grade.io.bids import parse_name
from gluteal_grade.io.nifti import read_header
from gluteal_grade.io.study import Series
from gluteal_grade.segmentation.numbering import Numbering
from gluteal_grade.vocabulary import GLUTEI, Side

_LABEL_SUFFIXES = ("_dseg.nii.gz", "_dseg.nii")


@dataclass(frozen=True)
class Pair:
    """An image and the label map on its grid.

    Attributes:
        image: of what kind, and how to read it.
        labels: NIfTI file in the lab's numbering.
        name: path of the label map relative to the dataset.
    """

    image: Series
    labels: Path
    name: str


def find_pairs(folder: Path, numbering: Numbering) -> tuple[Pair, ...]:
    """Every image of a dataset that has labels.

    A label map ``sub-*/[ses-*/]anat/*_dseg.nii.gz``, in the dataset or in ``derivatives/*/``, belongs to every image of the same subject
    and session that lies on its grid: the four images of a Dixon acquisition make four pairs with one label map.

    Args:
        folder: the dataset.
        numbering: of the label maps.

    Raises:
        RefusedInput: `input_not_found`, `no_images`; `labels_not_found` where there is no label map, `labels_geometry` where one fits no
            image; `labels_numbering` where a side has not all three muscles: the one left out would be taught as background.
    """
    _check_complete(numbering)
    images: dict[str, list[Series]] = {}
    for study in discover(folder).studies:
        for series in study.series:
            images.setdefault(_who(series.description), []).append(series)
    maps = sorted(path for path in folder.rglob("*") if path.name.endswith(_LABEL_SUFFIXES))
    if not maps:
        raise RefusedInput(Reason.LABELS_NOT_FOUND, "no file named *_dseg.nii.gz under the dataset")
    pairs = []
    for path in maps:
        name = path.relative_to(folder).as_posix()
        grid = read_header(path).grid.to_ras()
        fitting = [s for s in images.get(_who(name), []) if s.grid is not None and s.refusal is None and s.grid.matches(grid)]
        if not fitting:
            raise RefusedInput(Reason.LABELS_GEOMETRY, f"{name} lies on the grid of no image of its subject")
        pairs += [Pair(series, path, name) for series in fitting]
    return tuple(pairs)


def _who(name: str) -> str:
    """Subject and session, without the folder before them."""
    group = parse_name(name).group
    return group[group.find("sub-") :] if "sub-" in group else group


def _check_complete(numbering: Numbering) -> None:
    parts = numbering.parts().values()
    for side in Side:
        there = {part.muscle for part in parts if part.side is side}
        if there and not there >= set(GLUTEI):
            missing = ", ".join(sorted(set(GLUTEI) - there))
            raise RefusedInput(Reason.LABELS_NUMBERING, f"{side}: {missing} missing; every gluteal muscle in view must be labelled")
