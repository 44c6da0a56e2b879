"""Body against air."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from gluteal_grade.imaging.body import _filled, finite, modal_value


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
