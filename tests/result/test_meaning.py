"""Intervals, probabilities, norms and statements from the pipeline to the files."""

import csv
import json
import math
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.grading.interpretation import load_rules
from gluteal_grade.io.study import Study
from gluteal_grade.pipeline import grade_study
from gluteal_grade.report.readings import grade_text, interval_text, norm_lines
from gluteal_grade.report.tables import write_csv
from gluteal_grade.result.meaning import statements
from gluteal_grade.result.models import MuscleStatus, StudyResult, json_schema
from gluteal_grade.vocabulary import Muscle, Region, Side
from tests.synthetic import Toy, dixon_study, make_toy
from tests.test_pipeline import Given

FRACTIONS = {(Muscle.GLUTEUS_MEDIUS, Side.LEFT): 0.255, (Muscle.GLUTEUS_MINIMUS, Side.LEFT): 0.6}


def graded(sex: str | None, toy: Toy, **label_facts: object) -> StudyResult:
    study: Study = replace(dixon_study(toy), patient_sex=sex)
    return grade_study(study, load_settings(), Given(toy.labels, "s1.water", **label_facts)).result


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy(FRACTIONS)


@pytest.fixture(scope="module")
def woman(toy: Toy) -> StudyResult:
    return graded("F", toy)


def part(result: StudyResult, muscle: Muscle, side: Side = Side.LEFT, region: Region = Region.WHOLE):
    return next(m for m in result.muscles if (m.muscle, m.side, m.region) == (muscle, side, region))


def test_every_measured_part_has_an_interval_that_holds_its_value_and_the_truth(woman: StudyResult, toy: Toy) -> None:
    for m in woman.muscles:
        assert m.fat_fraction_low <= m.fat_fraction <= m.fat_fraction_high
        assert 0.002 < m.fat_fraction_high - m.fat_fraction_low < 0.4
        whole = [f for p, f in toy.truth.items() if (p.muscle, p.side, p.region) == (m.muscle, m.side, m.region)]
        assert all(m.fat_fraction_low <= f <= m.fat_fraction_high for f in whole)


def test_probabilities_sum_to_one_and_a_value_at_an_edge_is_borderline(toy: Toy) -> None:
    settings = load_settings()
    doubtful = settings.uncertainty.methods["dixon"].model_copy(update={"offset": 0.02})  # however well the shipped factors are calibrated
    methods = settings.uncertainty.methods | {"dixon": doubtful}
    settings = settings.model_copy(update={"uncertainty": settings.uncertainty.model_copy(update={"methods": methods})})
    woman = grade_study(dixon_study(toy), settings, Given(toy.labels, "s1.water")).result
    for m in woman.muscles:
        assert all(sum(g.probabilities) == pytest.approx(1) for g in m.grades)
    quartile = part(woman, Muscle.GLUTEUS_MEDIUS).graded("quartile")
    assert quartile is not None
    assert {quartile.grade, quartile.borderline_with} == {1, 2}
    assert grade_text(quartile) in ("2 or 1", "1 or 2")
    clear = part(woman, Muscle.GLUTEUS_MINIMUS).graded("quartile")
    assert clear is not None
    assert (clear.grade, clear.borderline_with) == (3, None)


def test_norms_only_where_sex_and_extent_allow(woman: StudyResult, toy: Toy) -> None:
    medius, maximus = part(woman, Muscle.GLUTEUS_MEDIUS), part(woman, Muscle.GLUTEUS_MAXIMUS)
    z = next(n for n in medius.norms if (n.source, n.quantity) == ("belzunce2022", "fat_fraction"))
    assert z.z == pytest.approx(0.6745 * (medius.fat_fraction - 0.104) / (0.127 - 0.104), abs=1e-3)
    assert z.percentile > 99
    assert maximus.norms == ()
    assert maximus.no_norm is not None
    assert maximus.no_norm.reason is Reason.NO_NORM
    assert all(m.norms == () and m.no_norm is None for m in woman.muscles if m.region is not Region.WHOLE)
    unknown = graded(None, toy)
    assert {m.no_norm.reason for m in unknown.muscles if m.no_norm} == {Reason.SEX_UNKNOWN}
    assert not any(m.norms for m in unknown.muscles)
    assert "sex" in norm_lines(unknown)[0]


def test_men_are_compared_with_men(woman: StudyResult, toy: Toy) -> None:
    man = graded("M", toy)
    assert part(man, Muscle.GLUTEUS_MEDIUS).norms[0].z != part(woman, Muscle.GLUTEUS_MEDIUS).norms[0].z
    assert "healthy men" in norm_lines(man)[0]
    assert "women only" not in " ".join(man.norms.sources.values() if man.norms else ())


def test_statements_name_what_differs(woman: StudyResult) -> None:
    made = {s.id: s for s in woman.statements}
    assert any("left gluteus medius" in p for p in made["asymmetry"].parts)
    assert made["anterior_minimus"].parts == ("left gluteus minimus (anterior)",)
    assert "posterior_minimus_after_tha" not in made


def test_a_muscle_that_needs_review_says_nothing_and_has_no_norm(woman: StudyResult) -> None:
    doubtful = tuple(m.model_copy(update={"status": MuscleStatus.NEEDS_REVIEW}) for m in woman.muscles)
    assert statements(doubtful, load_rules()) == ()
    assert {s.id for s in statements(woman.muscles, load_rules(), {Side.LEFT})} >= {"posterior_minimus_after_tha", "medius_after_tha"}


def test_written_and_read_again_the_same(woman: StudyResult, tmp_path) -> None:
    text = woman.to_json()
    again = StudyResult.model_validate_json(text)
    assert again.to_json() == text
    assert again.statements == woman.statements
    jsonschema.validate(json.loads(text), json.loads(json_schema()))
    write_csv(woman, tmp_path / "muscles.csv")
    with (tmp_path / "muscles.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row, m in zip(rows, woman.muscles, strict=True):
        assert float(row["fat_fraction_low"]) == pytest.approx(m.fat_fraction_low, abs=1e-4)
        assert float(row["fat_fraction_high"]) == pytest.approx(m.fat_fraction_high, abs=1e-4)
        assert float(row["quartile_probability"]) == pytest.approx(m.probability("quartile"), abs=1e-3)
        wanted = [f"{g.scale}:{g.borderline_with}" for g in m.grades if g.borderline_with is not None]
        assert row["borderline"] == ";".join(wanted)
        z = next((n.z for n in m.norms if (n.source, n.quantity) == ("belzunce2022", "volume_ml")), math.nan)
        assert float(row["volume_z"]) == pytest.approx(z, abs=0.006, nan_ok=True)


def test_a_network_that_doubts_widens(woman: StudyResult, toy: Toy) -> None:
    doubt = toy.labels.with_array(np.full(toy.grid.shape, 0.3, np.float32))
    found = graded("F", toy, automatic=True, uncertainty=doubt)
    for m in found.muscles:
        given = part(woman, m.muscle, m.side, m.region)
        assert m.fat_fraction_high - m.fat_fraction_low > given.fat_fraction_high - given.fat_fraction_low


def test_what_was_not_measured_has_no_interval_and_no_probability(toy: Toy) -> None:
    labels = toy.labels.with_array(np.where(toy.labels.array >= 200, 0, toy.labels.array))
    result = grade_study(dixon_study(toy), load_settings(), Given(labels, "s1.water")).result
    for m in result.muscles:
        if m.side is Side.LEFT:
            assert math.isnan(m.fat_fraction_low)
            assert interval_text(m) == "–"
            assert all(g.probabilities == () and g.borderline_with is None for g in m.grades)
            assert math.isnan(m.probability("quartile"))
