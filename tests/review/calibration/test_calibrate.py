"""Edges of simulated readers whose edges are known, and why there are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.grading import load_scales
from gluteal_grade.review.agreement import Rater, Ratings
from gluteal_grade.review.calibration.bar import bar_of
from gluteal_grade.review.calibration.calibrate import unverified
from gluteal_grade.review.calibration.estimate import reader_edges
from gluteal_grade.review.calibration.fractions import Fractions, Measured
from gluteal_grade.review.calibration.model import ScaleCalibration
from gluteal_grade_lab.measuring.calibration import Reading
from tests.review.calibration.readers import FAST, calibrated, reading


def first(one: Reading, **more: object) -> ScaleCalibration:
    return calibrated(one, **more).found[0]  # type: ignore[arg-type]


def changed(one: Reading, grades: np.ndarray, raters: tuple[Rater, ...] | None = None) -> Reading:
    """The same reading with other grades on its first scale."""
    table = one.ratings.scales[0]
    return replace(one, ratings=replace(one.ratings, scales=(replace(table, values=grades, raters=raters or table.raters),)))


@pytest.mark.parametrize("offset", [0.0, 0.06])
def test_known_edges_are_found(offset: float) -> None:
    one = reading(80, 3, offset=offset)
    found, truth = first(one), one.truth["quartile"]
    assert found.reason is None
    for n, edge in enumerate(found.edges):
        assert edge.at == pytest.approx(truth[:, n].mean(), abs=0.02)
        assert edge.interval.low < edge.at < edge.interval.high
        assert edge.spread == pytest.approx(np.std([value for value, _ in edge.readers], ddof=1))
        for (value, interval), true in zip(edge.readers, truth[:, n], strict=True):
            assert value == pytest.approx(true, abs=0.025)
            assert interval.low < value < interval.high
        assert edge.at == pytest.approx(np.mean([value for value, _ in edge.readers]))
    assert found.noise == pytest.approx([np.hypot(s, 0.02) for s in (0.03, 0.05, 0.07)], abs=0.01)


def test_names_and_order_of_lines_make_no_difference() -> None:
    one = reading()
    table = one.ratings.scales[0]
    turned = np.arange(len(table.study))[::-1]
    names = tuple(f"z{n}" for n in range(one.ratings.studies))[::-1]
    other = Reading(
        replace(
            one.ratings,
            names=names,
            scales=(
                replace(
                    table, study=table.study[turned], muscle=table.muscle[turned], side=table.side[turned], values=table.values[turned]
                ),
            ),
        ),
        Fractions(
            {(names[one.ratings.names.index(s)], m, side): v for (s, m, side), v in reversed(one.fractions.muscles.items())}, "elsewhere"
        ),
        one.truth,
    )
    a, b = first(one), first(other)
    assert [(e.at, e.interval) for e in a.edges] == [(e.at, e.interval) for e in b.edges]
    assert a.bar == b.bar


def test_a_kept_back_study_has_no_part_in_its_edges() -> None:
    paired = first(reading()).paired
    assert paired is not None
    edges, _ = reader_edges(paired, 5, 1 - np.eye(paired.studies))
    rest = paired.study != 7
    study = np.unique(paired.study[rest], return_inverse=True)[1]
    alone = replace(paired, study=study, values=paired.values[rest], grades=paired.grades[rest])
    without, _ = reader_edges(alone, 5, np.ones((1, alone.studies)))
    assert edges[7] == pytest.approx(without[0], abs=1e-5)
    assert not np.allclose(edges[7], edges[8], atol=1e-5)


def test_the_bar_is_met_by_sound_fractions_and_missed_by_noise() -> None:
    one = reading(40, 3)
    found = first(one)
    assert found.bar is not None
    assert found.bar.met is True
    assert not unverified(found)
    assert found.bar.words.startswith("Bar met: program against reader 0.9")
    rng = np.random.default_rng(5)
    fat = {u: m.values["fat_fraction_core"] for u, m in one.fractions.muscles.items()}
    noisy = {u: Measured({"fat_fraction_core": min(1.0, v * float(np.exp(rng.normal(0, 0.2))))}) for u, v in fat.items()}
    missed = first(replace(one, fractions=Fractions(noisy, "noise")))
    assert missed.bar is not None
    assert missed.bar.met is False
    assert missed.bar.program < missed.bar.readers
    assert missed.bar.words.startswith("Bar missed: ")
    assert missed.reason is None
    assert unverified(missed)  # its grades are marked


def test_kappas_are_of_muscles_that_all_readers_graded() -> None:
    one = reading(40, 3)
    grades = one.ratings.scales[0].values.copy()
    grades[:30, 2] = np.nan
    found = first(changed(one, grades))
    assert found.bar is not None
    assert (found.bar.units, found.bar.studies) == (210, 35)
    assert found.paired is not None
    assert len(found.paired.values) == 240  # the edges of the others are of all


def test_a_muscle_without_the_quantity_is_left_out_and_counted() -> None:
    one = reading()
    muscles = dict(one.fractions.muscles)
    units = list(muscles)
    muscles[units[0]] = Measured({"fat_fraction": 0.5, "fat_fraction_core": float("nan")})
    muscles[units[1]] = Measured({"fat_fraction_core": 0.2}, "not_gradable")
    del muscles[units[2]]
    found = first(replace(one, fractions=Fractions(muscles, "")))
    assert found.left_out == {"no fat_fraction_core": 1, "status not_gradable": 1, "not measured": 1}
    assert found.paired is not None
    assert len(found.paired.values) == 237


def test_the_first_read_counts_and_the_program_is_no_reader() -> None:
    one = reading()
    grades = one.ratings.scales[0].values
    again = np.clip(4 - grades[:, :1], 0, 4)  # a second read that turns everything round
    raters = (Rater("A", 1), Rater("A", 2), Rater("B", 1), Rater("program", 1))
    both = first(changed(one, np.concatenate([grades[:, :1], again, grades[:, 1:], again], axis=1), raters))
    assert both.paired is not None
    assert both.paired.readers == ("A", "B")
    assert both.edges == first(one).edges


def test_who_graded_nothing_is_no_reader() -> None:
    one = reading()
    grades = one.ratings.scales[0].values
    nobody = np.full((len(grades), 1), np.nan)
    found = first(changed(one, np.concatenate([grades, nobody], axis=1), (Rater("A", 1), Rater("B", 1), Rater("C", 1))))
    assert found.paired is not None
    assert found.paired.readers == ("A", "B")
    assert found.edges == first(one).edges


def spoilt(case: str) -> Reading:
    one = reading()
    grades = one.ratings.scales[0].values.copy()
    rng = np.random.default_rng(4)
    if case == "one reader":
        return changed(one, grades[:, :1], (Rater("A", 1),))
    if case == "few studies":
        return reading(12)
    if case == "few studies of one reader":
        grades[60:, 1] = np.nan
    elif case == "grade never given":
        grades[grades[:, 1] == 4, 1] = 3
    elif case == "grade rarely given":
        rare = np.flatnonzero(grades[:, 1] == 4)
        grades[rare[3:], 1] = 3
    elif case == "unmatched":
        return replace(one, fractions=Fractions({("x", *u[1:]): m for u, m in one.fractions.muscles.items()}, ""))
    elif case == "no order":
        grades[:, 1] = rng.permutation(grades[:, 1])
    elif case == "coarse":
        grades = np.clip(np.round(grades + rng.normal(0, 0.7, grades.shape)), 0, 4)
    return changed(one, grades)


@pytest.mark.parametrize(
    ("case", "reason", "detail"),
    [
        ("one reader", Reason.ONE_READER, "1 reader besides the program"),
        ("few studies", Reason.TOO_FEW_STUDIES, "12 studies of a reader; 20 are needed, 60 advised"),
        ("few studies of one reader", Reason.TOO_FEW_STUDIES, "10 studies of a reader"),
        ("grade never given", Reason.GRADE_NOT_GIVEN, "reader 2 of 2 gave grade 4 never"),
        ("grade rarely given", Reason.GRADE_NOT_GIVEN, "studies only; 5 are needed"),
        ("unmatched", Reason.RATINGS_UNMATCHED, "240 not measured"),
        ("no order", Reason.EDGES_UNSURE, "edge 0|1: "),
        ("coarse", Reason.EDGES_UNSURE, "points wide, the grade beside it"),
    ],
)
def test_where_it_cannot_tell_it_says_so(case: str, reason: Reason, detail: str) -> None:
    found = calibrated(spoilt(case))
    assert found.found[0].reason is reason
    assert detail in found.found[0].detail
    assert found.written == ()
    assert found.found[0].bar is None


def test_a_scale_that_is_not_known() -> None:
    one = reading()
    table = one.ratings.scales[0]
    strange = replace(table, scale=replace(table.scale, name="mine", categories=("1", "2", "3", "4", "5")))
    both = replace(one, ratings=replace(one.ratings, scales=(table, strange)))
    found = calibrated(both).found
    assert found[0].reason is None
    assert (found[1].reason, found[1].detail) == (Reason.SCALE_UNKNOWN, "there are quartile, goutallier, bal_lowe")


def test_a_scale_of_the_labs_own_file() -> None:
    """The ratings alone know it by its lowest and highest grade; the file has its edges."""
    one = reading()
    table, scales = one.ratings.scales[0], load_scales()
    own = scales.model_copy(update={"scales": scales.scales | {"mine": scales.scales["quartile"].model_copy(update={"primary": False})}})

    def mine(lowest: int) -> ScaleCalibration:
        categories = tuple(str(n) for n in range(lowest, 5))
        grades = np.maximum(table.values, lowest) - lowest  # as `read_ratings` gives them: places, from the lowest that was seen
        scale = replace(table.scale, name="mine", categories=categories)
        return first(replace(one, ratings=replace(one.ratings, scales=(replace(table, scale=scale, values=grades),))), scales=own)

    assert mine(0).edges == first(one).edges
    assert (mine(1).reason, mine(1).detail) == (Reason.GRADE_NOT_GIVEN, "reader 1 of 2 gave grade 0 never; 5 are needed")


def test_grades_beyond_the_scale_in_use() -> None:
    """A lab's own file may have fewer grades than the ratings."""
    scales = load_scales()
    rule = scales.scales["quartile"]
    fewer = rule.active.model_copy(update={"edges": rule.active.edges[:2]})
    own = rule.model_copy(update={"profiles": {rule.profile: fewer}})
    found = first(reading(), scales=scales.model_copy(update={"scales": {"quartile": own}}))
    assert (found.reason, found.detail) == (Reason.SCALE_UNKNOWN, "a grade beyond 0 to 2, which the scales file in use has")


