"""Distances agree with scipy's, whatever the mask and the voxels' size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from gluteal_grade.imaging.distance import distance_inside

SPACING = st.tuples(*[st.sampled_from([0.4, 1.0, 1.1, 4.2, 8.0])] * 3)


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
