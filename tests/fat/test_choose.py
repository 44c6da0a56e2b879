"""Which series is measured: the best one there is, and a reason for every other."""

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.choose import candidates, why_unused
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Acquisition, Series, Study
from gluteal_grade.vocabulary import Method, SeriesKind
from tests.synthetic import series

VOLUME = Volume(np.ones((4, 4, 4), np.float32), np.eye(4))
OTHER = Volume(np.ones((5, 4, 4), np.float32), np.eye(4))
K = SeriesKind


def study(*found: Series) -> Study:
    return Study("0" * 12, found)


def one(id_: str, kind: SeriesKind, volume: Volume = VOLUME, **facts) -> Series:
    return series(id_, kind, volume, **facts)


WATER, FAT = one("w", K.DIXON_WATER), one("f", K.DIXON_FAT)
T1, MARS, CT = one("t1", K.T1), one("mars", K.T1, mars=True), one("ct", K.CT)


@pytest.mark.parametrize(
    ("found", "method", "ids"),
    [
        ((T1, WATER, FAT, CT), Method.DIXON, ["w", "f"]),
        ((CT, T1), Method.T1, ["t1"]),
        ((CT,), Method.CT, ["ct"]),
        ((T1, WATER, FAT, MARS), Method.T1, ["mars"]),
        ((one("i", K.DIXON_IN_PHASE), one("o", K.DIXON_OPPOSED_PHASE), T1), Method.IN_OPPOSED_PHASE, ["i", "o"]),
        ((one("ff", K.FAT_FRACTION), T1), Method.FAT_FRACTION_MAP, ["ff"]),
        ((WATER, T1), Method.T1, ["t1"]),
        ((WATER, one("f2", K.DIXON_FAT, OTHER), T1), Method.T1, ["t1"]),
    ],
)
def test_the_best_comes_first(found: tuple[Series, ...], method: Method, ids: list[str]) -> None:
    best = candidates(study(*found))[0]
    assert best.method is method
    assert [s.id for s in best.series] == ids


def test_a_pair_comes_from_one_acquisition() -> None:
    """Two Dixon scans on one grid (before and after contrast): water is never divided by the other scan's fat."""
    found = [one(f"{k}{n}", kind, uid=f"1.{n}", number=n) for n in (3, 9) for k, kind in (("w", K.DIXON_WATER), ("f", K.DIXON_FAT))]
    pairs = [[s.id for s in c.series] for c in candidates(study(found[1], found[3], found[0], found[2]))]
    assert pairs == [["w3", "f3"], ["w9", "f9"]]


def test_enhanced_t1_is_the_last_resort() -> None:
    enhanced = one("gd", K.T1, acquisition=Acquisition(contrast_agent=True))
    assert [c.series[0].id for c in candidates(study(enhanced, T1))] == ["t1", "gd"]


def test_only_fat_suppressed_images_say_so() -> None:
    with pytest.raises(RefusedInput) as caught:
        candidates(study(one("s", K.STIR), one("l", K.LOCALIZER)))
    assert caught.value.reason is Reason.FAT_SUPPRESSED
    assert "s stir, l localizer" in caught.value.detail
    with pytest.raises(RefusedInput) as caught:
        candidates(study(one("s", K.STIR), T1), only="s")
    assert caught.value.reason is Reason.FAT_SUPPRESSED


def test_nothing_to_measure() -> None:
    with pytest.raises(RefusedInput) as caught:
        candidates(study(one("s", K.STIR), one("x", K.OTHER, uid="1.2")))
    assert caught.value.reason is Reason.NO_GRADABLE_SERIES


def test_t2_and_pd_only_where_nothing_better_is() -> None:
    t2, pd = one("t2", K.T2), one("pd", K.PD)
    assert [c.method for c in candidates(study(t2, pd, CT, T1))] == [Method.T1, Method.CT, Method.PD, Method.T2]
    assert candidates(study(t2))[0].series == (t2,)


def test_a_damaged_series_gives_its_own_reason() -> None:
    tilted = one("ct", K.CT, refusal=RefusedInput(Reason.GANTRY_TILT, "12 degrees"))
    mixed = one("x", K.OTHER, refusal=RefusedInput(Reason.MIXED_ORIENTATION, "two"))
    for found, reason in (
        ((tilted,), Reason.GANTRY_TILT),
        ((one("s", K.STIR), tilted), Reason.GANTRY_TILT),
        ((mixed,), Reason.MIXED_ORIENTATION),
    ):
        with pytest.raises(RefusedInput) as caught:
            candidates(study(*found))
        assert caught.value.reason is reason
    with pytest.raises(RefusedInput) as caught:
        candidates(study(one("s", K.STIR), mixed))
    assert caught.value.reason is Reason.NO_GRADABLE_SERIES


def test_a_pair_on_two_grids_says_so() -> None:
    with pytest.raises(RefusedInput) as caught:
        candidates(study(WATER, one("f2", K.DIXON_FAT, OTHER)))
    assert caught.value.reason is Reason.GRID_MISMATCH
    assert "w and f2" in caught.value.detail


def test_a_nifti_of_unknown_contrast_asks_for_its_kind() -> None:
    with pytest.raises(RefusedInput) as caught:
        candidates(study(one("x", K.OTHER)))
    assert caught.value.reason is Reason.KIND_UNKNOWN
    with pytest.raises(RefusedInput) as caught:
        candidates(study(one("x", K.OTHER, uid="1.2")))
    assert caught.value.reason is Reason.NO_GRADABLE_SERIES


def test_the_users_choice_wins() -> None:
    assert [c.series[0].id for c in candidates(study(T1, WATER, FAT), only="t1")] == ["t1"]
    with pytest.raises(RefusedInput) as caught:
        candidates(study(T1), only="t9")
    assert caught.value.reason is Reason.SERIES_NOT_FOUND


def test_every_unused_series_has_its_reason() -> None:
    refused = one("r", K.T1, refusal=RefusedInput(Reason.GANTRY_TILT))
    for unused in (one("s", K.STIR), one("p", K.PD), T1, refused):
        assert why_unused(unused, (WATER, FAT))
    assert why_unused(refused, ()) == "refused: gantry_tilt"
    assert why_unused(WATER, (WATER, FAT)) == ""
