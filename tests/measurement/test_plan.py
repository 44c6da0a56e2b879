"""Which series is to be measured at each hip: the best one there is, and a reason for every other; nothing of an image is read."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Acquisition, ImplantHint, Series, Study
from gluteal_grade.measurement.plan import Candidate, Plan, plan_study, why_not
from gluteal_grade.vocabulary import Method, SeriesKind, Side
from tests.synthetic import series

VOLUME = Volume(np.ones((4, 4, 4), np.float32), np.eye(4))
OTHER = Volume(np.ones((5, 4, 4), np.float32), np.eye(4))
K = SeriesKind
SETTINGS = load_settings()


def plan(*found: Series, only: str | None = None, sides: str = "auto", implant: ImplantHint = ImplantHint()) -> Plan:  # noqa: B008
    settings = SETTINGS.model_copy(update={"metal": SETTINGS.metal.model_copy(update={"sides": sides})})
    return plan_study(Study("0" * 12, found, implant=implant), settings, only)


def candidates(*found: Series, only: str | None = None) -> tuple[Candidate, ...]:
    """At a hip without metal."""
    return plan(*found, only=only).sides[Side.RIGHT].elsewhere


def ids(order: tuple[Candidate, ...]) -> list[str]:
    return [c.series[0].id for c in order]


def refusal(*found: Series, only: str | None = None) -> RefusedInput:
    with pytest.raises(RefusedInput) as caught:
        plan(*found, only=only)
    return caught.value


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
    made = plan(*found)
    best = made.sides[Side.LEFT].candidates(metal=any(s.mars for s in found))[0]
    assert best.method is method
    assert [s.id for s in best.series] == ids
    assert made.for_labels[0] is best.series[0]


def test_a_pair_comes_from_one_acquisition() -> None:
    """Two Dixon scans on one grid (before and after contrast): water is never divided by the other scan's fat."""
    found = [one(f"{k}{n}", kind, uid=f"1.{n}", number=n) for n in (3, 9) for k, kind in (("w", K.DIXON_WATER), ("f", K.DIXON_FAT))]
    pairs = [[s.id for s in c.series] for c in candidates(found[1], found[3], found[0], found[2])]
    assert pairs == [["w3", "f3"], ["w9", "f9"]]


def test_enhanced_t1_is_the_last_resort() -> None:
    enhanced = one("gd", K.T1, acquisition=Acquisition(contrast_agent=True))
    assert [c.series[0].id for c in candidates(enhanced, T1)] == ["t1", "gd"]


def test_only_fat_suppressed_images_say_so() -> None:
    caught = refusal(one("s", K.STIR), one("l", K.LOCALIZER))
    assert caught.reason is Reason.FAT_SUPPRESSED
    assert "s stir, l localizer" in caught.detail
    caught = refusal(one("s", K.STIR), T1, only="s")
    assert caught.reason is Reason.FAT_SUPPRESSED


def test_nothing_to_measure() -> None:
    caught = refusal(one("s", K.STIR), one("x", K.OTHER, uid="1.2"))
    assert caught.reason is Reason.NO_GRADABLE_SERIES


def test_t2_and_pd_only_where_nothing_better_is() -> None:
    t2, pd = one("t2", K.T2), one("pd", K.PD)
    assert [c.method for c in candidates(t2, pd, CT, T1)] == [Method.T1, Method.CT, Method.PD, Method.T2]
    assert candidates(t2)[0].series == (t2,)


def test_a_damaged_series_gives_its_own_reason() -> None:
    tilted = one("ct", K.CT, refusal=RefusedInput(Reason.GANTRY_TILT, "12 degrees"))
    mixed = one("x", K.OTHER, refusal=RefusedInput(Reason.MIXED_ORIENTATION, "two"))
    for found, reason in (
        ((tilted,), Reason.GANTRY_TILT),
        ((one("s", K.STIR), tilted), Reason.GANTRY_TILT),
        ((mixed,), Reason.MIXED_ORIENTATION),
    ):
        caught = refusal(*found)
        assert caught.reason is reason
    caught = refusal(one("s", K.STIR), mixed)
    assert caught.reason is Reason.NO_GRADABLE_SERIES


def test_a_pair_on_two_grids_says_so() -> None:
    caught = refusal(WATER, one("f2", K.DIXON_FAT, OTHER))
    assert caught.reason is Reason.GRID_MISMATCH
    assert "w and f2" in caught.detail


