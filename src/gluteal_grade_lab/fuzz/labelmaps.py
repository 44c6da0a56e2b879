"""Faults of the label map that goes with a study."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from gluteal_grade_lab.fuzz.headers import Fault
from gluteal_grade_lab.fuzz.seeds import Case

Voxels = npt.NDArray[Any]
Affine = npt.NDArray[np.float64]


def _voxels(change: Callable[[Voxels, Random], Voxels]) -> Fault:
    return _both(lambda array, affine, rng: (change(array, rng), affine))


def _affine(change: Callable[[Affine], Affine]) -> Fault:
    return _both(lambda array, affine, _: (array, change(affine.copy())))


def _both(change: Callable[[Voxels, Affine, Random], tuple[Voxels, Affine]]) -> Fault:
    def fault(case: Case, rng: Random) -> None:
        image: Any = nib.load(case.labels)
        array, affine = change(np.asarray(image.dataobj), np.asarray(image.affine), rng)
        changed = nib.Nifti1Image(np.ascontiguousarray(array), affine)
        changed.set_qform(affine, 1)
        changed.set_sform(affine, 1)
        nib.save(changed, case.labels)

    return fault


def _shifted(affine: Affine) -> Affine:
    affine[0, 3] += 90.0
    return affine


def _mirrored(affine: Affine) -> Affine:
    affine[0] *= -1
    return affine


def _exchanged(array: Voxels, rng: Random) -> Voxels:
    """Two muscles, or the two sides of one, under each other's number."""
    found = [int(v) for v in np.unique(array) if v]
    one, other = rng.sample(found, 2)
    changed = array.copy()
    changed[array == one], changed[array == other] = other, one
    return changed


def _checksum(case: Case, rng: Random) -> None:
    data = bytearray(case.labels.read_bytes())
    data[-8 if rng.random() < 0.5 else len(data) // 2] ^= 0xFF
    case.labels.write_bytes(bytes(data))


def _gone(case: Case, rng: Random) -> None:
    case.labels.unlink()
    if rng.random() < 0.5:
        case.labels.mkdir()


FAULTS: dict[str, Fault] = {
    "labels upside down": _voxels(lambda a, _: a[:, :, ::-1]),
    "labels front to back": _voxels(lambda a, _: a[:, ::-1]),
    "labels right to left": _voxels(lambda a, _: a[::-1]),
    "labels two exchanged": _voxels(_exchanged),
    "labels of unknown numbers": _voxels(lambda a, _: np.where(a > 0, a + 100, 0).astype(a.dtype)),
    "labels not whole": _voxels(lambda a, _: a.astype(np.float32) * 1.01),
    "labels smoothed": _voxels(lambda a, _: (a.astype(np.float32) + np.roll(a, 1, 0)) / 2),
    "labels empty": _voxels(lambda a, _: np.zeros_like(a)),
    "labels a slice short": _voxels(lambda a, _: a[:, :, :-1]),
    "labels four-dimensional": _voxels(lambda a, _: np.stack([a, a], -1)),
    "labels as float": _voxels(lambda a, _: a.astype(np.float64)),
    "labels moved by 90 mm": _affine(_shifted),
    "labels mirrored": _affine(_mirrored),
    "labels in metres": _affine(lambda m: np.diag([0.001, 0.001, 0.001, 1.0]) @ m),
    "labels damaged": _checksum,
    "labels gone": _gone,
}
