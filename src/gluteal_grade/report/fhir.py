"""The numbers as HL7 FHIR R4: a Bundle with one DiagnosticReport and an Observation for each muscle and region.

For an interface engine that brings them into a hospital's record; nothing is sent from here. Everything is `preliminary`: no reader has
signed it. Source: https://hl7.org/fhir/R4 (Observation, DiagnosticReport, Bundle).
"""

from __future__ import annotations

import json
import math
import uuid
from typing import Any

from gluteal_grade.io import Study
from gluteal_grade.report.readings import grade_text
from gluteal_grade.report.words import plain
from gluteal_grade.result import MuscleResult, MuscleStatus, StudyResult, scales_of
from gluteal_grade.vocabulary import Muscle, Region, method_words

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_SNOMED = "http://snomed.info/sct"
_MDC = "urn:iso:std:iso:11073:10101"
_UCUM = "http://unitsofmeasure.org"
_PERCENT = {"unit": "%", "system": _UCUM, "code": "%"}
_MILLILITRE = {"unit": "mL", "system": _UCUM, "code": "mL"}
_FAT_FRACTION = {"coding": [{"system": _DCM, "code": "129100", "display": "Fat fraction"}], "text": "Fat fraction"}
_IMAGING = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "imaging", "display": "Imaging"}]}
_RADIOLOGY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD", "display": "Radiology"}]}
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

Resource = dict[str, Any]


def fhir_text(result: StudyResult, examined: Study | None = None) -> str:
    """The text of `fhir.json`.

    Args:
        result: graded or refused.
        examined: whose PatientID and StudyInstanceUID are named; None: nobody's.
    """
    return json.dumps(fhir_bundle(result, examined), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def fhir_bundle(result: StudyResult, examined: Study | None = None) -> Resource:
    """The Bundle (type `collection`); the same result gives the same one."""
    about = _about(examined)
    observations = [_entry(result, part_name(m), _observation(m, result) | about) for m in result.muscles]
    report = {
        "resourceType": "DiagnosticReport",
        "status": "preliminary",
        "category": [_RADIOLOGY],
        "code": {"text": "Fatty atrophy of the gluteal muscles"},
        "identifier": [{"value": result.study}],
        "issued": _instant(result.provenance.created),
        "performer": [{"display": f"{result.provenance.program} {result.provenance.version}"}],
        "conclusion": _conclusion(result),
        **about,
    }
    if observations:
        report["result"] = [{"reference": entry["fullUrl"]} for entry in observations]
    return {"resourceType": "Bundle", "type": "collection", "entry": [_entry(result, "report", report), *observations]}


def part_name(m: MuscleResult) -> str:
    """E.g. ``right gluteus medius, anterior region``."""
    return f"{m.side} {m.muscle.words}" + ("" if m.region is Region.WHOLE else f", {m.region.words}")


def _entry(result: StudyResult, name: str, resource: Resource) -> Resource:
    address = uuid.uuid5(uuid.NAMESPACE_URL, f"gluteal-grade/{result.study}/{result.provenance.created}/{name}")
    return {"fullUrl": f"urn:uuid:{address}", "resource": resource}


def _about(examined: Study | None) -> Resource:
    """Subject and day, as the headers tell them."""
    if examined is None:
        return {}
    person = examined.person
    told: Resource = {"subject": {"identifier": {"value": person.id}}} if person.id else {}
    if person.study_date:
        told["effectiveDateTime"] = person.study_date.isoformat()
    return told


def _observation(m: MuscleResult, result: StudyResult) -> Resource:
    name = part_name(m)
    fat = m.fat_shown
    found: Resource = {
        "resourceType": "Observation",
        "status": "preliminary",
        "category": [_IMAGING],
        "code": _FAT_FRACTION | {"text": f"Fat fraction of the {name}"},
        "bodySite": {"coding": [_body_site(m.muscle)], "text": name},
        "device": {"display": f"{result.provenance.program} {result.provenance.version}"},
    }
    if math.isnan(fat.value):
        found["dataAbsentReason"] = _absent(m)
    else:
        found["valueQuantity"] = _quantity(100 * fat.value, _PERCENT)
    if m.method:
        found["method"] = {"text": method_words(m.method)}
    if components := _components(m, result):
        found["component"] = components
    if notes := _notes(m):
        found["note"] = [{"text": text} for text in notes]
    return found


def _body_site(muscle: Muscle) -> Resource:
    """MDC codes count from the start of their partition in DICOM and from 0 in FHIR: partition x 2^16 + number (ISO/IEEE 11073-10101)."""
    value, scheme, meaning = muscle.facts.code
    if scheme == "MDC":
        partition, number = value.split(":")
        return {"system": _MDC, "code": str(int(partition) * 2**16 + int(number)), "display": meaning}
    return {"system": _SNOMED, "code": value, "display": meaning}


def _components(m: MuscleResult, result: StudyResult) -> list[Resource]:
    fat = m.fat_shown
    numbers = (
        ("95 % interval of the fat fraction, lower end", 100 * fat.low, _PERCENT),
        ("95 % interval of the fat fraction, upper end", 100 * fat.high, _PERCENT),
        ("Mean fat fraction over the outline", 100 * m.fat_fraction, _PERCENT),
        ("Volume", m.volume_ml, _MILLILITRE),
        ("Lean volume", m.lean_shown_ml, _MILLILITRE),
    )
    found: list[Resource] = [
        {"code": {"text": title}, "valueQuantity": _quantity(value, unit)} for title, value, unit in numbers if not math.isnan(value)
    ]
    for scale in scales_of(result):
        graded = m.graded(scale.key)
        if graded is None or graded.grade is None:
            continue
        one: Resource = {"code": {"text": f"{scale.plain_title} grade, 0-{scale.highest}"}, "valueInteger": graded.grade}
        told = ([f"between grades: {grade_text(graded)}"] if graded.borderline_with is not None else []) + (
            [plain(graded.mark)] if graded.mark else []
        )
        if told:
            one["interpretation"] = [{"text": text} for text in told]
        found.append(one)
    return found


def _absent(m: MuscleResult) -> Resource:
    code, display = ("not-performed", "Not Performed") if m.status is MuscleStatus.MISSING else ("error", "Error")
    return {"coding": [{"system": _ABSENT, "code": code, "display": display}], "text": m.detail or plain(m.reason or m.status)}


def _notes(m: MuscleResult) -> list[str]:
    """What must not be overlooked: partly in view, in need of review, and why."""
    if m.status is MuscleStatus.GRADED:
        return []
    checks = [f"{check.detail}. {check.advice}" for check in m.checks]
    return [plain(m.status) + (f": {m.detail}" if m.detail else ""), *checks]


def _conclusion(result: StudyResult) -> str:
    if result.refusal is not None:
        return f"Not graded ({result.refusal.reason}): {result.refusal.detail}. {result.refusal.advice} {result.disclaimer}"
    glutei = (m for m in result.muscles if m.region is Region.WHOLE and not m.muscle.optional)
    doubtful = [part_name(m) for m in glutei if m.status is MuscleStatus.NEEDS_REVIEW]
    review = [f"Needs review: {', '.join(doubtful)}."] if doubtful else []
    return " ".join((*review, *(statement.text for statement in result.statements), result.disclaimer))


def _quantity(value: float, unit: Resource) -> Resource:
    return {"value": round(value, 2), **unit}


def _instant(created: str) -> str:
    """`provenance.created` as a FHIR instant, which needs a zone."""
    return created if created.endswith("Z") or "+" in created[10:] else f"{created}Z"
