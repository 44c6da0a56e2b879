"""fhir.json is valid FHIR, holds the result's own numbers, says what is missing, and names nobody unless told to."""

import datetime
import json
import math
from functools import cache

import pytest
from fhir.resources.R4B.bundle import Bundle

from gluteal_grade.io.study import Person, Study
from gluteal_grade.report.fhir import fhir_bundle, fhir_text, part_name
from gluteal_grade.result.models import MuscleStatus, StudyResult
from gluteal_grade.vocabulary import Region
from tests.report.html.reports import doubtful, refused
from tests.report.studies import toy_study


@cache
def sound() -> StudyResult:
    return toy_study()[0]


def resources(result: StudyResult, kind: str) -> list[dict]:
    return [e["resource"] for e in fhir_bundle(result)["entry"] if e["resource"]["resourceType"] == kind]


@pytest.mark.parametrize("made", [sound, lambda: doubtful(sound()), refused], ids=["sound", "doubtful", "refused"])
def test_it_is_valid_and_the_report_names_every_observation(made) -> None:
    text = fhir_text(made())
    assert Bundle.model_validate_json(text).type == "collection"
    assert "NaN" not in text
    entries = json.loads(text)["entry"]
    (report,) = resources(made(), "DiagnosticReport")
    assert [r["reference"] for r in report.get("result", [])] == [e["fullUrl"] for e in entries[1:]]
    assert len({e["fullUrl"] for e in entries}) == len(entries)
    assert text == fhir_text(made())


@pytest.mark.parametrize("made", [sound, lambda: doubtful(sound())], ids=["sound", "doubtful"])
def test_the_numbers_are_the_results(made) -> None:
    found = {o["bodySite"]["text"]: o for o in resources(made(), "Observation")}
    assert len(found) == len(made().muscles)
    for m in made().muscles:
        o = found[part_name(m)]
        if math.isnan(m.fat_shown.value):
            assert "valueQuantity" not in o
            assert o["dataAbsentReason"]["text"] == m.detail
            continue
        assert o["valueQuantity"]["value"] == pytest.approx(100 * m.fat_shown.value, abs=0.006)
        parts = {c["code"]["text"]: c for c in o["component"]}
        assert parts["Volume"]["valueQuantity"]["value"] == pytest.approx(m.volume_ml, abs=0.006)
        assert parts.get("Quartile grade, 0-4", {}).get("valueInteger") == m.grade("quartile")
        assert parts["95 % interval of the fat fraction, lower end"]["valueQuantity"]["value"] == pytest.approx(
            100 * m.fat_shown.low, abs=0.006
        )


def test_what_needs_a_review_says_so_beside_the_number_and_in_the_conclusion() -> None:
    result = doubtful(sound())
    for m in result.muscles:
        (o,) = [o for o in resources(result, "Observation") if o["bodySite"]["text"] == part_name(m)]
        assert ("note" in o) == (m.status is not MuscleStatus.GRADED)
    (report,) = resources(result, "DiagnosticReport")
    whole = [part_name(m) for m in result.muscles if m.status is MuscleStatus.NEEDS_REVIEW and m.region is Region.WHOLE]
    assert f"Needs review: {', '.join(whole)}." in report["conclusion"]


def test_a_refusal_tells_its_reason_and_what_to_do() -> None:
    result = refused()
    assert result.refusal is not None
    (report,) = resources(result, "DiagnosticReport")
    assert result.refusal.reason in report["conclusion"]
    assert result.refusal.advice in report["conclusion"]


def test_the_patient_is_named_only_where_the_study_is_given() -> None:
    person = Person(id="SECRET-ID", study_date=datetime.date(2031, 4, 5))
    examined = Study("0" * 12, (), person=person)
    assert "SECRET-ID" not in fhir_text(sound())
    assert "2031-04-05" not in fhir_text(sound())
    named = fhir_bundle(sound(), examined)
    Bundle.model_validate(named)
    assert {e["resource"]["subject"]["identifier"]["value"] for e in named["entry"]} == {"SECRET-ID"}
    assert {e["resource"]["effectiveDateTime"] for e in named["entry"]} == {"2031-04-05"}
