"""Width factors of the intervals from the errors of a calibration cohort; the cohort that verifies them is another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from gluteal_grade.measurement.interval import bounds
from gluteal_grade_lab.validation.measured import Record
from gluteal_grade_lab.validation.rows import plain

Floats = npt.NDArray[np.float64]
Factors = dict[str, dict[str, float]]
_PRIOR_SD = 2.0  # of the logarithm of a factor: holds what the errors say nothing about near its start
_LEAST = 1e-4
_ENOUGH = 20
_IN_95 = 1.959964  # SDs to either side of the middle
# parts of an interval, and where the search for their factors starts
_OF_LABELS = {"partial_volume": 0.3, "border": 0.2, "segmentation": 0.5}
_OF_CORE = {"partial_volume": 0.2, "border": 0.5, "segmentation": 0.3, "rim": 0.1}
_OF_METHOD = {"map": 0.5, "not_seen": 0.5}
_OWN = {"offset": 0.004, "gain": 0.01}


@dataclass(frozen=True)
class _Errors:
    """Muscles of one method: SDs below and above per unit of each factor (those of labels first), (muscles, 2) each, and what was
    measured, (muscles,)."""

    units: dict[str, Floats]
    ff: Floats
    true: Floats
    noise: Floats

    def widths(self, labels: Floats, method: Floats) -> Floats:
        """(muscles, 2) SDs under label factors and method factors, in the order of the tables above."""
        known = [*labels, *method[: len(_OF_METHOD)]]
        squares = sum((f * unit) ** 2 for f, unit in zip(known, self.units.values(), strict=True))
        offset, gain = method[len(_OF_METHOD) :]
        own = offset**2 + (gain * np.clip(self.ff, 0, 1)) ** 2 + self.noise**2
        return np.asarray(np.sqrt(squares + own[:, None]))

    def cost(self, labels: Floats, method: Floats) -> float:
        """Minus the logarithm of the probability of the errors."""
        w = np.maximum(self.widths(labels, method), _LEAST)
        error = self.true - self.ff
        mine = np.where(error < 0, w[:, 0], w[:, 1])
        return float((np.log(w.sum(axis=1)) + 0.5 * (error / mine) ** 2).sum())

    def hold(self, labels: Floats, method: Floats, confidence: float) -> float:
        """Share of intervals that hold the truth."""
        limits = [bounds(ff, float(w[0]), float(w[1]), confidence) for ff, w in zip(self.ff, self.widths(labels, method), strict=True)]
        return float(np.mean([low <= true <= high for true, (low, high) in zip(self.true, limits, strict=True)]))


def calibrate(records: list[Record], labels: str, methods: tuple[str, ...], confidence: float = 0.95) -> Factors:
    """Factors under which the errors are most probable; those of each method then made wider or narrower until its intervals hold
    `confidence`.

    Returns:
        `labels`: the factors of given or automatic labels; each method: `spread`, `not_seen`, `offset`, `gain` as in the settings,
        `hold` the share held, `muscles` how many. Methods with fewer than 20 muscles are left out.

    Raises:
        ValueError: no method has enough.
    """
    of_labels_start = _label_factors(records)
    found = {name: _errors(records, labels, name, of_labels_start) for name in methods}
    found = {name: e for name, e in found.items() if e.ff.size >= _ENOUGH}
    if not found:
        raise ValueError(f"no method has {_ENOUGH} muscles to calibrate on")
    per_method = [*_OF_METHOD.values(), *_OWN.values()]
    start = np.array([*of_labels_start.values(), *per_method * len(found)])
    first = len(of_labels_start)

    def cost(logs: Floats) -> float:
        factors = start * np.exp(logs)
        own = factors[first:].reshape(len(found), -1)
        errors = sum(e.cost(factors[:first], row) for e, row in zip(found.values(), own, strict=True))
        return errors + 0.5 * float(((logs / _PRIOR_SD) ** 2).sum())

    best = start * np.exp(minimize(cost, np.zeros(start.size), method="L-BFGS-B").x)
    of_labels = best[:first]
    result: Factors = {"labels": _named(of_labels_start, of_labels)}
    for (name, errors), own in zip(found.items(), best[first:].reshape(len(found), -1), strict=True):

        def held(scale: float, errors: _Errors = errors, own: Floats = own) -> float:
            return errors.hold(of_labels, own * scale, confidence)

        scale = _least_that_holds(held, confidence)
        result[name] = _named(("spread", "not_seen", *_OWN), own * scale)
        result[name] |= {"hold": errors.hold(of_labels, own * scale, confidence), "muscles": errors.ff.size}
    return result


def calibrate_muscles(records: list[Record], labels: str, methods: tuple[str, ...], confidence: float = 0.95) -> Factors:
    """Label factors of each muscle apart, those of the methods left as they were when the records were made.

    Returns:
        for each muscle the factors of its outline, `hold` and `muscles` as in `calibrate`; muscles seen fewer than 20 times are left out.
    """
    start = _label_factors(records)
    first = np.array([*start.values()])
    result: Factors = {}
    for muscle in sorted({m["muscle"] for name in methods for _, _, m in plain(records, labels, name)}):
        found = {name: _errors(records, labels, name, start, muscle) for name in methods}
        known = [(errors, _own(records, name)) for name, errors in found.items() if errors.ff.size]
        count = sum(errors.ff.size for errors, _ in known)
        if count < _ENOUGH:
            continue

        def cost(logs: Floats, known: list[tuple[_Errors, Floats]] = known) -> float:
            return sum(e.cost(first * np.exp(logs), own) for e, own in known) + 0.5 * float(((logs / _PRIOR_SD) ** 2).sum())

        def hold(factors: Floats, known: list[tuple[_Errors, Floats]] = known, count: int = count) -> float:
            return sum(e.hold(factors, own, confidence) * e.ff.size for e, own in known) / count

        best = first * np.exp(minimize(cost, np.zeros(first.size), method="L-BFGS-B").x)
        scale = _least_that_holds(partial(_at, hold, best), confidence)
        result[muscle] = _named(start, best * scale) | {"hold": hold(best * scale), "muscles": count}
    return result


def _at(hold: Callable[[Floats], float], factors: Floats, scale: float) -> float:
    return hold(factors * scale)


def _least_that_holds(hold: Callable[[float], float], confidence: float) -> float:
    """The smallest of 80 scales from 0.3 to 4 under which enough intervals hold the truth; 4 if none does."""
    scales = [float(s) for s in np.geomspace(0.3, 4.0, 80)]
    return next((s for s in scales if hold(s) >= confidence), scales[-1])


def held_out(records: list[Record], labels: str, methods: tuple[str, ...], confidence: float = 0.95, parts: int = 5) -> Factors:
    """How intervals do on studies that their factors were not fitted on: each part of the studies by factors from the others.

    Returns:
        for `method, muscle`: `hold`, the share of intervals that hold the truth, `width`, their median width before they are cut at 0 and
        100 %, in points, and `muscles`.
    """
    start = _label_factors(records)
    seeds = sorted({record["seed"] for record in records})
    np.random.default_rng(0).shuffle(seeds)
    judged: dict[str, list[tuple[float, Floats]]] = {}
    for part in range(parts):
        out = set(seeds[part::parts])
        fitted = calibrate_muscles([r for r in records if r["seed"] not in out], labels, methods, confidence)
        rest = [r for r in records if r["seed"] in out]
        for muscle, factors in fitted.items():
            of_label = np.array([factors[name] for name in start])
            for name in methods:
                errors = _errors(rest, labels, name, start, muscle)
                if errors.ff.size:
                    own = _own(rest, name)
                    widths = 100 * _IN_95 * errors.widths(of_label, own).sum(axis=1)
                    judged.setdefault(f"{name}, {muscle}", []).append((errors.hold(of_label, own, confidence) * errors.ff.size, widths))
    result: Factors = {}
    for key, found in judged.items():
        every = np.concatenate([widths for _, widths in found])
        result[key] = {"hold": sum(held for held, _ in found) / every.size, "width": float(np.median(every)), "muscles": every.size}
    return result


def _own(records: list[Record], name: str) -> Floats:
    """A method's factors when the records were made, in the order of `_OF_METHOD` and `_OWN`."""
    factors = records[0]["factors"]["methods"]
    own = factors.get(name, factors["other"])
    return np.array([own["spread"], own["not_seen"], own["offset"], own["gain"]])


