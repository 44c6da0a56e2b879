"""Toy studies, measured and graded as the pipeline does, for pictures of every kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io.study import Series, Study
from gluteal_grade.pipeline import Graded, StudyImages, grade_study
from gluteal_grade.result.models import StudyResult
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.vocabulary import Method, SeriesKind, Side
from tests.synthetic import ct, make_toy, series


@dataclass(frozen=True)
class FixedLabels:
    labels: Volume
    reference: Series

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        return Segmentation(self.labels, self.reference, "labelmap:gluteal_grade", "0" * 64)


def rotation(x_deg: float = 0, y_deg: float = 0, z_deg: float = 0) -> np.ndarray:
    """4x4 rotation about the three axes, one after the other."""
    matrix = np.eye(4)
    for axis, degrees in enumerate((x_deg, y_deg, z_deg)):
        a, b = (n for n in range(3) if n != axis)
        c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        one = np.eye(4)
        one[[a, a, b, b], [a, b, a, b]] = c, -s, s, c
        matrix = one @ matrix
    return matrix


def toy_study(
    *, slice_axis: int = 2, turned: np.ndarray | None = None, side: Side | None = None, edit=None, modality: str = "map", **toy_facts
) -> tuple[StudyResult, StudyImages]:
    """A graded toy.

    Args:
        slice_axis: array axis across the slices.
        turned: 4x4 laid over the toy's affine (an oblique scan).
        side: keep the labels of this side only.
        edit: changes (labels, fat fraction) arrays in place.
        modality: "map" (a fat-fraction map) or "ct".
        toy_facts: for `make_toy`; coarser than its default, for speed.
    """
    toy = make_toy(**({"shape": (96, 70, 30), "spacing": (3.75, 3.75, 5.0)} | toy_facts))
    affine = toy.grid.affine if turned is None else turned @ toy.grid.affine
    labels, fat = toy.labels.array.copy(), np.asarray(toy.fat, np.float32)
    if side is not None:
        labels[labels // 100 != (1 if side is Side.RIGHT else 2)] = 0
    if edit is not None:
        edit(labels, fat)
    if modality == "ct":
        source = series("s1", SeriesKind.CT, Volume(ct(toy).astype(np.float32), affine), slice_axis=slice_axis)
    else:
        source = series("s1", SeriesKind.FAT_FRACTION, Volume(fat, affine), slice_axis=slice_axis)
    graded: Graded = grade_study(Study("ab" * 6, (source,)), load_settings(), FixedLabels(Volume(labels, affine), source))
    assert graded.images is not None, graded.result.refusal
    image = graded.images
    assert graded.result.fat is not None
    assert graded.result.fat.method == (Method.CT if modality == "ct" else Method.FAT_FRACTION_MAP)
    if modality == "map":  # a T1-like picture behind it
        image = StudyImages(Volume(_t1_like(toy.fat, toy.body), affine), image.labels, image.fat_fraction, slice_axis, is_ct=False)
    return graded.result, image


def _t1_like(fat: np.ndarray, body: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(3).normal(0, 8, fat.shape)
    return np.asarray(np.abs(np.where(body, 250 + 700 * np.nan_to_num(fat), 0) + noise), np.float32)


def blob(grid: Grid, world_mm: tuple[float, float, float], radius_mm: float) -> np.ndarray:
    """True within `radius_mm` of a place in patient space."""
    places = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    return np.linalg.norm(places - np.asarray(world_mm), axis=-1) < radius_mm
