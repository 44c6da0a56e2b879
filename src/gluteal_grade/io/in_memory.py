"""Images that a Python program holds (nibabel), as files that discovery, label maps and masks are read from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.spatialimages import SpatialImage

from gluteal_grade.geometry import Array


def is_image(given: object) -> bool:
    """Is it a nibabel image with a place in the patient?"""
    return isinstance(given, SpatialImage)


def save_image(image: Any, path: Path) -> Path:
    """Write an image as an uncompressed NIfTI file with the values that nibabel gives for it.

    Whole numbers stay what they are, all else becomes float32. Whether the image says where it lies in the patient (sform and qform
    codes) is kept: without it, it is refused when it is read, as its file would be.

    Args:
        image: NIfTI-1 or -2, or MGH.
        path: ending in `.nii`.

    Raises:
        TypeError: of a format that does not tell left from right (Analyze), or no image at all.
    """
    if not isinstance(image, nib.Nifti1Pair | nib.MGHImage):
        raise TypeError(f"a {type(image).__name__} does not tell left from right: give a NIfTI image or the path of a file")
    array = _storable(np.asanyarray(image.dataobj))
    written: Any = nib.Nifti1Image(array, image.affine, dtype=array.dtype)
    if isinstance(image, nib.Nifti1Pair):
        affine, code = image.header.get_sform(coded=True)
        written.header.set_sform(affine if code else image.affine, code=int(code))
        affine, code = image.header.get_qform(coded=True)
        written.header.set_qform(affine if code else image.affine, code=int(code))
    path.write_bytes(written.to_bytes())
    return path


def _storable(array: Array) -> Array:
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    if not np.issubdtype(array.dtype, np.integer):
        return array.astype(np.float32)
    narrow = np.min_scalar_type(int(np.abs(array).max())) if array.dtype.itemsize > 4 and array.size else array.dtype
    return array.astype(np.int32) if array.dtype.itemsize > 4 and narrow.itemsize <= 4 else array
