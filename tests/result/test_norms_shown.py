"""Norms of one's own from the settings to tables and text: the set that fits is used, and named."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.io import Person
from gluteal_grade.pipeline import grade_study
from gluteal_grade.report.html._page import _norms
from gluteal_grade.report.readings import norm_lines
from gluteal_grade.report.tables import write_csv
from gluteal_grade.result import StudyResult
from gluteal_grade.vocabulary import Muscle, Region
from tests.synthetic import dixon_study, make_toy
from tests.test_pipeline import Given

CURVE = {"age": [20, 80], "l": [1, 1], "m": [0.2, 0.3], "s": [0.2, 0.2]}


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Path:
    """A site's own curves of fat and of volume by weight, before the shipped Marcon 2016."""
    shipped = yaml.safe_load(Path("configs/norms.yaml").read_text())["sets"]["marcon2016"]
    value = {"sex": "F", "muscle": "gluteus_medius", "curve": CURVE}
    ward = {
        "source": "Ward 3",
        "subjects": "90 women of 20-80 years",
        "field_t": 3.0,
        "methods": ["dixon"],
        "caveat": "own cohort",
        "values": [
            value | {"quantity": "fat_fraction_core"},
            value | {"quantity": "volume_ml", "curve": CURVE | {"m": [100, 100]}},
            value | {"quantity": "volume_per_kg", "curve": CURVE | {"m": [1, 1]}},
        ],
    }
    path = tmp_path_factory.mktemp("norms") / "norms.yaml"
    path.write_text(yaml.safe_dump({"primary": "ward3", "sets": {"ward3": ward, "marcon2016": shipped}}))
    return path


def graded(own: Path, **person: float) -> StudyResult:
    toy = make_toy({(Muscle.GLUTEUS_MEDIUS, side): 0.25 for side in ("left", "right")})
    settings = load_settings()
    settings = settings.model_copy(update={"grading": settings.grading.model_copy(update={"norms": own})})
    study = replace(dixon_study(toy), patient_sex="F", person=Person(**person))
    return grade_study(study, settings, Given(toy.labels, "s1.water")).result


def medius_row(result: StudyResult, folder: Path) -> dict[str, str]:
    write_csv(result, folder / "muscles.csv")
    with (folder / "muscles.csv").open() as stream:
        return next(r for r in csv.DictReader(stream) if (r["muscle"], r["region"], r["side"]) == ("gluteus_medius", "whole", "left"))


def medius(result: StudyResult):
    return next(m for m in result.muscles if (m.muscle, m.region, m.side) == (Muscle.GLUTEUS_MEDIUS, Region.WHOLE, "left"))


def test_own_curves_are_used_at_the_patients_age_and_said(own: Path, tmp_path: Path) -> None:
    result = graded(own, age_years=50.0, weight_kg=70.0)
    row, m = medius_row(result, tmp_path), medius(result)
    z = (m.fat_fraction_core - 0.25) / (0.25 * 0.2)
    assert float(row["fat_fraction_core_z"]) == pytest.approx(z, abs=0.006)
    assert float(row["volume_per_kg_z"]) == pytest.approx((m.volume_ml / 70 - 1) / 0.2, abs=0.006)
    assert row["norm"] == "volume_ml:ward3;fat_fraction:marcon2016;fat_fraction_core:ward3;volume_per_kg:ward3"
    assert 0 <= float(row["fat_fraction_core_percentile"]) <= 100
    assert row["series_kind"] == "dixon_fat+dixon_water"
    assert m.fat_norm is not None
    assert m.fat_norm.quantity == "fat_fraction_core"
    line, *caveats = norm_lines(result)
    assert f"left medius volume {m.norm('volume_ml').z:+.1f}, fat {z:+.1f}" in line
    assert [c.split(":")[0] for c in caveats] == ["Ward 3", "Marcon 2016"]  # of medius, of minimus
    assert "Ward 3" in _norms(result)[0]


@pytest.mark.parametrize(("person", "why"), [({"age_years": 81.0}, "ages 20 to 80"), ({}, "depends on age")])
def test_beyond_the_ages_seen_the_next_set_stands_in_and_it_is_said_why(own: Path, tmp_path: Path, person, why) -> None:
    result = graded(own, **person)
    row = medius_row(result, tmp_path)
    assert row["norm"] == "fat_fraction:marcon2016"
    assert row["fat_fraction_core_z"] == row["volume_z"] == "NaN"
    assert result.norms is not None
    assert why in result.norms.not_used["ward3"]
    assert any(line.startswith("Not used: ward3") and why in line for line in norm_lines(result))
    assert "Not used: ward3: the norm" in _norms(result)[0]


def test_without_another_set_the_reason_is_the_age(own: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    sets = yaml.safe_load(own.read_text())["sets"]
    alone.write_text(yaml.safe_dump({"primary": "ward3", "sets": {"ward3": sets["ward3"]}}))
    note = medius(graded(alone, age_years=19.0)).no_norm
    assert note is not None
    assert note.reason is Reason.AGE_BEYOND_NORM
