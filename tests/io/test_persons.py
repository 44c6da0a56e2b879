"""Who was examined and when, from headers and participants.tsv as people write them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from gluteal_grade.io.persons import OLDEST, Participant, height_of, mass_of, number_of, parse_participants, person_of


def header(**values: str) -> Dataset:
    data = Dataset()
    for name, value in values.items():
        setattr(data, name, value)
    return data


def test_a_full_header() -> None:
    person = person_of(header(PatientID="12", IssuerOfPatientID="A", PatientAge="071Y", StudyDate="20240506", PatientBirthDate="19500101"))
    assert (person.id, person.age_years, person.study_date) == ("A|12", 71, datetime.date(2024, 5, 6))
    assert "12" not in repr(person)


@pytest.mark.parametrize(
    ("values", "age"),
    [
        ({"PatientAge": "006M"}, 0.5),
        ({"PatientAge": "052W"}, 1.0),
        ({"PatientAge": "12"}, None),
        ({"StudyDate": "20240101", "PatientBirthDate": "19740101"}, 50.0),
        ({"StudyDate": "20240101", "PatientBirthDate": "20250101"}, None),
        ({"StudyDate": "20240101", "PatientBirthDate": "17000101"}, None),
        ({"StudyDate": "garbage", "PatientBirthDate": "19740101"}, None),
        ({}, None),
    ],
)
def test_age(values: dict[str, str], age: float | None) -> None:
    found = person_of(header(**values)).age_years
    assert found == (None if age is None else pytest.approx(age, abs=0.01))


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_no_header_value_is_too_odd(age: str, date: str, born: str) -> None:
    data = Dataset()
    for tag, vr, value in ((0x00101010, "LO", age), (0x00080020, "LO", date), (0x00100030, "LO", born)):
        data.add_new(tag, vr, value)
    found = person_of(data).age_years
    assert found is None or 0 <= found <= OLDEST


@pytest.mark.parametrize(
    ("size", "metres"),
    [("1.75", 1.75), ("175", 1.75), ("0", None), ("17.5", None), ("1750", None), ("", None), ("tall", None)],
)
def test_a_height_is_metres_or_can_only_be_centimetres(size: str, metres: float | None) -> None:
    assert height_of(size) == metres
    assert mass_of("70.5") == 70.5
    assert [mass_of(text) for text in ("0", "-70", "900", "inf", "")] == [None] * 5


def test_body_of_a_header() -> None:
    person = person_of(header(PatientSize="1.75", PatientWeight="70.5"))
    assert (person.height_m, person.weight_kg, person.lean_kg) == (1.75, 70.5, None)
    said = person.told(person_of(header(PatientWeight="68", PatientID="other")))
    assert (said.height_m, said.weight_kg, said.id) == (1.75, 68, None)


def test_bodies_of_participants() -> None:
    text = "participant_id\theight\tweight\tlean_mass_kg\nsub-1\t175\t70\t51\nsub-2\t1.62\tn/a\t\n"
    assert parse_participants(text.encode()) == {
        "sub-1": Participant(None, None, None, 1.75, 70, 51), "sub-2": Participant(None, None, None, 1.62),
    }  # fmt: skip


def test_participants() -> None:
    text = "participant_id\tgender\tage\tgroup\nsub-1\tfemale\t60.5\ttha\nsub-2\tO\t89+\tn/a\nsub-3\tM\nsub-4\tm\tn/a\t\n"
    assert parse_participants(text.encode("utf-8-sig")) == {
        "sub-1": Participant("F", 60.5, "tha"), "sub-2": Participant(None, 89, None), "sub-4": Participant("M", None, None),
    }  # fmt: skip


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_none(content: bytes) -> None:
    assert isinstance(parse_participants(content), dict)


@given(st.floats())
def test_ages_are_sound_or_none(value: float) -> None:
    found = number_of(str(value))
    assert found is None or 0 <= found <= OLDEST
