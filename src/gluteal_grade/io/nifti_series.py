"""NIfTI files as `Series`: named by their stem, classified by name, sidecar and, for CT, by their values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.axes import plane_of
from gluteal_grade.io.bids import NiftiName, facts_from, parse_name, parse_sidecar, stem_of
from gluteal_grade.io.dicom import Refuse, acquisition
from gluteal_grade.io.files import FileRef
from gluteal_grade.io.nifti import read_header, read_volume
from gluteal_grade.io.origin import origin_of_name
from gluteal_grade.io.philips import scale_of
from gluteal_grade.io.sequences import classify, mars_hint, shipped_rules
from gluteal_grade.io.study import Plane, Series
from gluteal_grade.vocabulary import SeriesKind

# One word for what a NIfTI file alone does not say.
UNKNOWN = "neither name, sidecar nor values tell the contrast: name it with --kind"
# A header that says something is wrong with the image, not the file: the series is listed, refused.
GEOMETRY_REASONS = {
    Reason.NOT_3D, Reason.BAD_AFFINE, Reason.SHEARED_AFFINE, Reason.NO_GEOMETRY, Reason.UNSUPPORTED_PIXELS, Reason.GEOMETRY_CONTRADICTS,
}  # fmt: skip


@dataclass(frozen=True)
class NiftiLoader:
    """Reads a NIfTI file when called: float32, RAS+; errors of `read_volume`.

    Attributes:
        file: the file.
        factor: what its values are multiplied with, where a converter has left them on a scale for the display.
    """

    file: FileRef
    factor: float = 1.0

    def __call__(self) -> Volume:
        """The volume.

        Raises:
            RefusedInput: `unreadable_nifti`, also where no voxel is finite.
            TransientFailure: `read_failed`.
        """
        volume = read_volume(self.file, as_float=True)
        if not np.isfinite(volume.array).any():
            raise RefusedInput(Reason.UNREADABLE_NIFTI, "no voxel holds a finite number")
        return volume if self.factor == 1.0 else volume.with_array(volume.array * np.float32(self.factor))


def nifti_series(file: FileRef, sidecar: FileRef | None) -> Series:
    """One NIfTI file as a series; its id is final only within its study, see `with_unique_ids`.

    Raises:
        GradeError: the file is no readable NIfTI at all (`empty_file`, `unreadable_nifti`, `read_failed`).
    """
    name = parse_name(file.name)
    told = parse_sidecar(sidecar.read()) if sidecar else {}
    facts = facts_from(name, told, shipped_rules().bids)
    kind, reason = classify(facts)
    mars, mars_reason = mars_hint(facts)
    base = Series(
        id=short_id(name),
        kind=kind,
        kind_reason=reason,
        load=NiftiLoader(file),
        description=name.stem,
        mars=mars,
        mars_reason=mars_reason,
        acquisition=acquisition(facts, rescaled=False),
        origin=origin_of_name(name),
        sources=(file.sha256(),),
    )
    try:
        header = read_header(file)
    except GradeError as error:
        if error.reason not in GEOMETRY_REASONS:
            raise
        return replace(base, refusal=error, load=Refuse(error))
    slice_axis = _slice_axis(header.grid.spacing_mm)
    scale = scale_of(told, scaled=header.scaled, fraction=kind is SeriesKind.FAT_FRACTION)
    series = replace(
        base,
        load=NiftiLoader(file, scale.factor),
        notes=header.notes,
        grid=header.grid.to_ras(),
        slice_axis=int(header.grid.orientation[slice_axis, 0]),
        plane=plane_of(header.grid.direction(slice_axis)),
        acquisition=replace(base.acquisition, rescaled=scale.shared, offset=header.offset * scale.factor),
    )
    if reason.startswith("no rule applies"):
        return _by_values(series)
    return series


def short_id(name: NiftiName) -> str:
    """A BIDS stem without subject and session as an id; empty for any other name, which may hold a patient's."""
    parts = name.stem.split("_")
    if not parts[0].startswith("sub-"):
        return ""
    stem = "_".join(part for part in parts if not part.startswith(("sub-", "ses-")))
    return re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_")


def with_unique_ids(series: Sequence[Series]) -> list[Series]:
    """The series of one study: a file without an id of its own is called by its kind, repeated ids have -2, -3... behind them."""
    seen: dict[str, int] = {}
    result = []
    for one in series:
        name = one.id or one.kind.value
        seen[name] = seen.get(name, 0) + 1
        result.append(replace(one, id=name if seen[name] == 1 else f"{name}-{seen[name]}"))
    return result


def _slice_axis(spacing_mm: Sequence[float]) -> int:
    """The axis across the slices: the coarsest, the stored third of isotropic voxels."""
    coarsest = int(np.argmax(spacing_mm))
    return coarsest if spacing_mm[coarsest] > 1.01 * sorted(spacing_mm)[1] else 2


def _by_values(series: Series) -> Series:
    """CT is the one contrast that values alone give away: air lies near -1000 HU, soft tissue near 0."""
    try:
        values = series.load().array[::2, ::2, ::2]
    except GradeError as error:
        return replace(series, refusal=error, load=Refuse(error), grid=None, plane=Plane.UNKNOWN)
    air = float(np.mean((values > -1100) & (values < -850)))
    soft = float(np.mean((values > -250) & (values < 200)))
    if np.nanmin(values) >= -5000 and air > 0.02 and soft > 0.05:
        reason = f"ct_by_values: {air:.0%} of voxels near -1000, {soft:.0%} near 0"
        return replace(series, kind=SeriesKind.CT, kind_reason=reason, acquisition=replace(series.acquisition, modality="CT"))
    return replace(series, kind=SeriesKind.OTHER, kind_reason=UNKNOWN)


def find_sidecar(file: FileRef, others: Mapping[str, FileRef]) -> FileRef | None:
    """The JSON of the same stem in the same folder."""
    return others.get(f"{file.folder}/{stem_of(file.basename)}.json")
