"""Is an uploaded file a label map of this study? Headers first, so that no claim of a file costs memory.

What only the images can tell (a map on another series than the one shown, the pixels of a segmentation) is found when it is measured.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io import Series, Study, quiet_pydicom, read_header, text
from gluteal_grade.report import Place
from gluteal_grade.result import SeriesReport, StudyResult
from gluteal_grade.segmentation import OWN_NUMBERING, LabelMapSegmenter, is_seg, load_numbering, open_seg, parts_of
from gluteal_grade.vocabulary import SeriesKind

_DEFLATED = "1.2.840.10008.1.2.1.99"  # unpacks to any size before a single element is read


def check_nifti(path: Path, result: StudyResult, place: Place, out: Path) -> None:
    """Refuse what `grade --labels` would refuse.

    Raises:
        RefusedInput: `labels_unreadable`, `labels_not_integer`, `labels_numbering`, `labels_empty`, `labels_geometry`.
    """
    try:
        header = read_header(path)
    except RefusedInput as error:
        raise RefusedInput(Reason.LABELS_UNREADABLE, f"{error.reason.value}: {error.detail}") from error
    shapes = {tuple(sorted(one.shape)) for one in result.series if one.shape}
    if tuple(sorted(header.grid.shape)) not in shapes:
        sizes = ", ".join(dict.fromkeys("x".join(map(str, one.shape)) for one in result.series if one.shape))
        raise RefusedInput(Reason.LABELS_GEOMETRY, f"the labels are {'x'.join(map(str, header.grid.shape))} voxels, the series: {sizes}")
    shown = _shown(result, place, out)
    spacing = tuple(sorted(round(mm, 2) for mm in header.grid.spacing_mm))
    on_other = shown is None or any(one.shape != shown.shape and _could_hold(one, header.grid.shape, spacing) for one in result.series)
    segmenter = LabelMapSegmenter(path, load_numbering(OWN_NUMBERING), OWN_NUMBERING, assumed=True)
    series = Series("shown", SeriesKind.OTHER, "", _nothing, grid=shown or _grid_of(header.grid))
    try:
        segmenter.segment(Study(result.study, (series,)), ())
    except RefusedInput as error:
        if error.reason is not Reason.LABELS_GEOMETRY or not on_other:
            raise


def check_seg(path: Path, result: StudyResult) -> None:
    """The same for a DICOM Segmentation, as far as its header tells.

    Raises:
        RefusedInput: `labels_unreadable`, `labels_numbering`, `labels_geometry`.
    """
    try:
        with quiet_pydicom():
            syntax = text(pydicom.filereader.read_file_meta_info(path), "TransferSyntaxUID")
    except Exception as error:  # damaged files raise anything
        raise RefusedInput(Reason.LABELS_UNREADABLE, f"DICOM: {type(error).__name__} in the header") from error
    if syntax == _DEFLATED:
        raise RefusedInput(Reason.LABELS_UNREADABLE, "a deflated DICOM file; save it uncompressed")
    if not is_seg(path):
        raise RefusedInput(Reason.LABELS_UNREADABLE, "a DICOM object that is no segmentation")
    seg = open_seg(path)
    parts_of(seg.segments)
    planes = {tuple(sorted(pair)) for one in result.series if one.shape for pair in _planes(one.shape)}
    if any(tuple(sorted(frame.shape)) not in planes for frame in seg.frames):
        raise RefusedInput(Reason.LABELS_GEOMETRY, f"frames of {'x'.join(map(str, seg.shape))} pixels fit no series of this study")


def _planes(shape: tuple[int, int, int]) -> tuple[tuple[int, int], ...]:
    return (shape[0], shape[1]), (shape[0], shape[2]), (shape[1], shape[2])


def _shown(result: StudyResult, place: Place, out: Path) -> Grid | None:
    """The grid of the labels that were shown; None where there are none."""
    path = place.find(out, "labels.nii.gz")
    return _grid_of(read_header(path).grid) if path.is_file() and result.refusal is None else None


def _grid_of(stored: Grid) -> Grid:
    """In RAS+ order, as `read_volume` gives it."""
    # one byte, shown as often as the grid has voxels: no memory is taken
    return Volume(np.broadcast_to(np.uint8(0), stored.shape), stored.affine).to_ras().grid


def _could_hold(series: SeriesReport, shape: tuple[int, ...], spacing: tuple[float, ...]) -> bool:
    if series.shape is None or series.spacing_mm is None:
        return False
    return sorted(series.shape) == sorted(shape) and tuple(sorted(round(mm, 2) for mm in series.spacing_mm)) == spacing


def _nothing() -> Volume:
    raise RefusedInput(Reason.IMAGES_NOT_FOUND)
