"""What every method on a pair of magnitudes shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask, edges, finite, fit, missing_in_pair, of_another_place, other_scale, turned_slices, unit_edges
from gluteal_grade.io import Series

_BRIGHT, _APART = 99.9, 50.0  # percentile, and how many times brighter one image may be: muscle of 3 % fat alone in view is below that
WILD = 0.5  # a single voxel of a fraction further than this outside 0-1 is noise in a dark place
_TOP, _DARKER = 0.9, 0.8  # of that percentile: as bright as that; a quarter of a picture is at most so bright, tissue where the rest is air
MISSING_SHARE = 0.5  # of the body; with less the rest is measured, and muscles that lose too much of themselves are not graded


def load_pair(first: Series, second: Series) -> tuple[Volume, Volume]:
    """Both magnitudes, float32, negatives cut.

    Raises:
        RefusedInput: `grid_mismatch`; `empty_slices`: one image is black throughout; `unequal_scaling`: they cannot be on one scale.
    """
    a, b = load_together((first, second))
    return a, b


def load_together(series: Sequence[Series]) -> tuple[Volume, ...]:
    """All magnitudes of one acquisition, float32, negatives cut.

    Raises:
        RefusedInput: as `load_pair`.
    """
    volumes = [one.load() for one in series]
    for one, volume in zip(series, volumes, strict=True):
        if not volumes[0].grid.matches(volume.grid):
            raise RefusedInput(Reason.GRID_MISMATCH, f"series {series[0].id} and {one.id} lie on different grids")
    images = tuple(volume.with_array(_magnitude(volume.array)) for volume in volumes)
    for other, image in zip(series[1:], images[1:], strict=True):
        _refuse_other_scale(series[0], other, images[0], image)
    return images


def _refuse_other_scale(first: Series, second: Series, a: Volume, b: Volume) -> None:
    (dim, darker), (bright, brighter) = sorted(
        ((float(np.percentile(image.array, _BRIGHT)), series.id) for image, series in ((a, first), (b, second))), key=lambda pair: pair[0]
    )
    if dim <= 0 < bright:
        raise RefusedInput(Reason.EMPTY_SLICES, f"series {darker} is black where {brighter} shows tissue")
    if bright > _APART * dim:
        raise RefusedInput(Reason.UNEQUAL_SCALING, f"series {brighter} is {bright / dim:.3g} times as bright as {darker}")


def refuse_inverted(water: Series, fat: Series, w: Volume, f: Volume) -> None:
    """Refuse water and fat that are both brightest along the edge of the picture: no tissue is, but air is where black is stored for white.

    Args:
        water, fat: of one acquisition.
        w, f: their magnitudes.

    Raises:
        RefusedInput: `rescale_contradicts`.
    """
    across = tuple(axis for axis in range(3) if axis != water.slice_axis)
    inside = [slice(None)] * 3
    for axis in across:
        inside[axis] = slice(1, -1)
    edge = np.ones(w.shape, bool)
    edge[tuple(inside)] = False

    def inverted(array: FloatArray) -> bool:
        dark, bright = np.percentile(array, (25, _BRIGHT))
        return bool(np.median(array[edge]) >= _TOP * bright > _TOP * dark / _DARKER)

    if inverted(w.array) and inverted(f.array):
        words = "are both brightest where there is air: black and white changed places"
        raise RefusedInput(Reason.RESCALE_CONTRADICTS, f"series {water.id} and {fat.id} {words}")


def refuse_turned(first: Series, second: Series, a: Volume, b: Volume) -> None:
    """Refuse a pair whose edges meet only once one of the two is turned: its header is right for one of them at most.

    Args:
        first, second: of one acquisition.
        a, b: their magnitudes.

    Raises:
        RefusedInput: `turned_over`.
    """
    found = fit(edges(a, first.slice_axis), edges(b, first.slice_axis))
    if found.contradicts:
        words = f"series {second.id} is {found.turn.words} against {first.id}: turned back its edges agree by {found.turned:.2f}"
        raise RefusedInput(Reason.TURNED_OVER, f"{words}, as given by {found.given:.2f}")


def without_missing(found: FatMap, first: Volume, second: Volume) -> FatMap:
    """The map without values where a slice, or a good part of one, is empty or repeated on one of the images.

    Raises:
        RefusedInput: `empty_slices` where that is more than `MISSING_SHARE` of the body.
    """
    missing = missing_in_pair(first.array, second.array, found.series[0].slice_axis)
    if not missing.any():
        return found
    body = found.body.array
    slices = int(np.moveaxis(missing, found.series[0].slice_axis, 0).any(axis=(1, 2)).sum())
    detail = f"{slices} slices are empty or repeated, in whole or in part, on one of {found.series[0].id} and {found.series[1].id}"
    if float((missing & body).sum()) > MISSING_SHARE * float(body.sum()):
        raise RefusedInput(Reason.EMPTY_SLICES, detail)
    return found.without(missing, Reason.EMPTY_SLICES, Note(Reason.EMPTY_SLICES, f"{detail}: not measured there"))


def without_misfits(found: FatMap, first: Volume, second: Volume) -> FatMap:
    """The map without values in single slices of one image that the other contradicts.

    Such are turned over within themselves, of another place, or at another scale than the others. Slices that are known to be empty
    are not asked.

    Raises:
        RefusedInput: `turned_over`, `slices_moved` or `unequal_scaling` where that is more than `MISSING_SHARE` of the body.
    """
    axis = found.series[0].slice_axis
    across = tuple(a for a in range(3) if a != axis)
    empty = [e.where.array.any(axis=across) for e in found.excluded if e.reason is Reason.EMPTY_SLICES]
    asked = ~np.any(empty, axis=0) if empty else np.ones(first.grid.shape[axis], bool)
    turned = turned_slices(edges(first, axis), edges(second, axis), axis) & asked
    moved = of_another_place(unit_edges(first, axis), unit_edges(second, axis)) & ~turned & asked
    scaled = other_scale(first.array, second.array, axis) & asked
    for reason, which, words in (
        (Reason.TURNED_OVER, turned, "are turned over within themselves"),
        (Reason.SLICES_MOVED, moved, "are of another place: they fit other slices of the partner better"),
        (Reason.UNEQUAL_SCALING, scaled, "are at another scale than the others"),
    ):
        if which.any():
            found = _without(found, which, reason, words)
    return found


def _without(found: FatMap, which: Mask, reason: Reason, words: str) -> FatMap:
    axis, body = found.series[0].slice_axis, found.body.array
    where = np.moveaxis(np.broadcast_to(which[:, None, None], np.moveaxis(body, axis, 0).shape), 0, axis)
    one, other = found.series[0].id, found.series[1].id
    numbers = ", ".join(map(str, (1 + np.flatnonzero(which)[:8]).tolist()))
    detail = f"{int(which.sum())} of {len(which)} slices ({numbers}) of one of {one} and {other} {words}"
    if float((where & body).sum()) > MISSING_SHARE * float(body.sum()):
        raise RefusedInput(reason, detail)
    return found.without(where, reason, Note(reason, f"{detail}: not measured there"))


def _magnitude(array: FloatArray) -> FloatArray:
    found = finite(np.asarray(array, np.float32))
    return np.maximum(found, 0) if found.min(initial=0) < 0 else found


def signal_floor(total: FloatArray, body: Mask, settings: FatSettings) -> float:
    """Signal (water and fat together) below which a fraction is noise: a share of the body's median."""
    return settings.min_signal * float(np.median(total[body]))


def safe_ratio(part: FloatArray, whole: FloatArray, floor: float) -> FloatArray:
    """part / whole, NaN where `whole` does not exceed `floor`."""
    good = whole > max(floor, 1e-6)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan, np.float32), where=good)