def test_overlapping_intervals() -> None:
    from gluteal_grade.review.calibration.calibrate import _unsure
    from gluteal_grade.review.calibration.model import EdgeFound
    from gluteal_grade.statistics import Interval

    def edge(n: int, at: float, low: float, high: float) -> EdgeFound:
        return EdgeFound(n, at, Interval(low, high), (), 0.0, at)

    why = _unsure((edge(0, 0.30, 0.29, 0.36), edge(1, 0.40, 0.35, 0.41)))
    assert why is not None
    assert (why.reason, why.detail) == (Reason.EDGES_CROSS, "edges 0|1 and 1|2: their intervals overlap")
    assert _unsure((edge(0, 0.30, 0.29, 0.34), edge(1, 0.40, 0.35, 0.41))) is None
    beyond = _unsure((edge(0, 0.01, -0.01, 0.02), edge(1, 0.40, 0.35, 0.41)))
    assert beyond is not None
    assert beyond.reason is Reason.EDGES_UNSURE


def test_nothing_that_all_graded_leaves_the_bar_undefined() -> None:
    one = reading(80)
    grades = one.ratings.scales[0].values.copy()
    grades[:240, 0] = np.nan
    grades[240:, 1] = np.nan
    found = first(changed(one, grades))
    assert found.bar is not None
    assert found.bar.met is None
    assert found.bar.words == "The bar cannot be judged: no kappa between these raters is defined."
    assert unverified(found)


