"""Width factors of the intervals from the errors of a calibration cohort; the cohort that verifies them is another one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from gluteal_grade.uncertainty.interval import bounds
from gluteal_grade.validation.measured import Record
from gluteal_grade.validation.tables import plain

Floats = npt.NDArray[np.float64]
_PRIOR_SD = 2.0  # of the logarithm of a factor: holds what the errors say nothing about near its start
_LEAST = 1e-4


def calibrate(records: list[Record], labels: str, asked: str, confidence: float = 0.95) -> dict[str, Any]:
    """Factors that make the errors of one method most probable, then widened or narrowed together until the intervals hold `confidence`.

    Returns:
        `border`, `segmentation`, `spread`, `offset`, `gain` as in the settings, `hold` the share held, `n` muscles.

    Raises:
        ValueError: fewer than 20 muscles.
    """
    rows = plain(records, labels, asked)
    if len(rows) < 20:
        raise ValueError(f"{len(rows)} muscles are too few to calibrate on")
    # SDs per unit of each factor
    border, segmentation, own = (
        np.array([_unit(record, row, labels, name) for record, _, row in rows]) for name in ("border", "segmentation", "map")
    )
    ff = np.array([np.clip(row["ff"], 0, 1) for *_, row in rows])
    noise = np.array([row["parts"]["noise"][0] for *_, row in rows])
    error = np.array([row["true"] - row["ff"] for *_, row in rows])

    def widths(factors: Floats) -> Floats:
        b, s, m, o, g = factors
        common = (m * own[:, 0]) ** 2 + o**2 + (g * ff) ** 2 + noise**2
        return np.sqrt((b * border) ** 2 + (s * segmentation) ** 2 + common[:, None])

    start = np.array([0.5, 0.5, 0.5, 0.004, 0.01])

    def cost(logs: Floats) -> float:
        w = np.maximum(widths(start * np.exp(logs)), _LEAST)
        mine = np.where(error < 0, w[:, 0], w[:, 1])
        return float((np.log(w.sum(axis=1)) + 0.5 * (error / mine) ** 2).sum() + 0.5 * ((logs / _PRIOR_SD) ** 2).sum())

    best = start * np.exp(minimize(cost, np.zeros(5), method="Nelder-Mead", options={"maxiter": 4000, "maxfev": 4000}).x)

    def hold(scale: float) -> float:
        w = widths(best * scale)
        limits = [bounds(row["ff"], *pair, confidence) for (*_, row), pair in zip(rows, w, strict=True)]
        return float(np.mean([low <= row["true"] <= high for (*_, row), (low, high) in zip(rows, limits, strict=True)]))

    scales = np.geomspace(0.5, 3.0, 60)
    scale = next((s for s in scales if hold(s) >= confidence), scales[-1])
    names = ("border", "segmentation", "spread", "offset", "gain")
    return {name: round(float(v), 4) for name, v in zip(names, best * scale, strict=True)} | {"hold": hold(scale), "n": len(rows)}


def _unit(record: Record, row: Record, labels: str, part: str) -> tuple[float, float]:
    """A part's SDs below and above, divided by the factor that was in force when it was measured."""
    factors = record["factors"]
    source = factors["given" if labels == "true" else "automatic"]
    factor = factors["methods"].get(row["method"], factors["methods"]["other"])["spread"] if part == "map" else source[part]
    below, above = row["parts"][part]
    return (below / factor, above / factor) if factor else (0.0, 0.0)
