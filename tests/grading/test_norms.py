import math
from pathlib import Path

import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.grading.norm_sets import load_norms
from gluteal_grade.grading.norms import Examined, Reading, caveats
from gluteal_grade.grading.norms import compare as compare_reading
from gluteal_grade.grading.norms import why_none as why_none_of
from gluteal_grade.vocabulary import Muscle

NORMS = load_norms()
MEDIUS, MAXIMUS = Muscle.GLUTEUS_MEDIUS, Muscle.GLUTEUS_MAXIMUS


def compare(norms, sex, method, muscle, volume, fat, **more):
    return compare_reading(norms, Examined(sex), Reading(muscle, method, volume, fat, **more))


def why_none(norms, sex, method, muscle, borders):
    return why_none_of(norms, Examined(sex), Reading(muscle, method, 300.0, 0.1, borders=borders))


def by_source(scores):
    return {(s.source, s.quantity): s for s in scores}


@pytest.mark.parametrize(("volume", "z", "percentile"), [(387, 0, 50), (334, -0.6745, 25), (430, 0.6745, 75), (387 - 2 * 53, -1.349, 8.87)])
def test_quartiles_of_the_source_are_quartiles_here(volume, z, percentile):
    score = by_source(compare(NORMS, "M", "dixon", MEDIUS, volume, 0.09))["belzunce2022", "volume_ml"]
    assert score.z == pytest.approx(z, abs=1e-4)
    assert score.percentile == pytest.approx(percentile, abs=0.01)


def test_mean_and_sd_and_the_primary_set_first():
    scores = compare(NORMS, "F", "dixon", MEDIUS, 325, 0.098)
    assert scores[0].source == NORMS.primary
    found = by_source(scores)
    assert found["woodley2012", "volume_ml"].z == pytest.approx(1)
    assert found["marcon2016", "fat_fraction"].z == pytest.approx(1)


def test_sexes_differ():
    men, women = (by_source(compare(NORMS, sex, "dixon", MEDIUS, 300, 0.1))["belzunce2022", "volume_ml"].z for sex in ("M", "F"))
    assert men < -1 < 0.6 < women
    assert not any(source == "woodley2012" for source, _ in by_source(compare(NORMS, "M", "dixon", MEDIUS, 300, 0.1)))


@pytest.mark.parametrize(
    ("sex", "method", "muscle", "borders", "reason", "word"),
    [
        (None, "dixon", MEDIUS, (), Reason.SEX_UNKNOWN, "sex"),
        ("M", "t1", MEDIUS, (), Reason.NO_NORM, "t1"),
        ("M", "dixon", MEDIUS, ("superior",), Reason.NO_NORM, "cut"),
        ("M", "dixon", MAXIMUS, (), Reason.NO_NORM, "lesser trochanter"),
    ],
)
def test_why_there_is_none(sex, method, muscle, borders, reason, word):
    note = why_none(NORMS, sex, method, muscle, borders)
    assert note is not None
    assert note.reason is reason
    assert word in note.detail
    assert why_none(NORMS, "M", "dixon", MEDIUS, ()) is None


def test_no_score_where_there_is_a_reason_and_none_of_nan():
    assert compare(NORMS, "M", "t1", MEDIUS, 300, 0.1) == ()
    assert compare(NORMS, "M", "dixon", MAXIMUS, 700, 0.1) == ()
    assert {s.quantity for s in compare(NORMS, "M", "dixon", MEDIUS, 300, math.nan)} == {"volume_ml"}


def test_caveats_name_another_field_strength():
    same, other = (caveats(NORMS, ("belzunce2022",), field)[0] for field in (3.0, 1.5))
    assert "this study" not in same
    assert "this study: 1.5 T" in other


def test_bad_files_are_refused_with_the_place(tmp_path: Path):
    text = "primary: a\nsets: {a: {source: s, subjects: x, field_t: 3, methods: [dixon], caveat: c, values: [%s]}}"
    for value, word in (
        ("{sex: M, muscle: gluteus_medius, quantity: volume_ml, median: 3, q1: 4, q3: 5}", "q1 < median"),
        ("{sex: M, muscle: gluteus_medius, quantity: volume_ml, mean: 3}", "mean and sd"),
        ("{sex: X, muscle: gluteus_medius, quantity: volume_ml, mean: 3, sd: 1}", "sets.a.values.0.sex"),
    ):
        path = tmp_path / f"{len(word)}.yaml"
        path.write_text(text % value)
        with pytest.raises(ValueError, match=word):
            load_norms(path)


def test_marcon_is_told_with_its_field():
    (told,) = caveats(NORMS, ("marcon2016",), 1.5)
    assert (
        told == "Marcon 2016: 40 women and 40 men of 20-62 years, 3 T (this study: 1.5 T); three-point Dixon; sexes and ages not told apart"
    )
