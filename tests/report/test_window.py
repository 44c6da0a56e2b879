import numpy as np
import pytest

from gluteal_grade.report.window import body_masks, crop_box, window_of

RNG = np.random.default_rng(0)
ROWS, COLUMNS = np.mgrid[:200, :300]
BODY = ((ROWS - 100) / 60) ** 2 + ((COLUMNS - 150) / 110) ** 2 < 1
LABEL = np.where(((ROWS - 110) / 15) ** 2 + ((COLUMNS - 90) / 20) ** 2 < 1, 110, 0).astype(np.uint8)
UNKNOWN = np.full(BODY.shape, np.nan)
MR = np.abs(np.where(BODY, 400.0, 0) + RNG.normal(0, 12, BODY.shape))


def test_crop_to_the_body_with_a_margin():
    box = crop_box([LABEL], body_masks([MR], [UNKNOWN], is_ct=False), (2.0, 2.0))
    assert box.top == pytest.approx(41 - 4, abs=2)
    assert box.bottom == pytest.approx(160 + 4, abs=2)
    assert box.left == pytest.approx(41 - 4, abs=2)
    assert box.right == pytest.approx(260 + 4, abs=2)


def test_a_label_outside_the_body_is_never_cropped_away():
    stray = LABEL.copy()
    stray[3:6, 296:300] = 110
    box = crop_box([stray], body_masks([MR], [UNKNOWN], is_ct=False), (2.0, 2.0))
    assert (box.top, box.right) == (0, 300)


def test_no_air_in_view_keeps_the_whole_picture():
    full = 400 + RNG.normal(0, 12, BODY.shape)
    box = crop_box([LABEL], body_masks([full], [UNKNOWN], is_ct=False), (2.0, 2.0))
    assert (box.top, box.bottom, box.left, box.right) == (0, 200, 0, 300)


def test_fat_that_is_dark_on_a_water_image_is_body():
    water = np.abs(np.where(LABEL > 0, 400.0, 0) + RNG.normal(0, 12, BODY.shape))
    known = np.where(BODY, 0.9, np.nan)
    box = crop_box([LABEL], body_masks([water], [known], is_ct=False), (2.0, 2.0))
    assert (box.left, box.right) == (pytest.approx(37, abs=2), pytest.approx(264, abs=2))
    everywhere = crop_box([LABEL], body_masks([water], [np.full(BODY.shape, 0.1)], is_ct=False), (2.0, 2.0))
    assert everywhere.right < 130  # a map that is known in air too tells nothing


def test_bright_muscle_is_not_lifted():
    water = np.where(LABEL > 0, 400.0, np.where(BODY, 40, 3))
    assert window_of([water], [LABEL], [BODY], is_ct=False).gamma == 1
    assert window_of([500 - water], [LABEL], [BODY], is_ct=False).gamma < 1


def test_two_thighs_are_both_kept():
    legs = ((ROWS - 100) / 50) ** 2 + ((np.abs(COLUMNS - 150) - 70) / 55) ** 2 < 1
    box = crop_box([LABEL * 0], body_masks([np.where(legs, 300.0, 5.0)], [UNKNOWN], is_ct=False), (2.0, 2.0))
    assert box.left < 30
    assert box.right > 270


def test_mr_window_is_not_ruled_by_skin_under_a_coil():
    coil = MR.copy()
    coil[BODY & (ROWS > 150)] = 9000
    window = window_of([coil], [LABEL], body_masks([coil], [UNKNOWN], is_ct=False), is_ct=False)
    assert 400 < window.high < 1000
    assert window.grey(coil).max() == 1
    assert "near the muscles" in window.words


def test_ct_window_is_soft_tissue_and_says_so():
    hu = np.where(BODY, 50.0, -1000)
    window = window_of([hu], [LABEL], body_masks([hu], [UNKNOWN], is_ct=True), is_ct=True)
    assert (window.low, window.high) == (-160, 240)
    assert "-160 to 240 HU" in window.words


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_constant_picture_is_no_error(value):
    flat = np.full((20, 30), value)
    bodies = body_masks([flat], [flat], is_ct=False)
    assert np.isfinite(window_of([flat], [flat * 0], bodies, is_ct=False).grey(flat)).all()
    crop_box([flat * 0], bodies, (1.0, 1.0))
