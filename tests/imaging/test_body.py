"""Body against air."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from gluteal_grade.imaging.body import _filled, distance_inside, finite, modal_value

SPACING = st.tuples(*[st.sampled_from([0.4, 1.0, 1.1, 4.2, 8.0])] * 3)


@pytest.mark.parametrize("shape", [(1, 1, 1), (6, 5, 1), (23, 17, 6)])
@pytest.mark.parametrize("seed", range(6))
def test_holes_are_filled_slice_by_slice(shape: tuple[int, int, int], seed: int) -> None:
    mask = np.random.default_rng(seed).random(shape) < 0.4 + 0.1 * seed
    wanted = np.stack([ndimage.binary_fill_holes(mask[:, :, k]) for k in range(shape[2])], axis=2)
    assert np.array_equal(_filled(mask), wanted)


def test_finite() -> None:
    given = np.array([[1.0, -2.0], [3.0, 4.0]], np.float32)
    assert finite(given) is given
    given[0, 1] = np.nan
    assert finite(given).tolist() == [[1.0, 0.0], [3.0, 4.0]]


def test_mode_does_not_depend_on_order_or_on_what_is_not_finite() -> None:
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(100, 5, 40_000), rng.normal(300, 40, 20_000)]).astype(np.float32)
    mode = modal_value(np.sort(values))
    assert mode == pytest.approx(100, abs=2)
    assert modal_value(values) == mode
    assert modal_value(np.append(values, [np.nan, np.inf])) == mode
    assert modal_value(values.astype(np.float64)) == mode
    assert np.isnan(modal_value(np.array([np.nan])))


@settings(max_examples=200, deadline=None)
@given(st.tuples(*[st.integers(1, 12)] * 3), SPACING, st.integers(0, 10_000))
def test_as_scipy(shape: tuple[int, int, int], spacing: tuple[float, float, float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < rng.choice([0.0, 0.3, 0.9, 0.99])
    found = distance_inside(mask, spacing)
    if mask.all():
        assert np.isinf(found).all()
    else:
        assert found == pytest.approx(ndimage.distance_transform_edt(mask, sampling=spacing), rel=1e-6)


@settings(max_examples=100, deadline=None)
@given(SPACING, st.integers(0, 10_000), st.floats(0.5, 20))
def test_near_ones_are_exact(spacing: tuple[float, float, float], seed: int, within: float) -> None:
    mask = np.random.default_rng(seed).random((9, 11, 7)) < 0.97
    full, near = distance_inside(mask, spacing), distance_inside(mask, spacing, within)
    assert np.array_equal(near[full < within], full[full < within])
    assert (near[full >= within] >= within).all()


def test_a_body() -> None:
    i, j = np.ogrid[:90, :60]
    body = ((i - 45) / 40) ** 2 + ((j - 30) / 25) ** 2 < 1
    body = np.repeat(body[:, :, None], 20, axis=2)
    body[40:50, 25:35, 8:12] = False
    assert distance_inside(body, (1.1, 1.1, 4.2)) == pytest.approx(ndimage.distance_transform_edt(body, sampling=(1.1, 1.1, 4.2)), rel=1e-6)
    assert np.array_equal(distance_inside(body, (1.0, 1.0, 4.0)) == 0, ~body)
