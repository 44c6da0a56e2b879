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
_PER_UNIT = {"partial_volume": 0.3, "border": 0.2, "segmentation": 0.5, "map": 0.5, "not_seen": 0.5}  # parts, and where their factors start


def calibrate(records: list[Record], labels: str, asked: str, confidence: float = 0.95) -> dict[str, Any]:
    """Factors that make the errors of one method most probable, then widened or narrowed together until the intervals hold `confidence`.

    Returns:
        the factors `partial_volume`, `border`, `segmentation`, `spread`, `not_seen`, `offset` and `gain` as in the settings,
        `hold` the share held, `n` muscles.

    Raises:
        ValueError: fewer than 20 muscles.
    """
    rows = plain(records, labels, asked)
    if len(rows) < 20:
        raise ValueError(f"{len(rows)} muscles are too few to calibrate on")
    # SDs per unit of each factor, (muscles, below and above)
    units = {name: np.array([_unit(record, row, labels, name) for record, _, row in rows]) for name in _PER_UNIT}
    ff = np.array([np.clip(row["ff"], 0, 1) for *_, row in rows])
    noise = np.array([row["parts"]["noise"][0] for *_, row in rows])
    error = np.array([row["true"] - row["ff"] for *_, row in rows])

    def widths(factors: Floats) -> Floats:
        squares = sum((f * u) ** 2 for f, u in zip(factors, units.values(), strict=False))
        own = factors[-2] ** 2 + (factors[-1] * ff) ** 2 + noise**2
        return np.asarray(np.sqrt(squares + own[:, None]))

    start = np.array([*_PER_UNIT.values(), 0.004, 0.01])

    def cost(logs: Floats) -> float:
        w = np.maximum(widths(start * np.exp(logs)), _LEAST)
        mine = np.where(error < 0, w[:, 0], w[:, 1])
        return float((np.log(w.sum(axis=1)) + 0.5 * (error / mine) ** 2).sum() + 0.5 * ((logs / _PRIOR_SD) ** 2).sum())

    found = minimize(cost, np.zeros(start.size), method="L-BFGS-B")
    best = start * np.exp(found.x)

    def hold(scale: float) -> float:
        w = widths(best * scale)
        limits = [bounds(row["ff"], *pair, confidence) for (*_, row), pair in zip(rows, w, strict=True)]
        return float(np.mean([low <= row["true"] <= high for (*_, row), (low, high) in zip(rows, limits, strict=True)]))

    scales = np.geomspace(0.5, 3.0, 60)
    scale = next((s for s in scales if hold(s) >= confidence), scales[-1])
    names = (*("spread" if name == "map" else name for name in _PER_UNIT), "offset", "gain")
    return {name: round(float(v), 4) for name, v in zip(names, best * scale, strict=True)} | {"hold": hold(scale), "n": len(rows)}


def _unit(record: Record, row: Record, labels: str, part: str) -> tuple[float, float]:
    """A part's SDs below and above, divided by the factor that was in force when it was measured."""
    factors = record["factors"]
    methods = factors["methods"]
    method = methods.get(row["method"], methods["other"]) | {"map": methods.get(row["method"], methods["other"])["spread"]}
    factor = (method if part in ("map", "not_seen") else factors["given" if labels == "true" else "automatic"])[part]
    below, above = row["parts"][part]
    return (below / factor, above / factor) if factor else (0.0, 0.0)
