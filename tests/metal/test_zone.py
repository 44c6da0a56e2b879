"""What is left out: how far, on which sequence; masks that users draw."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.nifti import save_volume
from gluteal_grade.io.study import Acquisition, ImplantHint, Series, Study
from gluteal_grade.metal.evidence import Picture, header_evidence, metal_in_picture, zone_of
from gluteal_grade.metal.zone import imaging_of, margin_mm, mask_on, read_mask, zone_rule
from gluteal_grade.vocabulary import SeriesKind, Side
from tests.metal.scenes import SETTINGS, away, joint, t1_image, toy, volume, with_metal
from tests.synthetic import series

K = SeriesKind


def one(kind: SeriesKind, *, mars: bool = False, **facts: object) -> Series:
    return series("s1", kind, volume(t1_image()), mars=mars, acquisition=Acquisition(**facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "imaging"),
    [
        (one(K.T1, mars=True), "mars"),
        (one(K.T1, bandwidth_hz_per_pixel=500), "wide_spin_echo"),
        (one(K.T1, bandwidth_hz_per_pixel=200), "spin_echo"),
        (one(K.T1), "spin_echo"),
        (one(K.T1, bandwidth_hz_per_pixel=900, scanning_sequence=("GR",)), "gradient_echo"),
        (one(K.DIXON_WATER, bandwidth_hz_per_pixel=1080), "gradient_echo"),
        (one(K.FAT_FRACTION), "gradient_echo"),
        (one(K.CT), "ct"),
    ],
)
def test_how_a_series_images_near_metal(found: Series, imaging: str) -> None:
    assert imaging_of(found) == imaging


def test_margins_grow_with_field_strength_and_shrink_with_bandwidth() -> None:
    margins = [margin_mm(i, 1.5, SETTINGS) for i in ("mars", "wide_spin_echo", "spin_echo")]  # type: ignore[arg-type]
    assert margins == sorted(margins)
    assert margins[0] < margins[2]
    assert margin_mm("mars", 3.0, SETTINGS) > margin_mm("mars", 1.5, SETTINGS) == margin_mm("mars", None, SETTINGS)
    assert margin_mm("ct", 3.0, SETTINGS) == margin_mm("ct", None, SETTINGS)


def test_the_zone_holds_void_and_pile_up_with_their_margin() -> None:
    rule = zone_rule(one(K.T1, mars=True, field_strength_t=1.5), SETTINGS)
    seen = metal_in_picture(Picture("s1", volume(with_metal(t1_image(), 20.0)), None, rule), toy().labels, SETTINGS)
    zone, reach = zone_of(Side.RIGHT, seen, toy().labels, SETTINGS)
    assert zone is not None
    d = away(joint())
    assert reach == SETTINGS.margin_mm.mars
    assert zone[d < 20 + reach - 6].all()  # a voxel and the opening of the void less
    assert not zone[d > 27 + reach + 6].any()


def test_without_a_visible_void_the_zone_lies_where_an_implant_would() -> None:
    rule = zone_rule(one(K.T1, mars=True, field_strength_t=3.0), SETTINGS)
    seen = metal_in_picture(Picture("s1", volume(t1_image()), None, rule), toy().labels, SETTINGS)
    zone, reach = zone_of(Side.LEFT, seen, toy().labels, SETTINGS)
    assert zone is not None
    assert reach == pytest.approx(SETTINGS.unseen_radius_mm.mars * SETTINGS.high_field_factor)
    left = away(joint(Side.LEFT))
    assert zone[left < reach].all()
    assert not zone[away(joint(Side.RIGHT)) < 15].any()


def test_header_evidence_names_no_text_of_the_header() -> None:
    mars = replace(one(K.STIR, mars=True, bandwidth_hz_per_pixel=650), mars_reason='"warp" in the description')
    found = header_evidence(Study("0" * 12, (mars,), implant=ImplantHint(True, (Side.LEFT,))))
    assert found.likely
    assert found.for_side(Side.LEFT)
    assert not found.for_side(Side.RIGHT)
    assert found.reasons == ("series s1 reduces metal artifacts at 650 Hz/pixel", "the description names a hip implant, left")
    wide = header_evidence(Study("0" * 12, (one(K.T1, bandwidth_hz_per_pixel=650),)))
    assert not wide.likely, "a wide bandwidth alone is no evidence"


@given(box=st.tuples(*[st.tuples(st.integers(0, 5), st.integers(6, 11))] * 3))
def test_a_mask_on_its_own_grid_is_itself(box) -> None:
    array = np.zeros((12, 12, 12), bool)
    array[tuple(slice(a, b) for a, b in box)] = True
    mask = Volume(array, np.diag([2.0, 2.0, 3.0, 1.0]))
    assert np.array_equal(mask_on(mask, mask.grid), array)
    fine = mask_on(mask, Volume(np.zeros((24, 24, 24)), np.diag([1.0, 1.0, 1.5, 1.0])).grid)
    assert fine.mean() == pytest.approx(array.mean(), rel=0.25)


def test_masks_are_read_back_and_bad_ones_refused(tmp_path) -> None:
    array = np.zeros((6, 5, 4), np.float32)
    array[2:4, 1:3, 1] = 3
    affine = np.diag([-2.0, 2.0, 3.0, 1.0])
    save_volume(Volume(array, affine), tmp_path / "zone.nii.gz")
    mask = read_mask(tmp_path / "zone.nii.gz")
    assert mask.array.dtype == bool
    assert mask.array.sum() == 4
    with pytest.raises(RefusedInput) as caught:
        mask_on(mask, Volume(np.zeros((5, 5, 5)), np.array([[1, 0, 0, 500.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])).grid)
    assert caught.value.reason is Reason.MASK_UNREADABLE
    (tmp_path / "bad.nii.gz").write_bytes(b"nothing")
    for name in ("bad.nii.gz", "absent.nii.gz"):
        with pytest.raises(RefusedInput) as caught:
            read_mask(tmp_path / name)
        assert caught.value.reason is Reason.MASK_UNREADABLE