def _label_factors(records: list[Record]) -> dict[str, float]:
    """Names of the label's factors, with where the search starts: of the core value where the records are of it (`as_core`)."""
    return _OF_CORE if any("rim" in record["factors"]["given"] for record in records) else _OF_LABELS


def _errors(records: list[Record], labels: str, asked: str, of_labels: dict[str, float], muscle: str | None = None) -> _Errors:
    rows = [(r, run, m) for r, run, m in plain(records, labels, asked) if muscle in (None, m["muscle"])]
    units = {name: np.array([unit(r, m, labels, name) for r, _, m in rows]).reshape(-1, 2) for name in (*of_labels, *_OF_METHOD)}
    ff, true, noise = (np.array([pick(m) for *_, m in rows]) for pick in (_ff, _true, _noise))
    return _Errors(units, ff, true, noise)


def _ff(row: Record) -> float:
    return float(row["ff"])


def _true(row: Record) -> float:
    return float(row["true"])


def _noise(row: Record) -> float:
    return float(row["parts"]["noise"][0])


def unit(record: Record, row: Record, labels: str, part: str) -> tuple[float, float]:
    """A part's SDs below and above, divided by the factor that was in force when it was measured."""
    factors = record["factors"]
    method = factors["methods"].get(row["method"], factors["methods"]["other"])
    source = factors["given" if labels == "true" else "automatic"]
    source = source.get(row["muscle"], source)  # of a network's core values, each muscle has its own
    factor = source[part] if part in source else method["spread" if part == "map" else part]
    below, above = row["parts"][part]
    return (below / factor, above / factor) if factor else (0.0, 0.0)


def _named(names: Any, values: Floats) -> dict[str, float]:
    return {name: round(float(v), 4) for name, v in zip(names, values, strict=True)}
