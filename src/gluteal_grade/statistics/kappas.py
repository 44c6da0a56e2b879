"""Agreement on categories: of two raters from their table of counts, of several from coincidences (Krippendorff 2011)."""

from __future__ import annotations

import numpy as np

from gluteal_grade.statistics.arrays import Floats, Ints

PAIR_STATISTICS = ("percent_agreement", "kappa", "kappa_linear", "kappa_quadratic", "pabak", "gwet_ac1", "gwet_ac2_quadratic")


def confusion(first: Ints, second: Ints, categories: int) -> Ints:
    """How often each two categories met, (categories, categories): the first rater's in rows.

    Args:
        first, second: (n,) places of categories, from 0.
        categories: how many there are.
    """
    return np.bincount(first * categories + second, minlength=categories * categories).reshape(categories, categories)


def distances(categories: int, power: int) -> Floats:
    """Disagreement of two categories, 0 to 1, (categories, categories): 0 nominal, 1 linear, 2 quadratic (Cohen 1968)."""
    places = np.arange(categories)
    apart = np.abs(places[:, None] - places[None, :])
    return np.asarray((apart > 0) if power == 0 else (apart / max(categories - 1, 1)) ** power, np.float64)


def kappa(tables: Floats, power: int = 0) -> Floats:
    """Cohen's kappa (1960), weighted (1968): one less the observed disagreement over that expected by chance.

    Args:
        tables: (..., k, k) counts, first rater in rows.
        power: of the distance: 0 unweighted, 1 linear, 2 quadratic.

    Returns:
        (...); NaN where chance leaves no disagreement (all in one category).

    Examples:
        >>> table = np.array([[5, 1, 0], [1, 6, 2], [0, 1, 4]])  # the first rater's grades in rows
        >>> round(float(kappa(table)), 3), round(float(kappa(table, power=2)), 3)
        (0.618, 0.783)
    """
    d = distances(tables.shape[-1], power)
    n = tables.sum(axis=(-2, -1))
    chance = np.einsum("...i,...j,ij->...", tables.sum(axis=-1), tables.sum(axis=-2), d)
    return 1 - _ratio(np.einsum("...ij,ij->...", tables, d) * n, chance)


def percent_agreement(tables: Floats) -> Floats:
    """Share of equal pairs, in percent."""
    return 100 * _ratio(np.einsum("...ii->...", tables), tables.sum(axis=(-2, -1)))


def pabak(tables: Floats) -> Floats:
    """Prevalence- and bias-adjusted kappa (Byrt 1993); with k categories (k Po - 1) / (k - 1) (Brennan & Prediger 1981)."""
    k = tables.shape[-1]
    return np.asarray((k * percent_agreement(tables) / 100 - 1) / (k - 1), np.float64)


def gwet(tables: Floats, power: int = 0) -> Floats:
    """Gwet's AC1 (2008), and AC2 with weights for `power` 1 or 2. NaN without counts."""
    k = tables.shape[-1]
    weights = 1 - distances(k, power)
    n = tables.sum(axis=(-2, -1))
    observed = _ratio(np.einsum("...ij,ij->...", tables, weights), n)
    share = _ratio(tables.sum(axis=-1) + tables.sum(axis=-2), 2 * n[..., None])
    chance = weights.sum() / (k * (k - 1)) * (share * (1 - share)).sum(axis=-1)
    return _ratio(observed - chance, 1 - chance)


def pair_statistics(tables: Floats) -> Floats:
    """`PAIR_STATISTICS` in order, (..., 7), of tables (..., k, k)."""
    found = (
        percent_agreement(tables), kappa(tables), kappa(tables, 1), kappa(tables, 2), pabak(tables), gwet(tables), gwet(tables, 2)
    )  # fmt: skip
    return np.stack(found, axis=-1)


def _ratio(above: Floats, below: Floats) -> Floats:
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    found: Floats = np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)
    return found


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