def test_ratings_of_no_muscle_do_not_count() -> None:
    one = reading()
    table = one.ratings.scales[0]
    nothing = np.full(len(table.study), "")
    ratings: Ratings = replace(one.ratings, scales=(replace(table, muscle=nothing),))
    found = first(replace(one, ratings=ratings))
    assert found.reason is Reason.RATINGS_UNMATCHED
    assert found.left_out == {"not of a muscle and a side": 240}


def test_the_bar_grades_by_the_profiles_rule() -> None:
    from gluteal_grade.review.calibration.bar import graded

    lower, upper = load_scales().scales["quartile"].active, load_scales().scales["goutallier"].active
    at = np.array([0.25])
    assert graded(at, np.array([[0.1, 0.25, 0.5, 0.75]]), lower).tolist() == [1]
    assert graded(at, np.array([[0.1, 0.25, 0.5, 0.75]]), upper).tolist() == [2]
    assert bar_of(first(reading()).paired, lower, FAST).units == 240  # type: ignore[arg-type]


def test_studies_of_one_patient_count_as_one() -> None:
    one = reading(60)
    patients = {name: f"p{n // 2}" for n, name in enumerate(one.ratings.names) if n >= 20}  # the first 20 are of nobody known
    together = first(replace(one, fractions=replace(one.fractions, patients=patients)))
    assert together.paired is not None
    assert together.paired.studies == 20 + 20
    assert [e.at for e in together.edges] == pytest.approx([e.at for e in first(one).edges])
    assert together.bar is not None
    assert together.bar.studies == 40
    few = first(replace(one, fractions=replace(one.fractions, patients=dict.fromkeys(one.ratings.names, "p"))))
    assert (few.reason, few.detail) == (Reason.TOO_FEW_STUDIES, "1 studies of a reader; 20 are needed, 60 advised")
