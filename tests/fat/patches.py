"""Pictures of muscle and fat in patches of any shape, with and without an exchanged ball in them."""

import numpy as np
from scipy import ndimage

SPACING = (4.0, 4.0, 6.0)


def patches(shape: tuple[int, int, int], seed: int, size: float = 3.0) -> np.ndarray:
    """2 FF - 1 of lean muscle and fat, two parts to one, in patches some `size` voxels thick, a little noisy."""
    rng = np.random.default_rng(seed)
    rough = ndimage.gaussian_filter(rng.standard_normal(shape), [size * SPACING[0] / s for s in SPACING])
    fat = rough > np.quantile(rough, 2 / 3)
    return np.where(fat, 0.85, -0.85) + 0.05 * rng.standard_normal(shape)


def turned_ball(polarity: np.ndarray, centre: tuple[float, float, float], radius: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture with a ball exchanged (mm from the corner of the grid), and which voxels that are."""
    middles = np.moveaxis((np.indices(polarity.shape) + 0.5) * np.reshape(SPACING, (3, 1, 1, 1)), 0, -1)
    ball = np.linalg.norm(middles - centre, axis=-1) < radius
    return np.where(ball, -polarity, polarity), ball
