"""The field that an implant makes: dipole convolution in k-space (Salomir 2003, 10.1002/cmr.b.10083; Marques & Bowtell 2005).

Relative field shift dB/B0 along B0 (z, head to foot of a supine patient): F^-1[(1/3 - kz^2 / k^2) F[chi]].
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft

from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.vocabulary import Side
from gluteal_grade_lab.phantom.body import Body
from gluteal_grade_lab.phantom.implant import Alloy
from gluteal_grade_lab.phantom.shapes import F32

_SPACING_MM = 3.0
_VOXELS = 144  # 432 mm: at the box's face the field of cobalt-chrome is below 1 ppm, and periodic images are farther still


def dipole_field(chi: F32, spacing_mm: float) -> F32:
    """Field shift along the third axis.

    Args:
        chi: (x, y, z) susceptibility difference, any unit; periodic, so leave room around.
        spacing_mm: isotropic voxel size (the field of a shape does not depend on its scale; only kept for clarity).

    Returns:
        the field shift, unit of `chi`; its mean is zero, as that of a shimmed magnet is.
    """
    kx, ky = (fft.fftfreq(n, spacing_mm) for n in chi.shape[:2])
    kz = fft.rfftfreq(chi.shape[2], spacing_mm)
    kz2 = (kz**2)[None, None, :]
    k2 = (kx**2)[:, None, None] + (ky**2)[None, :, None] + kz2
    k2[0, 0, 0] = 1.0
    kernel = (1 / 3 - kz2 / k2).astype(np.float32)
    kernel[0, 0, 0] = 0.0
    return np.asarray(fft.irfftn(fft.rfftn(chi) * kernel, s=chi.shape), np.float32)


@lru_cache(maxsize=4)
def implant_field_ppm(body: Body, alloy: Alloy) -> Volume:
    """Field shift of the body's implant, ppm of B0, on an isotropic grid about it; far away it is taken as zero.

    Raises:
        ValueError: the body has no implant.
    """
    side = body.parameters.implant_side
    if side is None:
        raise ValueError("the body has no implant")
    grid = _grid(body, side)
    metal = _metal_share(body, side, grid)
    return Volume(dipole_field(metal * np.float32(alloy.against_tissue_ppm), _SPACING_MM), grid.affine)


def _grid(body: Body, side: Side) -> Grid:
    x, y, z = (m * s for m, s in zip((105.0, 0.0, -50.0), body.parameters.scale, strict=True))
    affine = np.diag([_SPACING_MM, _SPACING_MM, _SPACING_MM, 1.0])
    affine[:3, 3] = np.array([x if side is Side.RIGHT else -x, y, z]) - _SPACING_MM * (_VOXELS - 1) / 2
    return Grid((_VOXELS, _VOXELS, _VOXELS), affine)


def _metal_share(body: Body, side: Side, grid: Grid) -> F32:
    """Share of metal in each voxel, by its distance to the surface."""
    share = np.zeros(grid.shape, np.float32)
    middle, half = _VOXELS // 2, 42  # 250 mm hold any implant
    box = (slice(middle - half, middle + half),) * 3
    ijk = np.moveaxis(np.indices((2 * half,) * 3), 0, -1).reshape(-1, 3) + middle - half
    lat, ant, sup, right = body.canonical(grid.to_world(ijk))
    d = body.hips[side].alloy_distance(lat, ant, sup)
    inside: npt.NDArray[np.float32] = np.where(right == (side is Side.RIGHT), np.clip(0.5 - d / _SPACING_MM, 0, 1), 0).astype(np.float32)
    share[box] = inside.reshape((2 * half,) * 3)
    return share
