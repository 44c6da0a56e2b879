"""The muscle's own fat: exact on shapes whose mixing is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gluteal_grade.config import load_settings
from gluteal_grade.measurement.core import core_of, share_inside, signed_distance

SETTINGS = load_settings().measure.core
FINE = 8  # sub-voxels along each axis


def _slanted(slope: float, spacing: tuple[float, float, float], inside: float, outside: float) -> tuple[np.ndarray, np.ndarray]:
    """A slab, 24 mm thick, whose place moves `slope` mm sideways for each mm upwards: label by centres, and the exact mixture."""
    shape = (40, 30, 14)
    x = (np.arange(shape[0] * FINE) + 0.5) / FINE * spacing[0]
    z = (np.arange(shape[2] * FINE) + 0.5) / FINE * spacing[2]
    middle = shape[0] * spacing[0] / 2 + slope * (z - z.mean())
    within = np.abs(x[:, None] - middle[None, :]) < 12.0
    share = within.reshape(shape[0], FINE, shape[2], FINE).mean(axis=(1, 3))
    centres = within.reshape(shape[0], FINE, shape[2], FINE)[:, FINE // 2, :, FINE // 2]
    grid = [np.repeat(part[:, None, :], shape[1], axis=1) for part in (centres, share * inside + (1 - share) * outside)]
    return grid[0].astype(bool), grid[1].astype(np.float32)


@pytest.mark.parametrize("slope", [0.0, 0.4, -0.8, 1.2])
@pytest.mark.parametrize("thick", [3.0, 5.0, 7.0])
def test_lean_muscle_in_fat_reads_its_own_fat(slope: float, thick: float) -> None:
    spacing = (1.5, 1.5, thick)
    mask, values = _slanted(slope, spacing, inside=0.05, outside=0.9)
    found = core_of(mask, values, spacing, 2, SETTINGS).own
    assert np.nanmean(found) == pytest.approx(0.05, abs=0.006)
    if abs(slope) * thick > 2:  # the label's mean carries the rim
        assert values[mask].mean() > 0.07


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1))
def test_any_contrast_is_undone(inside: float, outside: float, slope: float) -> None:
    mask, values = _slanted(slope, (2.0, 2.0, 5.0), inside, outside)
    found = core_of(mask, values, (2.0, 2.0, 5.0), 2, SETTINGS).own
    # 1.75 % of the contrast is the most of 513 slopes: flanks that are nearly along the slices' stack (slope 0.03)
    assert np.nanmean(found) == pytest.approx(inside, abs=0.001 + 0.018 * abs(outside - inside))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_along_any_axis(axis: int) -> None:
    mask, values = _slanted(0.6, (1.5, 1.5, 5.0), 0.1, 0.9)
    spacing = [1.5, 1.5, 1.5]
    spacing[axis] = 5.0
    turned = core_of(np.moveaxis(mask, 2, axis), np.moveaxis(values, 2, axis), (spacing[0], spacing[1], spacing[2]), axis, SETTINGS)
    straight = core_of(mask, values, (1.5, 1.5, 5.0), 2, SETTINGS)
    assert np.allclose(np.moveaxis(turned.own, axis, 2), straight.own, atol=1e-5, equal_nan=True)


def test_nothing_is_sure_in_a_muscle_one_voxel_thick() -> None:
    mask = np.zeros((30, 30, 8), bool)
    mask[14, 5:25, 1:7] = True
    found = core_of(mask, np.full(mask.shape, 0.2, np.float32), (1.5, 1.5, 5.0), 2, SETTINGS)
    assert not np.isfinite(found.own).any()


def test_outermost_slices_of_a_muscle_are_not_sure() -> None:
    mask = np.zeros((30, 30, 10), bool)
    mask[8:22, 8:22, 3:7] = True
    own = core_of(mask, np.full(mask.shape, 0.2, np.float32), (1.5, 1.5, 5.0), 2, SETTINGS).own
    assert np.isfinite(own).any(axis=(0, 1)).tolist() == [False] * 4 + [True] * 2 + [False] * 4


def test_a_muscle_cut_by_the_picture_keeps_its_last_slice() -> None:
    mask = np.zeros((30, 30, 6), bool)
    mask[8:22, 8:22, :] = True
    own = core_of(mask, np.full(mask.shape, 0.2, np.float32), (1.5, 1.5, 5.0), 2, SETTINGS).own
    assert np.isfinite(own).any(axis=(0, 1)).all()


def test_thin_slices_with_gaps_mix_less_than_thick_ones() -> None:
    mask, values = _slanted(0.8, (1.5, 1.5, 8.0), 0.05, 0.9)
    touching = core_of(mask, values, (1.5, 1.5, 8.0), 2, SETTINGS)
    gapped = core_of(mask, values, (1.5, 1.5, 8.0), 2, SETTINGS, thickness_mm=3.0)
    assert np.isfinite(gapped.own).sum() > np.isfinite(touching.own).sum()


def test_an_automatic_outline_is_trusted_less_near_its_border() -> None:
    mask, values = _slanted(0.0, (1.5, 1.5, 5.0), 0.05, 0.9)
    given_, automatic = (np.isfinite(core_of(mask, values, (1.5, 1.5, 5.0), 2, SETTINGS, automatic=a).own) for a in (False, True))
    assert (automatic & ~given_).sum() == 0
    assert automatic.sum() < given_.sum()
    assert not (automatic & (signed_distance(mask, (1.5, 1.5, 5.0)) < SETTINGS.automatic_depth_mm)).any()


def test_voxels_without_a_value_stay_without() -> None:
    mask, values = _slanted(0.3, (1.5, 1.5, 5.0), 0.1, 0.8)
    hole = np.zeros(mask.shape, bool)
    hole[:, 10:14, :] = True
    own = core_of(mask, np.where(hole, np.nan, values), (1.5, 1.5, 5.0), 2, SETTINGS).own
    assert not np.isfinite(own[hole]).any()
    assert np.nanmean(own) == pytest.approx(0.1, abs=0.01)


@given(st.floats(-3, 3), st.floats(-1, 1), st.floats(-1, 1), st.floats(-4, 4))
def test_share_of_a_box_beside_a_plane_is_exact(place: float, gx: float, gy: float, rise: float) -> None:
    assume(max(abs(gx), abs(gy), abs(rise)) > 0.05)
    i, j, k = np.meshgrid(np.arange(5.0), np.arange(5.0), np.arange(3.0), indexing="ij")
    plane = (place + gx * (i - 2) + gy * (j - 2) + rise * (k - 1)).astype(np.float32)
    steps = (np.arange(60) + 0.5) / 60 - 0.5
    a, b, c = np.meshgrid(steps, steps, steps, indexing="ij")
    counted = float((place + gx * a + gy * b + rise * c > 0).mean())
    assert share_inside(plane)[2, 2, 1] == pytest.approx(counted, abs=0.02)


def test_signed_distance_changes_sign_half_a_voxel_beyond_the_outermost_centre() -> None:
    mask = np.zeros((9, 9, 3), bool)
    mask[3:6, 3:6, 1] = True
    d = signed_distance(mask, (2.0, 2.0, 5.0))
    assert d[3, 4, 1] == pytest.approx(1.0)
    assert d[2, 4, 1] == pytest.approx(-1.0)
    assert d[4, 4, 1] == pytest.approx(3.0)
    assert math.isclose(float(d[4, 4, 0]), -15.0)
