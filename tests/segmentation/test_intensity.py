"""The networks' scale: air at the bottom, the same order of tissues on CT as on T1."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.segmentation.intensity import CT_WINDOW_HU, normalise


def test_ct_is_seen_like_t1() -> None:
    fat, muscle, marrow, cortex, air = normalise(np.array([-100.0, 50.0, 120.0, 800.0, -1000.0]), ct=True)
    assert fat > muscle > marrow > cortex == air == 0
    assert 0.4 < muscle < 0.6


@given(st.lists(st.floats(*CT_WINDOW_HU, exclude_min=True, width=32), min_size=2, max_size=20))
def test_ct_keeps_order_within_its_window_whatever_else_is_in_view(values: list[float]) -> None:
    hu = np.array(sorted(values))
    seen = normalise(hu, ct=True)
    assert ((seen >= 0) & (seen <= 1)).all()
    assert (np.diff(seen) <= 0).all()
    assert np.array_equal(normalise(np.append(hu, 3000.0), ct=True)[:-1], seen)


@given(st.floats(0.01, 1e4), st.floats(-100, 100))
def test_mr_has_no_unit(factor: float, offset: float) -> None:
    signal = np.random.default_rng(0).uniform(0, 1, (8, 8, 8))
    seen = normalise(signal, ct=False)
    assert np.allclose(normalise(signal * factor + offset, ct=False), seen, atol=1e-3)
    assert seen.min() == 0
    assert seen.max() == 1


def test_nothing_to_see_is_zero() -> None:
    assert not normalise(np.full((4, 4, 4), 7.0), ct=False).any()
    assert normalise(np.empty(0), ct=False).size == 0
