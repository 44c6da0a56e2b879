"""Changes of hand-made results: exact numbers, and every reason why there is none."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gluteal_grade.cohort.change.cautions import Caution
from gluteal_grade.cohort.change.compare import compare_results, stated
from gluteal_grade.cohort.change.models import Change, Comparison, FatMeasure
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.result.models import FatReport, IntervalPart, MuscleResult, MuscleStatus, NoteModel
from gluteal_grade.vocabulary import GLUTEI, Region, Side
from tests.cohort.change.makers import NAN, missing, muscle, one_series, result, whole, with_core

MAX, MED, MIN = GLUTEI


def both(prior: MuscleResult, current: MuscleResult) -> Change:
    (change,) = compare_results(result([prior]), result([current], "b" * 12)).changes
    return change


def test_numbers_are_exact() -> None:
    c = both(muscle(fat=0.10, sd=0.03, volume=800), muscle(fat=0.30, sd=0.04, volume=600))
    assert c.fat_change_points == pytest.approx(20.0)
    half = 100 * 1.959963984540054 * 0.05
    assert c.sdc_points == pytest.approx(half)
    assert (c.fat_change_low, c.fat_change_high) == pytest.approx((20 - half, 20 + half))
    assert (c.volume_change_ml, c.volume_change_percent) == pytest.approx((-200, -25))
    assert (c.lean_volume_change_ml, c.lean_volume_change_percent) == pytest.approx((420 - 720, 100 * (420 - 720) / 720))
    assert (c.beyond_sdc, c.reason, c.volume_reason, c.cautions) == (True, None, None, ())
    assert c.words == "more fat than before, beyond the stated measurement uncertainty"
    assert math.isnan(c.volume_sdc_ml)
    assert c.volume_sdc_reason is Caution.NO_STATED_INTERVAL


def test_what_is_graded_is_compared() -> None:
    """The core value with its own interval where both studies are graded by it; else the mean in both, and the measure says which."""
    then = with_core(muscle(fat=0.14, sd=0.05, volume=800), 0.10, 0.003)
    now = with_core(muscle(fat=0.15, sd=0.05, volume=800), 0.12, 0.004)
    c = both(then, now)
    assert (c.fat_measure, c.fat_change_points) == (FatMeasure.CORE, pytest.approx(2.0))
    assert c.sdc_points == pytest.approx(100 * 1.959963984540054 * 0.005)
    assert (c.beyond_sdc, c.lean_volume_change_ml) == (True, pytest.approx(-16))
    assert c.prior.fat(c.fat_measure) == 0.10
    assert all(g.change is not None for g in c.grades)
    without = both(then, muscle(fat=0.15, sd=0.05, volume=800))
    assert (without.fat_measure, without.fat_change_points) == (FatMeasure.MEAN, pytest.approx(1.0))
    assert (without.beyond_sdc, without.lean_volume_change_ml) == (False, pytest.approx(-8))
    assert [g.change for g in without.grades] == [None] * len(without.grades)  # of two quantities


@pytest.mark.parametrize(("points", "beyond"), [(9.79, False), (9.81, True), (-9.79, False), (-9.81, True)])
def test_the_sdc_is_the_limit(points: float, beyond: bool) -> None:
    c = both(muscle(fat=0.5, sd=0.03), muscle(fat=0.5 + points / 100, sd=0.04))  # SDC 9.7998
    assert c.beyond_sdc is beyond
    assert ("within" in c.words) is not beyond
    assert ("less fat" in c.words) is (beyond and points < 0)


def test_halves_that_differ_between_the_scans_make_no_change() -> None:
    """Prior read too low, current too high, as each states itself: 6 points are nothing, though the SDC is 5.0."""
    c = both(muscle(fat=0.20, sd=(0.0, 0.03)), muscle(fat=0.26, sd=(0.03, 0.0)))
    assert 0 < c.sdc_points < 6
    assert c.fat_change_low < 0 < c.fat_change_points
    assert c.beyond_sdc is False


fats = st.floats(0, 1)
widths = st.tuples(st.floats(0.0005, 0.1), st.floats(0.0005, 0.1))


@given(fats, fats, widths, widths, st.floats(10, 900), st.floats(10, 900))
@settings(deadline=None, max_examples=60)
def test_exchanged_studies_flip_the_signs(f1: float, f2: float, s1: tuple, s2: tuple, v1: float, v2: float) -> None:
    one, two = muscle(fat=f1, sd=s1, volume=v1), muscle(fat=f2, sd=s2, volume=v2)
    there, back = both(one, two), both(two, one)
    assert back.fat_change_points == -there.fat_change_points
    assert (-back.fat_change_high, -back.fat_change_low) == pytest.approx((there.fat_change_low, there.fat_change_high), abs=1e-5)
    assert back.sdc_points == there.sdc_points
    assert back.volume_change_ml == -there.volume_change_ml
    assert back.lean_volume_change_ml == -there.lean_volume_change_ml
    for g, h in zip(there.grades, back.grades, strict=True):
        assert h.change == -(g.change or 0)
        assert (h.rose, h.fell, h.stayed) == pytest.approx((g.fell, g.rose, g.stayed))


@given(fats, widths, st.floats(1, 900))
@settings(deadline=None, max_examples=60)
def test_equal_results_give_zeros(fat: float, sd: tuple[float, float], volume: float) -> None:
    c = both(muscle(fat=fat, sd=sd, volume=volume), muscle(fat=fat, sd=sd, volume=volume))
    assert (c.fat_change_points, c.volume_change_ml, c.lean_volume_change_ml, c.volume_change_percent) == (0, 0, 0, 0)
    assert c.beyond_sdc is False
    assert {g.change for g in c.grades} == {0}
    assert c.fat_change_low == pytest.approx(-c.fat_change_high, abs=1e-5)


def nothing_of_fat(c: Change) -> bool:
    numbers = (c.fat_change_points, c.fat_change_low, c.fat_change_high, c.sdc_points, c.lean_volume_change_ml)
    return all(map(math.isnan, numbers)) and c.beyond_sdc is None and all(g.change is None and math.isnan(g.rose) for g in c.grades)


def test_different_methods_are_not_compared_but_volumes_are() -> None:
    c = both(muscle(fat=0.1), muscle(fat=0.3, method="t1", volume=400))
    assert nothing_of_fat(c)
    assert (c.reason, c.volume_reason, c.volume_change_ml) == (Reason.DIFFERENT_METHODS, None, -400)
    assert c.words == "not compared: fat was measured by different methods"
    assert (c.grades[0].prior, c.grades[0].current) == (0, 2)


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("reason", [Reason.NO_LABEL, Reason.SIDE_NOT_LABELLED])
def test_what_is_missing_in_one_study_has_no_change(swap: bool, reason: Reason) -> None:
    pair = [muscle(), missing(MAX, Side.RIGHT, reason)]
    c = both(*(reversed(pair) if swap else pair))
    assert nothing_of_fat(c)
    assert (c.reason, c.volume_reason, c.volume_sdc_reason) == (reason, reason, reason)
    assert math.isnan(c.volume_change_ml)
    assert math.isnan(c.volume_change_percent)


def test_not_gradable_keeps_its_reason_and_its_volume() -> None:
    c = both(muscle(), muscle(fat=NAN, sd=NAN, volume=700, reason=Reason.BESIDE_METAL))
    assert nothing_of_fat(c)
    assert (c.reason, c.volume_reason, c.volume_change_ml) == (Reason.BESIDE_METAL, None, -100)


@pytest.mark.parametrize("cut", [{"coverage": 0.9}, {"cut_at": ("upper",)}])
@pytest.mark.parametrize("prior_cut", [True, False])
def test_a_muscle_cut_in_one_scan_has_no_change_of_volume_and_is_not_judged(cut: dict, prior_cut: bool) -> None:
    c = both(muscle(fat=0.1, **(cut if prior_cut else {})), muscle(fat=0.4, **({} if prior_cut else cut)))
    assert c.fat_change_points == pytest.approx(30)
    assert c.sdc_points > 0
    assert (c.beyond_sdc, c.reason, c.volume_reason) == (None, Reason.OUT_OF_VIEW, Reason.OUT_OF_VIEW)
    assert math.isnan(c.volume_change_ml)
    assert math.isnan(c.lean_volume_change_ml)
    assert Caution.OUT_OF_VIEW in c.cautions
    assert "may differ" in c.words


def test_needs_review_stands_but_is_flagged() -> None:
    c = both(muscle(fat=0.1), muscle(fat=0.4, status=MuscleStatus.NEEDS_REVIEW, reason=Reason.LABEL_UNCERTAIN))
    assert (c.beyond_sdc, c.reason, c.cautions) == (True, None, (Caution.CURRENT_NEEDS_REVIEW,))
    assert c.words.endswith("; current label needs review")


def test_without_an_interval_a_change_is_not_judged() -> None:
    c = both(muscle(fat=0.1), muscle(fat=0.4, sd=NAN))
    assert c.fat_change_points == pytest.approx(30)
    assert math.isnan(c.sdc_points)
    assert (c.beyond_sdc, c.reason) == (None, Caution.NO_STATED_INTERVAL)


def test_a_region_that_one_study_does_not_tell_apart() -> None:
    region = muscle(MIN, region=Region.ANTERIOR)
    changes = compare_results(result([muscle(MIN), region]), result([muscle(MIN)], "b" * 12)).changes
    assert [(c.region, c.reason) for c in changes] == [(Region.WHOLE, None), (Region.ANTERIOR, Reason.REGIONS_NOT_SPLIT)]
    assert changes[1].current.status is MuscleStatus.MISSING


HALVES, THIRDS = (
    {"right gluteus_minimus": f"by rule: angle, borders at {cuts}; vertical from the muscles"} for cuts in ("0.5", "0.333, 0.667")
)


def test_a_third_is_not_compared_with_a_half() -> None:
    """Whole muscles are; nor is what the vertical was taken from another rule."""
    before, now = [muscle(MIN), muscle(MIN, region=Region.ANTERIOR)], [muscle(MIN), muscle(MIN, fat=0.4, region=Region.ANTERIOR)]

    def compared_by(then: dict[str, str], today: dict[str, str]) -> tuple[Change, ...]:
        return compare_results(
            result(before, segmentation={"regions": then}), result(now, "b" * 12, segmentation={"regions": today})
        ).changes

    whole_muscle, anterior = compared_by(HALVES, THIRDS)
    assert whole_muscle.fat_change_points == 0
    assert nothing_of_fat(anterior)
    assert (anterior.reason, anterior.volume_reason) == (Caution.DIFFERENT_REGIONS, Caution.DIFFERENT_REGIONS)
    assert anterior.words == "not compared: the regions of this muscle were told apart by different rules"
    other_vertical = {part: rule.replace("the muscles", "the image header") for part, rule in HALVES.items()}
    assert compared_by(HALVES, other_vertical)[1].fat_change_points == pytest.approx(30)
    assert compared_by(HALVES, {"right gluteus_minimus": "given with the labels"})[1].reason is Caution.DIFFERENT_REGIONS


def test_every_part_of_either_study_has_one_row() -> None:
    right, left = [muscle(m, Side.RIGHT) for m in GLUTEI], [muscle(m, Side.LEFT) for m in GLUTEI]
    changes = compare_results(result(right), result(left, "b" * 12)).changes
    assert [(c.side, c.muscle) for c in changes] == [(s, m) for s in Side for m in GLUTEI]
    assert {c.reason for c in changes} == {Reason.NO_LABEL}


def test_the_same_study_is_refused() -> None:
    with pytest.raises(RefusedInput) as error:
        compare_results(result([muscle()]), result([muscle(fat=0.3)]))
    assert error.value.reason is Reason.STUDY_TWICE


def compared(prior: dict | None = None, current: dict | None = None) -> Comparison:
    return compare_results(result(whole({}), **(prior or {})), result(whole({}), "b" * 12, **(current or {})))


def codes(c: Comparison) -> set[str]:
    return {x.code.value for x in c.cautions}


@pytest.mark.parametrize(
    ("prior", "current", "code"),
    [
        ({"provenance": {"config_hash": "d" * 12}}, {}, "different_settings"),
        ({}, {"provenance": {"version": "0.5.0"}}, "different_program"),
        ({}, {"provenance": {"git_commit": "e" * 40}}, "different_program"),
        ({"segmentation": {"automatic": True}}, {}, "different_label_source"),
        ({}, {"segmentation": {"source": "labelmap:other"}}, "different_label_source"),
        ({"segmentation": {"automatic": True}}, {"segmentation": {"automatic": True, "sha256": "2" * 64}}, "different_model"),
    ],
)
def test_what_differs_as_a_whole_stands_in_the_header_and_in_every_row(prior: dict, current: dict, code: str) -> None:
    c = compared(prior, current)
    assert codes(c) == {code}
    assert all([x.value for x in change.cautions] == [code] for change in c.changes)
    assert all(change.beyond_sdc is False for change in c.changes)


def test_given_labels_of_other_files_are_no_caution() -> None:
    assert codes(compared({}, {"segmentation": {"sha256": "2" * 64}})) == set()


def test_another_protocol_is_told_on_the_side_it_is_about() -> None:
    fat = FatReport(method="dixon", series=("s1.water",), why="", facts={}, sides=(Side.LEFT,))
    beside = FatReport(method="dixon", series=("s9",), why="", facts={}, sides=(Side.RIGHT,))
    series = (one_series(), one_series(id="s9", spacing_mm=(1.5, 1.5, 3.0)))
    c = compared({}, {"fat": fat, "fat_beside_metal": beside, "series": series})
    assert {change.side for change in c.changes if Caution.DIFFERENT_PROTOCOL in change.cautions} == {Side.RIGHT}


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({"spacing_mm": (1.52, 1.5, 5.0)}, False),
        ({"spacing_mm": (5.0, 1.5, 1.5)}, False),
        ({"mars": True}, True),
        ({"plane": "coronal"}, True),
    ],
)
def test_what_counts_as_another_protocol(other: dict, differs: bool) -> None:
    c = compared({}, {"series": (one_series(**other),)})
    assert all((Caution.DIFFERENT_PROTOCOL in change.cautions) is differs for change in c.changes)


def test_another_fat_weighting_is_another_protocol() -> None:
    note = NoteModel(reason=Reason.WEIGHTING, detail="flip 20", advice="")
    assert all(Caution.DIFFERENT_PROTOCOL in change.cautions for change in compared({}, {"notes": (note,)}).changes)
    assert all(not change.cautions for change in compared({"notes": (note,)}, {"notes": (note,)}).changes)


def test_the_parts_of_an_interval_add_up_in_squares() -> None:
    parts = {"a": IntervalPart(below=0.03, above=0.0), "b": IntervalPart(below=0.04, above=0.02)}
    found = stated(0.2, parts)
    assert found is not None
    assert (found.mode, found.below, found.above) == pytest.approx((0.2, 0.05, 0.02))


@pytest.mark.parametrize(("fat", "parts"), [(0.2, {}), (math.nan, {"a": IntervalPart(below=0.1, above=0.1)})])
def test_where_nothing_is_stated_there_is_no_distribution(fat: float, parts: dict[str, IntervalPart]) -> None:
    assert stated(fat, parts) is None
