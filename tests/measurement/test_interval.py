import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.config import load_settings
from gluteal_grade.fat.fatmap import FatMap, Spread
from gluteal_grade.geometry import Volume
from gluteal_grade.measurement.interval import Uncertainty, bounds
from gluteal_grade.vocabulary import Method, Muscle

SETTINGS = load_settings().uncertainty
NOTHING = SETTINGS.model_copy(
    update={
        "methods": {"other": SETTINGS.model("other").model_copy(update={"spread": 1.0, "offset": 0.0, "gain": 0.0, "not_seen": 0.0})},
        "fascia": 0.0,
        "given": SETTINGS.given.model_copy(update={"partial_volume": 0.4, "border": 0.1}),
    }
)
MASK = np.zeros((16, 16, 4), bool)
MASK[4:12, 4:12] = True
Z95 = 1.959964


def fat_map(values: np.ndarray, **facts) -> FatMap:
    volume = Volume(values.astype(np.float32), np.eye(4))
    return FatMap(volume, Method.DIXON, (), volume, volume.with_array(np.ones(values.shape, bool)), **facts)


def even(value: float = 0.2, outside: float | None = None) -> np.ndarray:
    return np.where(MASK, value, value if outside is None else outside)


def test_an_exact_map_has_no_width():
    interval = Uncertainty(NOTHING).interval(MASK, fat_map(even()), 2)
    assert (interval.low, interval.high) == pytest.approx((0.2, 0.2), abs=1e-5)


def test_what_the_map_states_adds_up_in_squares():
    spread = Spread(offset_sd=0.01, gain_sd=0.1, noise_sd=0.16)
    interval = Uncertainty(NOTHING).interval(MASK, fat_map(even(), spread=spread), 2)
    sd = math.sqrt(0.01**2 + 0.02**2 + (0.16 / math.sqrt(MASK.sum())) ** 2)
    assert interval.below == interval.above == pytest.approx(sd)
    assert (interval.low, interval.high) == pytest.approx((0.2 - Z95 * sd, 0.2 + Z95 * sd))


@given(st.floats(0.02, 0.9), st.floats(1.15, 2.0), st.booleans())
def test_it_reaches_the_fraction_that_an_image_at_another_scale_hides(true: float, times: float, dim: bool):
    scale = 1 / times if dim else times
    read = scale * true / (scale * true + 1 - true)
    interval = Uncertainty(NOTHING).interval(MASK, fat_map(even(read), spread=Spread(fat_scale=scale)), 2)
    assert interval.low - 1e-3 <= true <= interval.high + 1e-3
    assert interval.parts["fat_scale"][0 if dim else 1] == 0
    assert "fat_scale" not in Uncertainty(NOTHING).interval(MASK, fat_map(even(read)), 2).parts


def test_fat_outside_puts_the_truth_below_more_often_than_above():
    interval = Uncertainty(NOTHING).interval(MASK, fat_map(even(0.2, outside=0.9)), 2)
    ring = 4 * 8 / (64 + 4 * 8)  # its share of the label with the ring around it; the label fills all slices
    half = 0.5 * ((16 / (64 + 16) / 0.5 + ring) / 2) * 0.7  # change of the mean for half a voxel
    assert interval.parts["partial_volume"] == pytest.approx((0.4 * half, 0.0))
    assert interval.parts["border"] == pytest.approx((0.05 * half, 0.05 * half))  # inwards nothing changes
    lean = Uncertainty(NOTHING).interval(MASK, fat_map(even(0.8, outside=0.1)), 2)
    assert lean.parts["partial_volume"][0] == 0
    assert lean.parts["partial_volume"][1] > 0


def test_the_sheath_around_a_fatty_muscle_puts_the_truth_above():
    sheathed = NOTHING.model_copy(update={"fascia": 0.3})
    below, above = Uncertainty(sheathed).interval(MASK, fat_map(even(0.6)), 2).parts["partial_volume"]
    at_border = 28 / 64  # the label fills all slices: its ends are the picture's
    assert (below, above) == pytest.approx((0.0, 0.4 * 0.3 * at_border * 0.6))


