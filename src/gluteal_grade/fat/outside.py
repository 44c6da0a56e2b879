"""The receive field once the glutei are outlined: from pure fat and lean muscle outside them.

A first field (`bias.py`) knows no muscle from another, and takes 10-25 % fat of a maximus for shading. Here that field only tells which
tissue a voxel is. The second one is fitted to voxels whose neighbours are all of the same pure tissue, none of them in or beside a
gluteus: fat anywhere, lean muscle of the other muscles. Whatever the glutei hold cannot bend it; across them it is carried by its own
smoothness, from the fat behind maximus and between the muscles, and from the muscles around.
"""

from __future__ import annotations

import numpy as np

from gluteal_grade.config import OutsideSettings
from gluteal_grade.fat.polynomials import closeness, everywhere, exponents, terms_at
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask, beside, glutei_of, median_in_plane, modal_value, narrowed

_ENOUGH = 7_500  # voxels of each tissue; more do not steady 165 unknowns
_PER_UNKNOWN = 12  # voxels


def outside_field(
    image: Volume, fraction: FloatArray, near_glutei: Mask, tissues: tuple[float, float], slice_axis: int, settings: OutsideSettings
) -> FloatArray | None:
    """The field, float32 on the whole grid, its scale free; None where too little pure tissue is in view.

    Args:
        image: magnitude as it was taken.
        fraction: fat fraction by a first field on the same grid, NaN where there is none.
        near_glutei: the outlined glutei and what lies beside them, on the same grid (`in_or_beside`).
        tissues: signal of fat-free muscle over that of fat, of the first map; fat fraction of lean muscle.
        slice_axis: array axis across the slices.
        settings: the model.
    """
    lean_over_fat, _ = tissues
    calm = median_in_plane(np.asarray(image.array, np.float32), slice_axis)
    known = np.isfinite(fraction) & (image.array > 0) & (calm > 0) & ~near_glutei
    fat, lean = (np.flatnonzero(_inner(found, slice_axis)) for found in _pure(image.array, calm, fraction, known, tissues, settings))
    if min(fat.size, lean.size) < settings.min_voxels:
        return None
    fat, lean = (found[:: max(1, found.size // _ENOUGH)] for found in (fat, lean))
    index = np.concatenate([fat, lean])
    is_fat = np.arange(index.size) < fat.size
    place = np.stack(np.unravel_index(index, image.shape), axis=1)
    place = 2 * place / np.maximum(np.array(image.shape) - 1, 1) - 1
    signal, as_taken, mixed = (a.ravel()[index].astype(np.float64) for a in (calm, image.array, fraction))
    coefficients, order = _fit(np.log(signal), is_fat, place, np.log(as_taken / _relative(mixed, lean_over_fat)), settings)
    return np.asarray(np.exp(everywhere(image.shape, coefficients, order)), np.float32)


def _relative(fraction: FloatArray, lean_over_fat: float) -> FloatArray:
    """Signal of a mixture over that of fat."""
    return np.asarray(np.maximum(lean_over_fat + (1 - lean_over_fat) * fraction, 1e-3))


def in_or_beside(labels: Volume) -> Mask:
    """The outlined glutei, and every voxel that shares a face with them: border voxels hold some of a gluteus too."""
    return beside(glutei_of(labels).array > 0, (0, 1, 2))


def _pure(
    array: FloatArray, calm: FloatArray, fraction: FloatArray, known: Mask, tissues: tuple[float, float], settings: OutsideSettings
) -> tuple[Mask, Mask]:
    """Voxels of fat and of lean muscle among those that are known."""
    lean_over_fat, lean_ff = tissues
    flat = np.zeros(array.shape, np.float32)  # log signal without the first field, 0 for fat
    flat[known] = np.log(calm[known] / array[known] * _relative(fraction[known], lean_over_fat))
    lean_mode = float(np.log(lean_over_fat + (1 - lean_over_fat) * lean_ff))
    near = min(settings.near, -0.4 * lean_mode)  # the classes must not meet
    fat, lean = (known & (np.abs(flat - mode) < near) for mode in (0.0, lean_mode))
    return fat, lean


def _inner(mask: Mask, slice_axis: int) -> Mask:
    """Voxels all of whose neighbours belong to the mask; beyond the first and last slice nothing speaks against one."""
    in_plane = tuple(axis for axis in range(3) if axis != slice_axis)
    return ~beside(~narrowed(mask, axes=in_plane), (slice_axis,))


def _fit(signal: FloatArray, is_fat: Mask, place: FloatArray, rough: FloatArray, settings: OutsideSettings) -> tuple[FloatArray, int]:
    """Coefficients of the log field and its order, from log signals; `rough` is the first field's logarithm at the same voxels.

    The means of the two tissues are unknowns beside the field. A voxel has the less say, the farther it lies from its tissue's mode
    (`width`, narrowing from step to step). A term of degree d is held by stiffness x d^4, as a bent plate is.
    """
    order = max(o for o in range(1, settings.order + 1) if o == 1 or _PER_UNKNOWN * len(exponents(o)) <= signal.size)
    terms = terms_at(place, order)
    unknowns = np.column_stack([~is_fat, is_fat, terms[:, 1:]])
    stiffness = settings.stiffness * np.array([0.0, 0.0, *(float(sum(e)) ** 4 for e in exponents(order)[1:])])
    field, coefficients = rough, np.zeros(terms.shape[1])
    for step in range(settings.steps):
        flat = signal - field
        width = settings.width[1] + (settings.width[0] - settings.width[1]) * 0.5**step
        modes = np.where(is_fat, modal_value(flat[is_fat]), modal_value(flat[~is_fat]))
        weight = closeness(flat - modes, 0.0, width)
        normal = unknowns.T @ (unknowns * weight[:, None]) + np.diag(stiffness * weight.sum() + 1e-9)
        solution = np.linalg.solve(normal, unknowns.T @ (weight * signal))
        coefficients = np.asarray([0.0, *solution[2:]])  # no constant: it is no bias, only another name for the means
        field = terms @ coefficients
    return coefficients, order
