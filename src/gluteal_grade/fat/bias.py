"""Receive-field (bias) correction for T1: a smooth field that makes subcutaneous fat and lean muscle uniform.

Only the two tissues that the anchors rest on are modelled (after Wells 1996 and Van Leemput 1999): log S = log field + log class
mean, the classes being subcutaneous fat and lean muscle, everything else an outlier that has no say; the field is a polynomial of
low order, started from the fat just under the skin. N4, which sharpens the histogram of all that is in the mask, is less exact on a
pelvis with fatty muscle and some 30 times slower (`docs/explanation/t1.md`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gluteal_grade.config import BiasSettings
from gluteal_grade.fat.polynomials import closeness, everywhere, exponents, terms_at
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask, in_plane, modal_value, narrowed, thick_axis

_ENOUGH = 30_000  # voxels; more do not steady some 35 unknowns


@dataclass(frozen=True)
class _Sample:
    """Voxels of a coarse lattice inside the body."""

    log_signal: FloatArray  # (n,)
    may_be_fat: Mask  # (n,) lies in the subcutaneous shell
    outermost: Mask  # (n,) lies in its outermost layer, which is fat in nearly everybody
    terms: FloatArray  # (n, terms) polynomials at the voxels, lower orders first


def correct_bias(image: Volume, body: Mask, depth: FloatArray, settings: BiasSettings) -> FloatArray:
    """The image without its smooth field, float32; its scale is left as it was (the field has no constant).

    Args:
        image: T1-weighted magnitude.
        body: mask of the body.
        depth: mm under the skin, see `body.depth_mm`.
        settings: the model.
    """
    sample = _sample(image, body, depth, settings)
    if sample.log_signal.size < 500:
        return np.asarray(image.array, np.float32)
    first = min(2, settings.order)
    coefficients = _along_the_skin(sample, first, settings)
    for order in range(first, settings.order + 1):
        terms = sample.terms[:, : len(exponents(order))]
        # of each voxel: is it lean, is it fat (to be told by each fit), and its polynomials but the constant
        unknowns = np.column_stack([np.zeros((len(terms), 2)), terms[:, 1:]])
        weighted = np.empty_like(unknowns)
        for step in range(settings.steps):
            field = sample.terms[:, : coefficients.size] @ coefficients
            width = _width(settings, (order - first) * settings.steps + step)
            coefficients = _fit(sample, field, (unknowns, weighted), width, settings)
    return np.asarray(image.array / np.exp(everywhere(image.shape, coefficients, settings.order)), np.float32)


def tissue_field(image: Volume, tissue: Mask, order: int, settings: BiasSettings) -> FloatArray:
    """Smooth factor that one tissue's signal varies by, float32 on the whole grid; 1 throughout where there is too little of it.

    Args:
        image: magnitude.
        tissue: voxels most of which are that tissue.
        order: highest polynomial order.
        settings: widths, lattice and stiffness.
    """
    lattice = _lattice(image, settings)
    chosen = tissue[lattice] & (image.array[lattice] > 0)
    place = _places(image, lattice, chosen)
    coefficients = _one_class(np.log(image.array[lattice][chosen].astype(np.float64)), terms_at(place, order), settings)
    if coefficients.size == 1:
        return np.ones(image.shape, np.float32)
    return np.asarray(np.exp(everywhere(image.shape, coefficients, order)), np.float32)


def _lattice(image: Volume, settings: BiasSettings) -> tuple[slice, slice, slice]:
    """Every few voxels, `sample_mm` apart."""
    steps = (max(1, round(settings.sample_mm / s)) for s in image.spacing_mm)
    x, y, z = (slice(n // 2 % s, None, s) for n, s in zip(image.shape, steps, strict=True))
    return x, y, z


def _places(image: Volume, lattice: tuple[slice, slice, slice], chosen: Mask) -> FloatArray:
    """(n, 3) array positions of chosen lattice voxels, -1 to 1."""
    lines = (np.arange(n)[step] for n, step in zip(image.shape, lattice, strict=True))
    index = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)[chosen]
    return np.asarray(2 * index / np.maximum(np.array(image.shape) - 1, 1) - 1)


def _sample(image: Volume, body: Mask, depth: FloatArray, settings: BiasSettings) -> _Sample:
    spacing = image.spacing_mm
    # a light blur steadies log(signal) against noise; in-plane only where slices are thick
    lattice = _lattice(image, settings)
    smooth = np.asarray(image.array, np.float32)
    for axis, (size, step) in enumerate(zip(spacing, lattice, strict=True)):
        if size < 3:
            smooth = ndimage.gaussian_filter1d(smooth, min(1.0, 2.0 / size), axis)
        smooth = smooth[(*[slice(None)] * axis, step)]
    chosen = narrowed(body, axes=in_plane(thick_axis(spacing)))[lattice] & (smooth > 0)
    thin = max(1, np.count_nonzero(chosen) // _ENOUGH)
    place = _places(image, lattice, chosen)[::thin]
    deep = depth[lattice][chosen][::thin]
    log_signal = np.log(smooth[chosen].astype(np.float64))[::thin]
    return _Sample(log_signal, deep < settings.shell_mm, deep < settings.outermost_mm, terms_at(place, settings.order))


def _width(settings: BiasSettings, step: int) -> float:
    """How far from a class mean a voxel still has a say: wide at first, halving towards the narrow end."""
    return settings.width[1] + (settings.width[0] - settings.width[1]) * 0.5**step


def _along_the_skin(sample: _Sample, order: int, settings: BiasSettings) -> FloatArray:
    """A first field from the outermost layer alone: strong shading makes near muscle as bright as far fat, but the skin's fat is known.

    Robust, as in places muscle lies right under the skin. No field where the layer is out of view.
    """
    terms = sample.terms[sample.outermost][:, : len(exponents(order))]
    log_signal = sample.log_signal[sample.outermost]
    return _one_class(log_signal, terms, settings)


def _one_class(log_signal: FloatArray, terms: FloatArray, settings: BiasSettings) -> FloatArray:
    """The field that makes most of a sample uniform; no field from too few voxels."""
    if len(terms) < 20 * terms.shape[1]:
        return np.zeros(1)
    coefficients: FloatArray = np.zeros(terms.shape[1])
    for step in range(2 * settings.steps):
        flat = log_signal - terms[:, 1:] @ coefficients[1:]
        weight = closeness(flat, modal_value(flat), 2 * _width(settings, step // 2))
        stiffness = settings.stiffness * weight.sum() * np.array([0.0, *[1.0] * (terms.shape[1] - 1)])
        coefficients = np.linalg.solve(terms.T @ (terms * weight[:, None]) + np.diag(stiffness + 1e-9), terms.T @ (weight * log_signal))
    return np.asarray([0.0, *coefficients[1:]])


def _fit(sample: _Sample, field: FloatArray, room: tuple[FloatArray, FloatArray], width: float, settings: BiasSettings) -> FloatArray:
    """One expectation (which voxels are fat or lean) and one maximisation (the field that suits them).

    `room`: the unknowns at each voxel, and as much again to weight them in; both are written to.
    """
    unknowns, weighted = room
    flat = sample.log_signal - field
    fat = modal_value(flat[sample.may_be_fat & (flat > np.percentile(flat, 60))]) if sample.may_be_fat.any() else np.nan
    ceiling = fat - settings.contrast if np.isfinite(fat) else np.percentile(flat, 75)
    lean = modal_value(flat[(flat < ceiling) & (flat > ceiling - 2.5)])
    weight_fat = np.where(sample.may_be_fat, closeness(flat, fat, width), 0.0)
    weight_lean = closeness(flat, lean, width)
    is_fat = weight_fat > weight_lean
    weight = np.maximum(weight_fat, weight_lean)
    # the class means are unknowns beside the field: held fixed, the field would bend to make up for their error
    unknowns[:, 0], unknowns[:, 1] = ~is_fat, is_fat
    normal = unknowns.T @ np.multiply(unknowns, weight[:, None], out=weighted)
    stiffness = settings.stiffness * weight.sum() * np.array([0.0, 0.0, *[1.0] * (unknowns.shape[1] - 2)])
    solution = np.linalg.solve(normal + np.diag(stiffness + 1e-9), unknowns.T @ (weight * sample.log_signal))
    return np.asarray([0.0, *solution[2:]])  # no constant: it is no bias, only another name for the class means
