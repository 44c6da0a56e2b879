"""Clustering each muscle by itself: the classes, and what published work warns of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.clusters import clustered_by_muscle, gaussian_memberships, kmeans_memberships
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import Method, Muscle, Side
from tests.synthetic import Toy, make_toy

T1 = load_settings().fat.t1
WAYS = pytest.mark.parametrize("method", ["gmm3", "kmeans3"])


def three_tissues(seed: int, counts: tuple[int, int, int] = (3000, 600, 1400)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    kind = np.repeat([0, 1, 2], counts)
    return rng.normal(np.array([0.03, 0.5, 0.97])[kind], 0.05), kind


@pytest.mark.parametrize("memberships", [gaussian_memberships, kmeans_memberships])
def test_three_tissues_are_told_apart(memberships) -> None:
    values, kind = three_tissues(1)
    found = memberships(values)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found.argmax(axis=1) == kind).mean() > 0.999


@given(st.floats(0.1, 500), st.floats(-300, 300))
def test_scale_and_offset_of_the_signal_do_not_matter(scale: float, offset: float) -> None:
    values, _ = three_tissues(2, (300, 60, 140))
    for memberships in (gaussian_memberships, kmeans_memberships):
        assert memberships(scale * values + offset) == pytest.approx(memberships(values), abs=0.01)


@pytest.mark.parametrize("memberships", [gaussian_memberships, kmeans_memberships])
def test_equal_values_make_no_nonsense(memberships) -> None:
    found = memberships(np.full(100, 0.2))
    assert np.isfinite(found).all()
    assert found.sum(axis=1) == pytest.approx(1)


def true_map(toy: Toy, method: Method = Method.T1) -> FatMap:
    return FatMap(toy.volume(toy.fat), method, (), toy.volume(np.nan_to_num(toy.fat)), Volume(toy.body, toy.grid.affine))


@WAYS
def test_only_labels_change_and_the_map_says_so(method: str) -> None:
    toy = make_toy(shape=(96, 70, 20), spacing=(3.75, 3.75, 7.5))
    before = true_map(toy)
    after = clustered_by_muscle(before, toy.labels, T1.model_copy(update={"method": method}))
    outside = toy.labels.array == 0
    assert np.array_equal(after.volume.array[outside], before.volume.array[outside], equal_nan=True)
    assert not np.array_equal(after.volume.array[~outside], before.volume.array[~outside])
    assert [n.reason for n in after.notes] == [Reason.CLUSTERED_PER_MUSCLE]


@WAYS
def test_an_evenly_lean_muscle_reads_far_too_fat(method: str) -> None:
    """grading.md: the reason why anchors are pooled; a lean muscle's noise is divided into three classes."""
    toy = make_toy(0.06, shape=(96, 70, 20), spacing=(3.75, 3.75, 7.5))
    found = clustered_by_muscle(true_map(toy), toy.labels, T1.model_copy(update={"method": method}))
    medius = toy.labels.array == 220
    assert np.nanmean(found.volume.array[medius]) > 0.2


@pytest.mark.parametrize(("method", "way"), [("anchors", Method.T1), ("gmm3", Method.DIXON), ("gmm3", Method.CT)])
def test_otherwise_the_map_is_left_alone(method: str, way: Method) -> None:
    toy = make_toy({(Muscle.GLUTEUS_MEDIUS, Side.LEFT): 0.4}, shape=(96, 70, 20), spacing=(3.75, 3.75, 7.5))
    fat = true_map(toy, way)
    assert clustered_by_muscle(fat, toy.labels, T1.model_copy(update={"method": method})) is fat