def test_labels_of_a_network_are_less_sure_than_given_ones():
    fat = fat_map(even(0.2, outside=0.9))
    given_, found = (Uncertainty(SETTINGS, automatic).interval(MASK, fat, 2) for automatic in (False, True))
    assert found.high - found.low > given_.high - given_.low


def test_outlines_of_a_network_are_as_sure_as_those_of_this_muscle():
    fat = fat_map(even(0.2, outside=0.9))
    surer = SETTINGS.automatic[Muscle.GLUTEUS_MAXIMUS].model_copy(update={"border": 0.1})
    doubled = surer.model_copy(update={"border": 0.2})
    settings = SETTINGS.model_copy(
        update={"automatic": {**SETTINGS.automatic, Muscle.GLUTEUS_MAXIMUS: surer, Muscle.GLUTEUS_MINIMUS: doubled}}
    )
    maximus, minimus = (
        Uncertainty(settings, True).of(muscle).interval(MASK, fat, 2).parts["border"][0]
        for muscle in (Muscle.GLUTEUS_MAXIMUS, Muscle.GLUTEUS_MINIMUS)
    )
    assert minimus == pytest.approx(2 * maximus)
    assert maximus > 0


def test_every_muscle_needs_its_factors():
    missing = {muscle: factors for muscle, factors in SETTINGS.automatic.items() if muscle is not Muscle.GLUTEUS_MINIMUS}
    with pytest.raises(ValueError, match="missing: gluteus_minimus"):
        type(SETTINGS).model_validate(SETTINGS.model_dump() | {"automatic": missing})


def test_doubtful_voxels_of_another_fat_content_widen():
    values = even(0.2)
    values[4:6, 4:12] = 0.8
    doubt = Volume(np.zeros(MASK.shape, np.float32), np.eye(4))
    doubt.array[4:6, 4:12] = 0.9
    sure, unsure = (Uncertainty(SETTINGS, True, d).interval(MASK, fat_map(values), 2) for d in (None, doubt))
    assert unsure.below > sure.below


def test_a_void_widens_by_what_it_may_hide():
    values = even(0.2)
    values[8:12] = 0.6
    hidden = values.copy()
    hidden[4:12, 4:6] = np.nan
    wide, narrow = (Uncertainty(SETTINGS).interval(MASK, fat_map(v), 2).parts["not_seen"][0] for v in (hidden, values))
    assert narrow == 0
    assert wide == pytest.approx(SETTINGS.model(Method.DIXON).not_seen * 0.25 * 0.2, rel=1e-6)


@given(st.floats(-0.02, 1.02), st.floats(0, 0.2), st.floats(0, 0.2))
def test_bounds_hold_the_value_and_stay_in_range(mean, below, above):
    low, high = bounds(mean, below, above, 0.95)
    assert low <= mean <= high
    assert low >= min(0.0, mean)
    assert high <= max(1.0, mean)


@given(st.floats(0.3, 0.7), st.floats(0.001, 0.05), st.floats(0.001, 0.05))
def test_a_higher_confidence_is_wider(mean, below, above):
    (a, b), (c, d) = bounds(mean, below, above, 0.8), bounds(mean, below, above, 0.95)
    assert c <= a
    assert d >= b


def test_more_noise_is_wider_and_more_voxels_are_narrower():
    noisy = fat_map(even(), spread=Spread(noise_sd=0.2))
    small = MASK & (np.arange(16) < 6)[:, None, None]
    wide, narrow = (Uncertainty(NOTHING).interval(mask, noisy, 2).above for mask in (small, MASK))
    assert wide == pytest.approx(2 * narrow)
    louder = Uncertainty(NOTHING).interval(MASK, replace(noisy, spread=Spread(noise_sd=0.4)), 2)
    assert louder.above == pytest.approx(2 * narrow)