def test_a_nifti_of_unknown_contrast_asks_for_its_kind() -> None:
    caught = refusal(one("x", K.OTHER))
    assert caught.reason is Reason.KIND_UNKNOWN
    caught = refusal(one("x", K.OTHER, uid="1.2"))
    assert caught.reason is Reason.NO_GRADABLE_SERIES


def test_the_users_choice_wins() -> None:
    assert [c.series[0].id for c in candidates(T1, WATER, FAT, only="t1")] == ["t1"]
    caught = refusal(T1, only="t9")
    assert caught.reason is Reason.SERIES_NOT_FOUND


def test_every_series_left_over_has_its_reason() -> None:
    found = (
        one("s", K.STIR),
        one("l", K.LOCALIZER),
        one("x", K.OTHER),
        one("p", K.PD),
        T1,
        one("r", K.T1, refusal=RefusedInput(Reason.GANTRY_TILT)),
    )
    made = plan(*found, WATER, FAT)
    assert made.why_not == why_not(Study("0" * 12, (*found, WATER, FAT)))
    assert made.why_not == {
        "s": "fat is suppressed",
        "l": "localizer",
        "x": "contrast not recognised",
        "p": "a better series was there",
        "t1": "a better series was there",
        "r": "refused: gantry_tilt",
        "w": "a better series was there",
        "f": "a better series was there",
    }


def test_the_order_of_series_beside_metal_and_elsewhere() -> None:
    found = (
        one("mars", K.T1, mars=True),
        one("mars_gd", K.T1, mars=True, acquisition=Acquisition(contrast_agent=True)),
        WATER,
        FAT,
        one("narrow", K.T1, acquisition=Acquisition(bandwidth_hz_per_pixel=200)),
        one("wide", K.T1, acquisition=Acquisition(bandwidth_hz_per_pixel=500)),
        one("gd", K.T1, acquisition=Acquisition(contrast_agent=True, bandwidth_hz_per_pixel=700)),
        CT,
    )
    side = plan(*found).sides[Side.RIGHT]
    assert ids(side.elsewhere) == ["w", "mars", "mars_gd", "narrow", "wide", "gd", "ct"]
    assert ids(side.beside_metal) == ["mars", "wide", "mars_gd", "w", "narrow", "gd", "ct"]
    assert [c.why for c in side.beside_metal[:2]] == ["T1 with metal-artifact reduction", "T1, no Dixon in the study"]


def test_where_metal_is_expected() -> None:
    """By the user's word, else by the headers; a description that names one side speaks for that side alone."""

    def expected(made: Plan) -> list[bool]:
        return [made.sides[side].expects_metal for side in (Side.RIGHT, Side.LEFT)]

    assert expected(plan(T1)) == [False, False]
    assert expected(plan(MARS)) == [True, True]
    assert expected(plan(T1, implant=ImplantHint(True, (Side.LEFT,)))) == [False, True]
    assert expected(plan(MARS, sides="none")) == [False, False]
    assert expected(plan(T1, sides="right")) == [True, False]
    assert expected(plan(T1, sides="both")) == [True, True]
    assert plan(WATER, FAT, MARS, sides="none").for_labels[0] is WATER


def test_a_candidate_knows_its_zone_and_its_helper() -> None:
    in_phase = one("i", K.DIXON_IN_PHASE)
    ff, plain = candidates(one("ff", K.FAT_FRACTION), in_phase, MARS)
    assert (ff.series[0].id, ff.helper) == ("ff", in_phase)
    assert plain.helper is None
    assert (ff.zone.imaging, plain.zone.imaging) == ("gradient_echo", "mars")
    assert plain.zone.margin_mm < ff.zone.margin_mm


def test_nothing_is_read() -> None:
    def never() -> Volume:
        raise AssertionError("a plan is made from headers")

    grid = VOLUME.grid
    made = plan(*(Series(k.value, k, "", never, grid=grid) for k in SeriesKind))
    assert [c.method for c in made.sides[Side.RIGHT].elsewhere] == [
        Method.DIXON,
        Method.FAT_FRACTION_MAP,
        Method.IN_OPPOSED_PHASE,
        Method.T1,
        Method.CT,
        Method.PD,
        Method.T2,
    ]
    assert [s.id for s in made.oedema] == ["stir"]
