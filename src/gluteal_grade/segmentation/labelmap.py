"""Bring your own labels: a label map drawn or computed elsewhere, checked against the study it is used with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Array, Volume
from gluteal_grade.imaging import glutei_of
from gluteal_grade.io import Series, Study, fits_labels, label_names, read_volume
from gluteal_grade.segmentation.numbering import Numbering
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.segmentation.turned_labels import check_turned
from gluteal_grade.segmentation.witnesses import check_numbering, fitting, numbering_of


@dataclass(frozen=True)
class LabelMapSegmenter:
    """Labels from a NIfTI file in a known numbering.

    Attributes:
        path: 3-D NIfTI on the grid of one series of the study (any axis order).
        numbering: what its values mean.
        name: the numbering's name, for provenance.
        assumed: the user named no numbering; then a value outside it is refused, as the numbers of another one would read as ours, unless
            the file's own label table names the muscles.
    """

    path: Path
    numbering: Numbering
    name: str
    assumed: bool = False

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        """The file's labels on the series they fit.

        Raises:
            RefusedInput: `labels_not_found`, `labels_unreadable`, `labels_not_integer`, `labels_numbering`, `labels_empty`,
                `labels_geometry`.
        """
        volume = self._read()
        values = _whole_numbers(volume.array)
        names = self._names()
        numbering, name = self.numbering, self.name
        own = numbering_of(names) if self.assumed else None
        foreign = sorted(set(np.unique(values).tolist()) - {0, *numbering.labels}) if self.assumed else []
        if foreign and own is not None:
            numbering, name = own, "label table"
        elif foreign:
            other = fitting(volume.with_array(values), name, names)
            raise RefusedInput(Reason.LABELS_NUMBERING, f"values {foreign[:8]} are not of {self.name!r}, which was assumed{other}")
        labels = volume.with_array(numbering.translate(values))
        if not names:
            check_turned(labels, lambda: series_on_grid(labels, study, preferred), lambda: fitting(volume.with_array(values), name, names))
        check_numbering(volume.with_array(values), numbering, name, names)
        reference = series_on_grid(labels, study, preferred)
        if not glutei_of(labels).array.any():
            found = np.unique(volume.array)[:8]
            other = fitting(volume.with_array(values), name, names)
            raise RefusedInput(Reason.LABELS_EMPTY, f"no value of {name!r} in the label map; its first values are {found.tolist()}{other}")
        placed = Volume(labels.array, reference.grid.affine if reference.grid else labels.affine)
        return Segmentation(placed, reference, f"labelmap:{name}", hashlib.sha256(self.path.read_bytes()).hexdigest())

    def _names(self) -> dict[int, str]:
        try:
            return label_names(self.path)
        except RefusedInput as error:
            raise RefusedInput(Reason.LABELS_UNREADABLE, f"{error.reason.value}: {error.detail}") from error

    def _read(self) -> Volume:
        if not self.path.is_file():
            raise RefusedInput(Reason.LABELS_NOT_FOUND, "no file at the path given to --labels")
        try:
            return read_volume(self.path).to_ras()
        except RefusedInput as error:
            raise RefusedInput(Reason.LABELS_UNREADABLE, f"{error.reason.value}: {error.detail}") from error


def _whole_numbers(array: Array) -> Array:
    if np.issubdtype(array.dtype, np.integer):
        return array
    rounded = np.rint(array)
    if not np.all(np.isfinite(array)) or np.abs(array - rounded).max(initial=0.0) > 1e-3:
        raise RefusedInput(Reason.LABELS_NOT_INTEGER, "the label map holds fractions or non-finite values")
    return rounded.astype(np.int64)


def series_on_grid(labels: Volume, study: Study, preferred: tuple[Series, ...]) -> Series:
    """The first series, preferred ones first, whose grid is the labels' grid."""
    candidates = [*preferred, *(s for s in study.series if s not in preferred)]
    for series in candidates:
        if fits_labels(series, labels.grid):
            return series
    raise RefusedInput(Reason.LABELS_GEOMETRY, _difference(labels, candidates))


def _difference(labels: Volume, candidates: list[Series]) -> str:
    usable = [s for s in candidates if s.refusal is None and s.grid]
    same_shape = [s for s in usable if s.grid and s.grid.shape == labels.shape]
    if same_shape and same_shape[0].grid:
        apart = float(np.linalg.norm(labels.grid.corners_mm() - same_shape[0].grid.corners_mm(), axis=1).max())
        return f"the labels have the shape of series {same_shape[0].id} but lie up to {apart:.1f} mm from it"
    shapes = ", ".join(f"{s.id} {'x'.join(map(str, s.grid.shape))}" for s in usable[:5] if s.grid)
    return f"the labels are {'x'.join(map(str, labels.shape))} voxels (RAS+), the series: {shapes}"
