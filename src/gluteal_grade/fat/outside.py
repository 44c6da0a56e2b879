"""The receive field once the glutei are outlined: from pure fat and lean muscle outside them.

A first field (`bias.py`) knows no muscle from another, and takes 10-25 % fat of a maximus for shading. Here that field only tells which
tissue a voxel is. The second one is fitted to voxels whose neighbours are all of the same pure tissue, none of them in or beside a
gluteus: fat anywhere, lean muscle of the other muscles. Whatever the glutei hold cannot bend it; across them it is carried by its own
smoothness, from the fat behind maximus and between the muscles, and from the muscles around.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gluteal_grade.config import OutsideSettings
from gluteal_grade.fat.polynomials import closeness, everywhere, exponents, terms_at
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask, beside, median_in_plane, modal_value, narrowed

_ENOUGH = 7_500  # voxels of each tissue; more do not steady 165 unknowns
_PER_UNKNOWN = 12  # voxels
_Index = npt.NDArray[np.intp]


def outside_field(
    image: Volume, fraction: FloatArray, labels: Volume, lean_over_fat: float, lean_ff: float, settings: OutsideSettings
) -> FloatArray | None:
    """The field, float32 on the whole grid, its scale free; None where too little pure tissue is in view.

    Args:
        image: magnitude as it was taken.
        fraction: fat fraction by a first field on the same grid, NaN where there is none.
        labels: the glutei on the same grid; 0 elsewhere.
        lean_over_fat: signal of fat-free muscle over that of fat, of the first map.
        lean_ff: fat fraction of lean muscle.
        settings: the model.
    """
    calm = median_in_plane(np.asarray(image.array, np.float32))
    fat, lean = _pure(image.array, calm, fraction, labels.array > 0, lean_over_fat, lean_ff, settings)
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


def _pure(
    array: FloatArray, calm: FloatArray, fraction: FloatArray, glutei: Mask, lean_over_fat: float, lean_ff: float, settings: OutsideSettings
) -> tuple[_Index, _Index]:
    """Flat indices of voxels of fat and of lean muscle outside the glutei whose neighbours in all directions are the same tissue."""
    known = np.isfinite(fraction) & (array > 0) & (calm > 0) & ~_widened(glutei)
    flat = np.zeros(array.shape, np.float32)  # log signal without the first field, 0 for fat
    flat[known] = np.log(calm[known] / array[known] * _relative(fraction[known], lean_over_fat))
    lean_mode = float(np.log(lean_over_fat + (1 - lean_over_fat) * lean_ff))
    near = min(settings.near, -0.4 * lean_mode)  # the classes must not meet
    fat, lean = (known & (np.abs(flat - mode) < near) for mode in (0.0, lean_mode))
    return np.flatnonzero(_inner(fat)), np.flatnonzero(_inner(lean))


def _widened(mask: Mask) -> Mask:
    return beside(mask, (0, 1, 2))


def _inner(mask: Mask) -> Mask:
    """Voxels all of whose neighbours belong to the mask; beyond the first and last slice nothing speaks against one."""
    return ~beside(~narrowed(mask), (2,))


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
