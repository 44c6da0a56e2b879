"""Smooth fields as sums of products of Legendre polynomials over a picture, and the weights by which they are fitted to one tissue."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import legendre

from gluteal_grade.geometry import FloatArray


def exponents(order: int) -> list[tuple[int, int, int]]:
    """Degrees of the products of Legendre polynomials up to a total order, lower orders first."""
    every = [(a, b, c) for a in range(order + 1) for b in range(order + 1) for c in range(order + 1) if a + b + c <= order]
    return sorted(every, key=lambda e: (sum(e), e))


def terms_at(place: FloatArray, order: int) -> FloatArray:
    """(n, terms) products of Legendre polynomials at `place`, (n, 3) with coordinates from -1 to 1."""
    x, y, z = (legendre.legvander(place[:, axis], order) for axis in range(3))
    return np.stack([x[:, a] * y[:, b] * z[:, c] for a, b, c in exponents(order)], axis=1)


def everywhere(shape: tuple[int, int, int], coefficients: FloatArray, order: int) -> FloatArray:
    """The sum on the full grid, by one matrix product an axis."""
    cube = np.zeros((order + 1,) * 3)
    for (a, b, c), value in zip(exponents(order), coefficients, strict=True):
        cube[a, b, c] = value
    for axis, n in enumerate(shape):
        basis = legendre.legvander(np.linspace(-1, 1, n) if n > 1 else np.zeros(1) - 1, order)
        cube = np.moveaxis(np.tensordot(basis, cube, axes=(1, axis)), 0, axis)
    return np.asarray(cube)


def closeness(flat: FloatArray, mean: float, width: float) -> FloatArray:
    """1 at the class mean, falling to 0 as a normal curve: far voxels have no say. 0 everywhere for a class that was not found."""
    return np.asarray(np.nan_to_num(np.exp(-0.5 * ((flat - mean) / width) ** 2)))
