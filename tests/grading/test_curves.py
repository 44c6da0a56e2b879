"""Curves over age: L, M and S as growth charts publish them."""

import math

import pytest
from scipy import stats

from gluteal_grade.errors import Reason
from gluteal_grade.grading.curves import Curve
from gluteal_grade.grading.norm_sets import Norms
from gluteal_grade.grading.norms import Examined, Reading, compare, why_none, why_not
from gluteal_grade.vocabulary import Muscle

MEDIUS = Muscle.GLUTEUS_MEDIUS
CURVE = {"age": [20, 40, 80], "l": [1, 1, 0], "m": [300, 280, 200], "s": [0.1, 0.1, 0.2]}


def norms(**sets):
    facts = {"source": "s", "subjects": "x", "field_t": 3.0, "methods": ["dixon"], "caveat": "c"}
    return Norms.model_validate({"primary": next(iter(sets)), "sets": {name: facts | {"values": values} for name, values in sets.items()}})


def curve_value(sex="F", quantity="volume_ml", **more):
    return {"sex": sex, "muscle": "gluteus_medius", "quantity": quantity, "curve": CURVE | more}


def test_the_who_chart_of_weight_for_age_is_read_as_the_who_reads_it():
    """Girls of 24 months: L -0.2941, M 11.4775 kg, S 0.12390 (WHO Child Growth Standards 2006); P3 and P97 as the WHO prints them."""
    chart = Curve(age=(2.0, 3.0), l=(-0.2941, -0.2941), m=(11.4775, 12.0), s=(0.12390, 0.12390))
    assert chart.value(stats.norm.ppf(0.03), 2.0) == pytest.approx(9.2, abs=0.05)
    assert chart.value(stats.norm.ppf(0.97), 2.0) == pytest.approx(14.6, abs=0.05)
    assert chart.z(14.8, 2.0) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("age", [20.0, 33.3, 60.0, 80.0])
@pytest.mark.parametrize("z", [-2.0, 0.0, 1.645])
def test_z_and_value_undo_each_other(age, z):
    curve = Curve(**CURVE, offset=0.05)
    assert curve.z(curve.value(z, age), age) == pytest.approx(z)


def test_nothing_is_said_beyond_the_ages_seen_nor_of_what_has_no_logarithm():
    curve = Curve(**CURVE)
    assert math.isnan(curve.z(300, 19.9))
    assert math.isnan(curve.value(0, 80.1))
    assert math.isnan(curve.z(0.0, 40))
    assert math.isnan(curve.z(math.nan, 40))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"age": [40, 20, 80]}, "goes up"),
        ({"l": [1, 1]}, "one length"),
        ({"s": [0.1, 0, 0.1]}, "greater"),
        ({"m": [1, math.inf, 1]}, "numbers"),
    ],
)
def test_a_curve_that_cannot_be_is_refused(change, word):
    with pytest.raises(ValueError, match=word):
        Curve(**CURVE | change)


def test_the_score_depends_on_age_and_is_refused_beyond_it():
    own = norms(mine=[curve_value()])
    at = {age: compare(own, Examined("F", age), Reading(MEDIUS, "dixon", 280.0, 0.1)) for age in (20.0, 40.0, 60.0, 81.0)}
    assert [round(s.z, 3) for age in (20.0, 40.0) for s in at[age]] == [-0.667, 0.0]
    assert at[60.0][0].z > 1
    assert at[81.0] == ()
    for who, reason, words in (
        (Examined("F", 81.0), Reason.AGE_BEYOND_NORM, "20 to 80"),
        (Examined("F"), Reason.AGE_UNKNOWN, "age"),
        (Examined("M", 40.0), Reason.NO_NORM, "no men"),
    ):
        note = why_none(own, who, Reading(MEDIUS, "dixon", 280.0, 0.1))
        assert note is not None
        assert note.reason is reason
        assert words in note.detail


def test_of_several_sets_the_one_of_the_same_protocol_goes_first_and_another_stands_in():
    fixed = [{"sex": "any", "muscle": "gluteus_medius", "quantity": "volume_ml", "mean": 250, "sd": 50}]
    plain = norms(old=fixed).sets["old"]
    own = norms(mine=[curve_value()]).sets["mine"].model_copy(update={"kinds": ("dixon_fat+dixon_water",), "labels": "automatic"})
    others = {"t1": plain.model_copy(update={"methods": ("t1",)}), "low": plain.model_copy(update={"field_t": 1.5})}
    sets = Norms(primary="mine", sets={"old": plain, "mine": own, **others})
    here = {"kind": "dixon_fat+dixon_water", "automatic": True, "field_t": 2.89}

    def first(who, method="dixon", **how):
        return [s.source for s in compare(sets, who, Reading(MEDIUS, method, 280.0, 0.1, **here | how))]

    assert first(Examined("F", 40.0)) == ["mine", "old", "low"]
    assert first(Examined("F", 90.0)) == ["old", "low"]
    assert first(Examined("F", 40.0), kind="dixon_fat_fraction") == ["old", "low"]
    assert first(Examined("F", 40.0), automatic=False) == ["old", "low"]
    assert first(Examined("F", 40.0), field_t=1.494) == ["low", "mine", "old"]
    assert first(Examined("F", 40.0), "t1") == ["t1"]
    labels = why_not(sets.sets["mine"], Examined("F", 40.0), Reading(MEDIUS, "dixon", 280.0, 0.1, **here | {"automatic": False}))
    assert labels is not None
    assert "automatic labels" in labels.detail


def test_volume_by_the_size_of_the_body():
    value = {"sex": "F", "muscle": "gluteus_medius", "mean": 4.0, "sd": 0.5}
    own = norms(mine=[{**value, "quantity": q} for q in ("volume_per_kg", "volume_per_m2", "volume_per_lean_kg")])
    big = compare(own, Examined("F", height_m=1.7, weight_kg=100.0, lean_kg=60.0), Reading(MEDIUS, "dixon", 300.0, 0.1))
    assert {s.quantity: round(s.z, 2) for s in big} == {
        "volume_per_kg": -2.0,
        "volume_per_m2": round((300 / 2.89 - 4) / 0.5, 2),
        "volume_per_lean_kg": 2.0,
    }
    assert compare(own, Examined("F"), Reading(MEDIUS, "dixon", 300.0, 0.1)) == ()
