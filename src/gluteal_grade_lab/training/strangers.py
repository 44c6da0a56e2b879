"""Images that hold no gluteal muscle: what a wrong series or a wrong body part looks like."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from gluteal_grade.geometry import Volume

F32 = npt.NDArray[np.float32]
_Axes = tuple[F32, F32, F32]


def _axes(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> _Axes:
    """World x, y, z (mm) from the middle, broadcastable."""
    x, y, z = (((np.arange(n) - (n - 1) / 2) * s).astype(np.float32) for n, s in zip(shape, spacing_mm, strict=True))
    return x[:, None, None], y[None, :, None], z[None, None, :]


def _ellipsoid(axes: _Axes, radii: tuple[float, float, float], centre: tuple[float, float, float] = (0, 0, 0)) -> F32:
    """Relative radius: 1 on the surface."""
    return np.asarray(np.sqrt(sum(((a - c) / r) ** 2 for a, c, r in zip(axes, centre, radii, strict=True))), np.float32)


def _placed(image: F32, spacing_mm: tuple[float, float, float]) -> Volume:
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = [-(n - 1) * s / 2 for n, s in zip(image.shape, spacing_mm, strict=True)]
    return Volume(np.asarray(image, np.float32), affine)


def _noisy(clean: F32, rng: np.random.Generator, sigma: float = 0.03) -> F32:
    """Rician."""
    return np.asarray(
        1000 * np.hypot(clean + sigma * rng.standard_normal(clean.shape), sigma * rng.standard_normal(clean.shape)), np.float32
    )


def brain(seed: int, t2: bool = False) -> Volume:
    """A head: scalp fat, skull, fluid, folded grey matter, white matter, ventricles; 1 x 1 x 4 mm axial."""
    rng = np.random.default_rng(seed)
    spacing = (1.0, 1.0, 4.0)
    axes = _axes((192, 224, 36), spacing)
    size = float(rng.uniform(0.93, 1.07))
    folds = gaussian_filter(rng.standard_normal((192, 224, 36)), (3, 3, 1)).astype(np.float32)
    folds /= folds.std()
    out = np.zeros((192, 224, 36), np.float32)
    #          scalp, skull, fluid, grey, white, ventricle
    levels = (0.55, 0.05, 1.0, 0.7, 0.5, 1.0) if t2 else (1.0, 0.05, 0.12, 0.45, 0.65, 0.12)
    radius = _ellipsoid(axes, (76 * size, 95 * size, 88 * size))
    for limit, level in zip((1.0, 0.93, 0.87, 0.84), levels[:4], strict=True):
        out[radius < limit] = level
    out[radius + 0.09 * folds < 0.72] = levels[4]
    for x in (-12.0, 12.0):
        out[_ellipsoid(axes, (7, 30, 14), (x, 0, 8)) < 1] = levels[5]
    return _placed(_noisy(out, rng), spacing)


def knee(seed: int) -> Volume:
    """A knee on T1: skin, fat, thigh and calf muscles, femur with two condyles, tibia, fibula, patella; 0.8 x 0.8 x 3.5 mm, axial."""
    rng = np.random.default_rng(seed)
    spacing = (0.8, 0.8, 3.5)
    shape = (200, 200, 42)
    x, y, z = _axes(shape, spacing)
    wide = 66 - 6 * np.tanh(-z / 40)
    leg = np.hypot(x / wide, y / (wide * 0.95))
    out = np.where(leg < 1, 0.95, 0).astype(np.float32)
    out[(leg < 1) & (leg > 0.97)] = 0.4
    for cx, cy, rx, ry, up in ((-26, 18, 30, 34, 1), (26, 20, 30, 32, 1), (-23, -28, 26, 24, 0), (23, -28, 26, 24, 0)):
        reach = z > 18 if up else np.ones_like(z, bool)
        out[(np.hypot((x - cx) / rx, (y - cy) / ry) < 1) & reach] = 0.33
    femur = np.where(z > 6, np.hypot(x / (16 + 22 * np.exp(-z / 12)), y / (15 + 8 * np.exp(-z / 12))), 9)
    for cx in (-22, 22):
        femur = np.minimum(femur, _ellipsoid((x, y, z), (19, 28, 20), (cx, -6, 12)))
    tibia = np.where(z < -4, np.hypot(x / (16 + 22 * np.exp((z + 4) / 12)), (y - 2) / (15 + 12 * np.exp((z + 4) / 12))), 9)
    fibula = np.where(z < -18, np.hypot((x - 36) / 8, (y + 14) / 8), 9)
    patella = _ellipsoid((x, y, z), (21, 9, 22), (0, 44, 8))
    for bone in (femur, tibia, fibula, patella):
        out[bone < 1] = 0.08
        out[bone < 0.9] = 0.9
    return _placed(_noisy(out, rng), spacing)


def lower_leg(seed: int) -> Volume:
    """Both calves on T1: two cylinders of muscle with two bones each, air between them."""
    rng = np.random.default_rng(seed)
    spacing = (1.2, 1.2, 6.0)
    x, y, z = _axes((256, 140, 30), spacing)
    out = np.zeros((256, 140, 30), np.float32)
    for middle in (-75.0, 75.0):
        wide = 52 + 0.06 * z
        leg = np.hypot((x - middle) / wide, y / wide)
        out[leg < 1] = 0.95
        out[leg < 0.85] = 0.33
        for dx, dy, radius in ((-12.0, 22.0, 14.0), (22.0, 0.0, 7.0)):
            bone = np.hypot((x - middle - dx) / radius, (y - dy) / radius) + 0 * z
            out[bone < 1] = 0.06
            out[bone < 0.7] = 0.9
    return _placed(_noisy(out, rng), spacing)


def bottle(seed: int) -> Volume:
    """A water phantom of quality assurance."""
    rng = np.random.default_rng(seed)
    x, y, z = _axes((192, 192, 40), (1.5, 1.5, 5.0))
    out = np.where((np.hypot(x, y) < 95) & (np.abs(z) < 80), 0.8, 0)
    return _placed(_noisy(np.asarray(out, np.float32), rng), (1.5, 1.5, 5.0))


def noise(seed: int) -> Volume:
    """A scan without a patient."""
    rng = np.random.default_rng(seed)
    return _placed(_noisy(np.zeros((256, 192, 40), np.float32), rng, 0.1), (1.4, 1.4, 5.0))


def smooth_noise(seed: int) -> Volume:
    """Blobs of the size of muscles."""
    rng = np.random.default_rng(seed)
    blobs = gaussian_filter(rng.standard_normal((192, 160, 60)), (10, 10, 4))
    return _placed(np.asarray(1000 * (0.5 + blobs / blobs.std() / 6), np.float32), (1.8, 1.8, 5.0))


def empty(seed: int) -> Volume:
    """All zeros."""
    del seed
    return _placed(np.zeros((128, 128, 30), np.float32), (2.0, 2.0, 6.0))


STRANGERS: dict[str, Callable[[int], Volume]] = {
    "brain, T1": brain,
    "brain, T2": lambda seed: brain(seed, t2=True),
    "knee, T1": knee,
    "calves, T1": lower_leg,
    "water bottle": bottle,
    "noise": noise,
    "blobs": smooth_noise,
    "empty": empty,
}
