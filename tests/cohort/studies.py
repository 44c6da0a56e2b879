"""Small studies on disk for end-to-end batches: NIfTI pairs of a toy pelvis with their labels."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import nibabel as nib
import numpy as np

from tests.synthetic import Toy, dixon, make_toy


@lru_cache(maxsize=8)
def toy(fat: float) -> Toy:
    """With marrow that lies elsewhere in every slice: ellipsoids alone look the same upside down, and the slices would be out of order."""
    one = make_toy(fat, shape=(72, 52, 20), spacing=(5.0, 5.0, 9.0))
    x, y, z = np.moveaxis(one.grid.to_world(np.moveaxis(np.indices(one.grid.shape), 0, -1)), -1, 0)
    marrow = (np.hypot(x - z, y - 50) < 22) & one.body & (one.labels.array == 0)
    return replace(one, fat=np.where(marrow, 0.85, one.fat))


def save(path: Path, array: np.ndarray, affine: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def write_pair(folder: Path, name: str, fat: float = 0.3, number: int = 0) -> Path:
    """`folder/name/{water,fat,labels}.nii.gz`; `number` makes the files those of another study, by a little noise."""
    one = toy(fat)
    rng = np.random.default_rng(number)
    for kind, array in zip(("water", "fat"), dixon(one), strict=True):
        noisy = np.asarray(array + rng.normal(0, 0.5, array.shape), np.float32)
        save(folder / name / f"{kind}.nii.gz", noisy, one.grid.affine)
    save(folder / name / "labels.nii.gz", one.labels.array, one.grid.affine)
    return folder / name
