"""Where a NIfTI header puts its voxels, and what it says of that twice."""

from __future__ import annotations

from typing import Any

import numpy as np
from nibabel.spatialimages import HeaderDataError

from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.geometry import FloatArray

# xyzt_units (nifti1.h): 0 unknown, 1 metre, 2 millimetre, 3 micrometre
_MM_OF_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_SPACING_MM = (0.02, 100.0)  # no image of a hip has smaller or larger voxels
_SIZE_SHARE = 0.01  # sizes of voxels that differ by less are one size
_SAME_AXIS = 0.5  # cosine: axes further apart than 60 degrees are different axes
_SAME_PLACE_MM = 1.0


def stored_affine(header: Any) -> tuple[FloatArray, tuple[Note, ...]]:
    """Voxel to RAS+ mm: sform before qform, as every reader has it.

    With both codes 0 ("method 1") the file holds voxel sizes and no word on which side is left. Readers then guess one, and they do not
    agree; here the side is the result, so it is refused. So is a header whose sform and qform differ in what is left, in the direction of
    an axis, or in the size of a voxel: some programs read the one, some the other.

    Returns:
        (4, 4) matrix, and a note where sform and qform differ in less than that.

    Raises:
        RefusedInput: `no_geometry`, `bad_affine`, `geometry_contradicts`.
    """
    if int(header["sform_code"]) == 0 and int(header["qform_code"]) == 0:
        raise RefusedInput(Reason.NO_GEOMETRY, "sform and qform codes are both 0: nothing tells left from right")
    try:
        affine = np.asarray(header.get_best_affine(), dtype=np.float64)
        other = np.asarray(header.get_qform(), dtype=np.float64) if int(header["qform_code"]) and int(header["sform_code"]) else None
    except (HeaderDataError, ValueError, np.linalg.LinAlgError) as error:
        raise RefusedInput(Reason.BAD_AFFINE, "the quaternion in the header is none") from error
    unit = _unit_mm(header, affine)
    notes = () if other is None else _compared(affine, other)
    affine[:3] *= unit
    return affine, notes


def _unit_mm(header: Any, affine: FloatArray) -> float:
    """Millimetres of the header's unit of length."""
    unit = _MM_OF_UNIT.get(int(header["xyzt_units"]) & 7, 1.0)
    with np.errstate(all="ignore"):
        sizes = np.linalg.norm(affine[:3, :3], axis=0) * unit
    if unit != 1.0 and not ((sizes >= _SPACING_MM[0]) & (sizes <= _SPACING_MM[1])).all():
        raise RefusedInput(
            Reason.GEOMETRY_CONTRADICTS, f"voxels would be {' x '.join(f'{s:g}' for s in sizes)} mm by the header's unit of length"
        )
    return unit


def _compared(sform: FloatArray, qform: FloatArray) -> tuple[Note, ...]:
    sizes, others = (np.linalg.norm(a[:3, :3], axis=0) for a in (sform, qform))
    if not (np.isfinite(sizes).all() and np.isfinite(others).all() and (sizes > 0).all() and (others > 0).all()):
        return ()  # the grid itself refuses what is no matrix
    if (np.abs(sizes - others) > _SIZE_SHARE * np.maximum(sizes, others)).any():
        told = " and ".join(" x ".join(f"{v:.3g}" for v in one) for one in (sizes, others))
        raise RefusedInput(Reason.GEOMETRY_CONTRADICTS, f"sform and qform give voxels of {told} mm")
    cosines = np.sum(sform[:3, :3] / sizes * (qform[:3, :3] / others), axis=0)
    if (cosines < _SAME_AXIS).any() or np.linalg.det(sform[:3, :3]) * np.linalg.det(qform[:3, :3]) < 0:
        raise RefusedInput(Reason.GEOMETRY_CONTRADICTS, "sform and qform disagree on the direction of an axis, as left and right")
    turned = float(np.degrees(np.arccos(np.clip(cosines.min(), -1, 1))))
    moved = float(np.linalg.norm(sform[:3, 3] - qform[:3, 3]))
    if turned > 1.0 or moved > _SAME_PLACE_MM:
        return (
            Note(Reason.GEOMETRY_CONTRADICTS, f"sform and qform differ by {turned:.1f} degrees and {moved:.1f} mm; the sform was taken"),
        )
    return ()
