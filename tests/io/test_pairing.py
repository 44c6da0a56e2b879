"""Which series belong together."""

from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.pairing import fits_labels, in_space_of, partner_of
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind
from tests.synthetic import series

VOLUME = Volume(np.ones((4, 4, 4), np.float32), np.eye(4))
ELSEWHERE = Volume(np.ones((4, 4, 5), np.float32), np.eye(4))
WATER = series("w", SeriesKind.DIXON_WATER, VOLUME, uid="1.5", number=5)


def fat(id_: str, volume: Volume = VOLUME, **facts: object) -> Series:
    return series(id_, SeriesKind.DIXON_FAT, volume, **facts)


def test_the_same_dicom_series_comes_before_the_nearest_number() -> None:
    near, same, far = fat("near", uid="1.6", number=6), fat("same", uid="1.5", number=9), fat("far", uid="1.1", number=1)
    assert partner_of(WATER, (far, near, same)) is same
    assert partner_of(WATER, (far, near)) is near
    assert partner_of(WATER, ()) is None


def test_another_grid_is_no_partner() -> None:
    other = fat("other", ELSEWHERE, uid="1.5", number=5)
    assert partner_of(WATER, (other,)) is None
    assert partner_of(WATER, (other, fat("far", uid="1.1", number=1))).id == "far"  # type: ignore[union-attr]
    assert partner_of(replace(WATER, grid=None), (fat("f"),)) is None


@pytest.mark.parametrize(
    ("volume", "frame", "reference_frame", "shared"),
    [(VOLUME, None, None, True), (ELSEWHERE, "1.2", "1.2", True), (ELSEWHERE, "1.2", "1.3", False), (ELSEWHERE, None, None, False)],
)
def test_labels_are_carried_on_one_grid_or_in_one_frame(
    volume: Volume, frame: str | None, reference_frame: str | None, shared: bool
) -> None:
    one = series("s", SeriesKind.STIR, volume, frame_of_reference=frame)
    reference = series("r", SeriesKind.T1, VOLUME, frame_of_reference=reference_frame)
    assert in_space_of(one, VOLUME.grid, reference) is shared


def test_labels_fit_within_a_tenth_of_a_voxel() -> None:
    assert fits_labels(WATER, VOLUME.grid)
    for shift, fits in ((0.09, True), (0.11, False)):
        affine = np.eye(4)
        affine[0, 3] = shift
        assert fits_labels(WATER, Volume(VOLUME.array, affine).grid) is fits
    assert not fits_labels(replace(WATER, refusal=RefusedInput(Reason.GANTRY_TILT)), VOLUME.grid)
