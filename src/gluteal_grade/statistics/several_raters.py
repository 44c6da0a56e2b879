"""Agreement of several raters on categories, from coincidences (Krippendorff 2011)."""

from __future__ import annotations

import numpy as np

from gluteal_grade.statistics.arrays import Floats


def coincidences(values: Floats, categories: int) -> Floats:
    """How often two raters of one unit gave each two categories, each unit weighing as many as rated it.

    Args:
        values: (units, raters) places of categories, NaN where missing.
        categories: how many there are.

    Returns:
        (units, k, k); zero for a unit with one rating.
    """
    counts = np.stack([(values == c).sum(axis=1) for c in range(categories)], axis=1).astype(float)
    ordered = counts[:, :, None] * counts[:, None, :]
    ordered[:, range(categories), range(categories)] -= counts
    raters = counts.sum(axis=1)
    return np.where(raters[:, None, None] > 1, ordered / np.maximum(raters - 1, 1)[:, None, None], 0.0)


def alpha(tables: Floats, *, ordinal: bool) -> Floats:
    """Krippendorff's alpha of coincidences (..., k, k); NaN where all ratings are alike."""
    totals = tables.sum(axis=-1)
    n = totals.sum(axis=-1)
    if ordinal:
        middle = np.cumsum(totals, axis=-1) - totals / 2  # mid-rank of a category
        d = (middle[..., :, None] - middle[..., None, :]) ** 2
    else:
        d = np.broadcast_to(1 - np.eye(tables.shape[-1]), tables.shape)
    chance = (totals[..., :, None] * totals[..., None, :] * d).sum(axis=(-2, -1))
    observed = (tables * d).sum(axis=(-2, -1)) * (n - 1)
    found: Floats = 1 - np.divide(observed, chance, out=np.full(chance.shape, np.nan), where=chance > 0)
    return found


def fleiss(tables: Floats) -> Floats:
    """Fleiss' kappa (1971) of coincidences (..., k, k) of units that all raters rated; NaN where all ratings are alike."""
    totals = tables.sum(axis=-1)
    n = totals.sum(axis=-1)
    other = n - np.einsum("...ii->...", tables)
    chance = n**2 - (totals**2).sum(axis=-1)
    found: Floats = 1 - np.divide(other * n, chance, out=np.full(chance.shape, np.nan), where=chance > 0)
    return found
