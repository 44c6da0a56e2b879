"""Fat fraction by clustering each muscle on its own, as published work does: named alternatives to pooled anchors, for comparison.

Three classes of signal in each muscle: muscle, intermediate, fat (MuscleMap's three-component GMM and k-means work like this). The
method takes it that a muscle holds all three; where it is nearly all lean or all fat, noise is divided into classes instead.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from scipy.cluster.vq import kmeans2

from gluteal_grade.config import T1Settings
from gluteal_grade.errors import Note, Reason
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.vocabulary import REGIONS, Method, Muscle, Part, Region, Side, label_value

_CLASSES = 3
_LEAST_VOXELS = 50
_STEPS = 200
_TOLERANCE = 1e-5
_NARROWEST = 1e-3  # of the muscle's own SD: a class of equal values would divide by zero


def clustered_by_muscle(fat: FatMap, labels: Volume, settings: T1Settings) -> FatMap:
    """The map with each muscle's values replaced by its class memberships, where the settings ask for it; else the map itself.

    The map's values are a linear function of the corrected signal, so its clusters are the signal's. Fat counts 1, muscle 0, the class
    between `intermediate_ff`; outside the labels the map stays as it is, muscles of less than 50 voxels have no value.

    Args:
        fat: of T1, T2 or PD; other methods need no anchors and are left alone.
        labels: our own values, on the map's grid.
        settings: `method` and `intermediate_ff`.
    """
    if settings.method == "anchors" or fat.method not in (Method.T1, Method.T2, Method.PD):
        return fat
    memberships = gaussian_memberships if settings.method == "gmm3" else kmeans_memberships
    worth = np.array([0.0, settings.intermediate_ff, 1.0])
    found = np.where(labels.array > 0, np.float32(np.nan), fat.volume.array)
    for side in Side:
        for muscle in Muscle:
            values = [label_value(Part(muscle, region, side)) for region in (Region.WHOLE, *REGIONS[muscle])]
            mine = np.isin(labels.array, values) & np.isfinite(fat.volume.array)
            if np.count_nonzero(mine) >= _LEAST_VOXELS:
                found[mine] = memberships(fat.volume.array[mine].astype(np.float64)) @ worth
    note = Note(
        Reason.CLUSTERED_PER_MUSCLE, f"fat fraction by {settings.method}, each muscle by itself: unstable in very lean and very fatty ones"
    )
    return replace(fat, volume=fat.volume.with_array(found), notes=(*fat.notes, note))


def kmeans_memberships(values: FloatArray) -> FloatArray:
    """(n, 3) zeros and ones: the class of each value, classes in order of their means (Lloyd's algorithm from quantiles)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class may stay empty: a muscle need not hold all three
        centres, nearest = kmeans2(values[:, None], _start(values)[:, None], minit="matrix", missing="warn")
    order = np.argsort(np.argsort(centres[:, 0]))
    return np.asarray(np.eye(_CLASSES)[order[nearest]])


def gaussian_memberships(values: FloatArray) -> FloatArray:
    """(n, 3) probabilities of the classes of a Gaussian mixture, in order of their means (expectation-maximisation from k-means)."""
    member = kmeans_memberships(values)
    spread = max(float(values.std()), np.finfo(float).tiny)
    last = -np.inf
    for _ in range(_STEPS):
        weight = member.sum(axis=0) + 1e-9
        mean = (member * values[:, None]).sum(axis=0) / weight
        variance = (member * (values[:, None] - mean) ** 2).sum(axis=0) / weight + (_NARROWEST * spread) ** 2
        log_density = np.log(weight / values.size) - 0.5 * (np.log(2 * np.pi * variance) + (values[:, None] - mean) ** 2 / variance)
        total = np.logaddexp.reduce(log_density, axis=1)
        member = np.exp(log_density - total[:, None])
        if abs(float(total.mean()) - last) < _TOLERANCE:
            break
        last = float(total.mean())
    return np.asarray(member[:, np.argsort(mean)])


def _start(values: FloatArray) -> FloatArray:
    """Three different centres from the outside and the middle of the sample: the same each time."""
    low, high = np.percentile(values, [5, 95])
    return np.asarray(np.linspace(low, high if high > low else low + 1e-6, _CLASSES))
