"""Body against air, which half of it is the right one, and how deep a voxel lies under the skin: where anchors and checks look.

Distances to the nearest voxel outside are exact, what scipy's `distance_transform_edt` gives, in a fraction of its time: the squared
distance is taken axis by axis (Felzenszwalb & Huttenlocher 2012, 10.4086/toc.2012.v008a019), along the first by counting voxels, along the
others as the least of the neighbours' squares plus the step's own, out to where a step alone is longer than any distance left.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.filters import threshold_multiotsu

from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging.kept import of_images
from gluteal_grade.imaging.planes import Mask, box_of, in_plane, opened, thick_axis

_AIR_RATIO = 0.2  # air over the brightest tissue class; muscle over fat is 0.25 and more on T1
_CT_AIR_HU = -300.0
_WITHIN_SLICE = np.zeros((3, 3, 3), bool)  # neighbours that share a face and the slice
_WITHIN_SLICE[:, 1, 1] = _WITHIN_SLICE[1, :, 1] = True
_Squares = npt.NDArray[np.float32]
_CUT = 0.2  # a border plane with this share of the largest section cuts the body


@of_images
def body_mask(image: Volume, *, ct: bool = False, air_ratio: float = _AIR_RATIO) -> Mask:
    """The largest body-like object, its holes filled slice by slice.

    Args:
        image: MR magnitude (any scale) or, with `ct`, HU.
        air_ratio: what is brighter than this share of the brightest class is no air: higher where muscle is about as bright as fat.

    Returns:
        (x, y, z) boolean. All True where no air is in view.
    """
    array = finite(np.asarray(image.array, np.float32))
    if ct:
        mask = array > _CT_AIR_HU
    else:
        sigma = [1.5 / s if s < 3 else 0 for s in image.spacing_mm]
        smooth = ndimage.gaussian_filter(array, sigma)
        threshold = _air_threshold(smooth, air_ratio)
        if threshold is None:
            return np.ones(array.shape, bool)
        mask = smooth > threshold
    # an opening cuts table, coils and ghost speckle off; only in-plane, as slices may be thick
    mask = opened(mask, in_plane(thick_axis(image.spacing_mm)))
    parts, count = ndimage.label(mask)
    if not count:
        return np.ones(array.shape, bool)
    return _filled(parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:])))


def _filled(mask: Mask) -> Mask:
    """Holes filled, slice by slice: what no way within the slice leads to from its border."""
    parts, count = ndimage.label(~mask, _WITHIN_SLICE)
    outside = np.zeros(count + 1, bool)
    for border in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        outside[border] = True
    outside[0] = False
    return np.asarray(~outside[parts])


def finite(array: FloatArray) -> FloatArray:
    """`np.nan_to_num`, but the array itself where there is nothing to mend."""
    if array.size and np.isfinite(array.min()) and np.isfinite(array.max()):
        return array
    return np.nan_to_num(array)


def _air_threshold(smooth: FloatArray, air_ratio: float) -> float | None:
    """Intensity between air and tissue; None without air in view."""
    sample = smooth.ravel()[:: max(1, smooth.size // 200_000)]
    sample = np.minimum(sample, np.percentile(sample, 99.0))
    if sample.max() <= sample.min():
        return None
    try:
        low, high = threshold_multiotsu(sample, 3, nbins=128)
    except ValueError:  # fewer than three distinct values
        return float(sample.max() / 2)
    air, bright = sample[sample <= low], sample[sample > high]
    if air.mean() > air_ratio * bright.mean():
        return None
    return float(low)


@of_images
def depth_mm(body: Mask, spacing_mm: tuple[float, float, float], within_mm: float = np.inf) -> FloatArray:
    """Distance of body voxels to the nearest air in view, mm; infinite where no air is in view. The border of the picture is no skin.

    What lies deeper than `within_mm` may be given as infinite too, which is faster.
    """
    return distance_inside(body, spacing_mm, within_mm)


def subcutaneous_shell(depth: FloatArray, spacing_mm: tuple[float, float, float], between_mm: tuple[float, float]) -> Mask:
    """Voxels between two depths under the skin (`depth_mm`); the outermost are left out for partial volume with air and skin."""
    outer, inner = between_mm
    return np.asarray((depth > max(outer, 1.5 * max(spacing_mm[:2]))) & (depth < inner))


def modal_value(values: FloatArray) -> float:
    """Mode of a sample by the half-sample method (Bickel & Fruehwirth 2006): robust, no bins, no tuning. NaN for none."""
    data = np.asarray(values).ravel()
    if not np.isfinite(data).all():
        data = data[np.isfinite(data)]
    if not data.size:
        return float("nan")
    if data.size > 20_000:  # a coarse histogram finds the peak region first; the half-sample steps then need few values
        low, high = float(data.min()), np.nextafter(float(data.max()), np.inf)
        counts, edges = np.histogram(data.astype(np.float64), 64, range=(low, high))
        smooth = np.convolve(counts, [0.25, 0.5, 0.25], "same")
        peak = int(np.argmax(smooth))
        data = data[(data >= edges[max(peak - 3, 0)]) & (data <= edges[min(peak + 4, 64)])]
    data = np.sort(data).astype(np.float64)
    while data.size > 200:  # below that, noise alone would decide which half is denser
        half = (data.size + 1) // 2
        widths = data[half - 1 :] - data[: data.size - half + 1]
        start = int(np.argmin(widths))
        data = data[start : start + half]
    return float(data.mean())


def distance_inside(
    mask: npt.NDArray[np.bool_], spacing_mm: tuple[float, float, float], within_mm: float = np.inf
) -> npt.NDArray[np.float32]:
    """Distance of every voxel of the mask to the nearest one outside it, between centres, mm; 0 outside, infinite where there is none.

    Args:
        mask: (x, y, z). What lies beyond the array is neither inside nor outside.
        spacing_mm: voxel size along its axes.
        within_mm: what is farther may be given as infinite, which is faster.
    """
    found = np.zeros(mask.shape, np.float32)
    if mask.all():
        found[...] = np.inf
        return found
    # the nearest voxel outside is never farther than the layer around the mask
    box = tuple(slice(max(s.start - 1, 0), min(s.stop + 1, n)) for s, n in zip(box_of(mask), mask.shape, strict=True))
    squares = _along_first(mask[box], spacing_mm[0])
    limit = np.float32(within_mm) ** 2
    for row in squares:  # a row at a time stays in the processor's cache
        if row.any():
            row[row > limit] = np.inf
            _along(row.T, spacing_mm[2], limit)
            _along(row, spacing_mm[1], limit)
    np.sqrt(squares, out=squares)
    found[box] = squares
    return found


def _along_first(mask: npt.NDArray[np.bool_], spacing: float) -> _Squares:
    """Squared distance along the first axis; infinite where a line has no voxel outside."""
    steps = np.where(mask, np.float32(np.inf), np.float32(0))
    for order in (range(1, len(steps)), range(len(steps) - 2, -1, -1)):
        for i in order:
            before = i - 1 if order.step > 0 else i + 1
            np.minimum(steps[i], steps[before] + 1, out=steps[i])
    steps *= np.float32(spacing)
    steps *= steps
    return steps


def _along(squares: _Squares, spacing: float, limit: np.float32) -> None:
    """Takes one more axis (the first of these) into account, in place."""
    source = squares.copy()
    for shift in range(1, len(squares)):
        step = np.float32(shift * spacing) ** 2
        if step > limit or step >= squares.max():
            return
        np.minimum(squares[shift:], source[:-shift] + step, out=squares[shift:])
        np.minimum(squares[:-shift], source[shift:] + step, out=squares[:-shift])


@of_images
def right_half(image: Volume, body: Mask, min_width_mm: float) -> Mask | None:
    """Voxels to the patient's right of the middle of the body; None where the picture does not show where that is.

    It does not where the body in view is narrower than `min_width_mm`, has no border with air, or is cut at one side only.

    Args:
        image: for its grid (RAS+).
        body: mask of the body.
        min_width_mm: a picture of both hips is at least so wide.
    """
    sections = body.sum(axis=(1, 2))
    cut = [bool(sections[end] > _CUT * sections.max()) for end in (0, -1)]
    if body.all() or cut[0] != cut[1]:
        return None
    # patient x of every voxel, with the tilt of an oblique stack
    i, j, k = (np.arange(n, dtype=np.float32) for n in image.shape)
    row = image.affine[0].astype(np.float32)
    x = row[0] * i[:, None, None] + row[1] * j[None, :, None] + row[2] * k[None, None, :] + row[3]
    low, high = np.percentile(x[body], [0.5, 99.5])
    if high - low < min_width_mm:
        return None
    return np.asarray(x > (low + high) / 2)
