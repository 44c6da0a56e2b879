"""A correction drawn in the page: slices put into the present labels, and handed in as a label map like any other."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from gluteal_grade.errors import Reason, RefusedInput, not_writable
from gluteal_grade.geometry import Array, Volume
from gluteal_grade.imaging import box_of
from gluteal_grade.io import read_volume, save_volume, single
from gluteal_grade.report import Place, View, view_of
from gluteal_grade.result import StudyResult
from gluteal_grade.review.correction import UPLOAD_LIMIT, Correction, CorrectionState, result_folder
from gluteal_grade.review.corrections import corrected_result
from gluteal_grade.review.database import FOLDER
from gluteal_grade.review.origin import result_of
from gluteal_grade.review.runs import TO_WHOLE, WHOLE_VALUES, Picture
from gluteal_grade.review.uploads import accept_upload
from gluteal_grade.segmentation import GIVEN
from gluteal_grade.vocabulary import LABEL_VALUES, StudyFile


@dataclass(frozen=True, eq=False)
class Present:
    """The labels that a reader draws on.

    Attributes:
        labels: our own values.
        view: how their slices are shown.
        regions: as in the result that was measured on them: where each muscle's regions come from.
        sha256: of their file.
    """

    labels: Volume
    view: View
    regions: Mapping[str, str]
    sha256: str

    @property
    def size(self) -> tuple[int, int, int]:
        """Slices, rows and columns."""
        shape, view = self.labels.shape, self.view
        return shape[view.slice_axis], shape[view.row_axis], shape[view.column_axis]

    def picture(self, index: int) -> Picture:
        """One slice, whole muscles."""
        return TO_WHOLE[self.view.picture(self.labels.array, index)]


def present_labels(out: Path, study: str, correction: Correction | None = None) -> Present:
    """The labels of a study's result, or those of a correction that was measured.

    Raises:
        RefusedInput: `study_not_found`, `not_a_result`, `images_not_found`: it has no labels; `bad_drawing`: the correction is of another
            study, was not measured, or lies on another grid than the pictures.
        TransientFailure: `read_failed`.
    """
    place, result = result_of(out, study)
    first, sha256 = _read(place, out)
    if result.slice_axis is None:
        raise RefusedInput(Reason.IMAGES_NOT_FOUND, "the study's result has no slices")
    view = view_of(first.grid, result.slice_axis)
    if correction is None:
        return Present(first, view, _regions(result), sha256)
    if correction.study != study or correction.state is not CorrectionState.DONE:
        raise RefusedInput(Reason.BAD_DRAWING, "the correction drawn on was not measured, or is of another study")
    labels, sha256 = _read(Place(correction.id), result_folder(out, correction).parent)
    if not labels.grid.matches(first.grid):
        raise RefusedInput(Reason.BAD_DRAWING, "the correction drawn on lies on another grid than the pictures")
    return Present(labels, view, _regions(corrected_result(out, correction)), sha256)


def accept_drawing(out: Path, study: str, present: Present, slices: Mapping[int, Picture], limit: int = UPLOAD_LIMIT) -> Correction:
    """Check and store what was drawn, as `accept_upload` does; the file says which labels it was drawn on.

    Args:
        out: the output folder.
        study: hash of one of its results.
        present: its labels.
        slices: those that were changed, whole muscles.
        limit: bytes of a label map.

    Raises:
        RefusedInput: `bad_drawing`: nothing is changed; as `accept_upload`.
        TransientFailure: as `accept_upload`.
    """
    labels = with_slices(present, slices)
    path = out / FOLDER / f".drawn.{uuid.uuid4().hex}.nii.gz"
    try:
        path.parent.mkdir(exist_ok=True)
        save_volume(labels, path, description=f"drawn on {present.sha256}")
        return accept_upload(out, study, path, limit)
    except OSError as error:
        raise not_writable(error) from error
    finally:
        path.unlink(missing_ok=True)


def with_slices(present: Present, slices: Mapping[int, Picture]) -> Volume:
    """The labels with these slices; a muscle whose regions were found by rule is whole, so that the rule finds them in its new shape.

    Raises:
        RefusedInput: `bad_drawing`: nothing is changed.
    """
    array, painted = present.labels.array.copy(), np.zeros(present.labels.shape, np.bool_)
    for index, picture in slices.items():
        before = present.picture(index)
        changed = picture != before
        fine = present.view.picture(present.labels.array, index)
        here = (slice(None),) * present.view.slice_axis + (index,)
        array[here] = present.view.unpictured(np.where(changed, picture, fine))
        painted[here] = present.view.unpictured(changed)
    if not painted.any():
        raise RefusedInput(Reason.BAD_DRAWING, "nothing was changed")
    by_rule = np.arange(256, dtype=np.uint8)
    for (muscle, side), whole in WHOLE_VALUES.items():
        parts = [v for v, p in LABEL_VALUES.items() if (p.muscle, p.side) == (muscle, side) and v != whole]
        if present.regions.get(f"{side} {muscle}") == GIVEN:
            _nearest(array, painted & (array == whole), parts, present.labels.spacing_mm)
        else:
            by_rule[parts] = whole
    return present.labels.with_array(by_rule[array])


def _nearest(array: Array, painted: npt.NDArray[np.bool_], parts: list[int], spacing_mm: tuple[float, float, float]) -> None:
    """What was painted takes the region that lies nearest: somebody drew the regions, and no rule would find them again."""
    there = np.isin(array, parts)
    if not there.any() or not painted.any():
        return
    box = tuple(slice(s.start, s.stop) for s in box_of(there | painted))
    part = array[box]
    nearest = distance_transform_edt(~there[box], sampling=spacing_mm, return_distances=False, return_indices=True)
    part[painted[box]] = part[tuple(nearest)][painted[box]]


def _regions(result: StudyResult) -> Mapping[str, str]:
    return result.segmentation.regions if result.segmentation else {}


def _read(place: Place, out: Path) -> tuple[Volume, str]:
    path = place.find(out, StudyFile.LABELS)
    if not path.is_file():
        raise RefusedInput(Reason.IMAGES_NOT_FOUND, "the study's folder has no labels.nii.gz")
    volume = read_volume(path)
    return volume.with_array(np.ascontiguousarray(volume.array, np.uint8)), single(path).sha256()
