import datetime
import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.io.study import study_id
from gluteal_grade.pacs.found import Found, day, matches, number, series_of, study_of, union, variants

RECORD = {
    "StudyInstanceUID": ("1.2.3",),
    "PatientID": (" Secret7 ",),
    "IssuerOfPatientID": ("Klinik",),
    "StudyDate": ("20240510",),
    "ModalitiesInStudy": ("SR", "MR"),
    "StudyDescription": ("MR Muster",),
    "NumberOfStudyRelatedInstances": ("12",),
}


def test_a_record_becomes_a_study() -> None:
    found = study_of(RECORD)
    assert found == Found("1.2.3", "Secret7", "Klinik", datetime.date(2024, 5, 10), ("MR", "SR"), "MR Muster", 12, whose=found.whose)
    assert found.hash == study_id(["1.2.3"])


def test_a_corrected_patient_is_seen_and_not_named() -> None:
    found = study_of(RECORD)
    for name, value in (("PatientID", "Secret8"), ("PatientName", "Right^Name"), ("PatientBirthDate", "19500101"), ("PatientSex", "F")):
        other = study_of({**RECORD, name: (value,)})
        assert other.whose != found.whose
        assert value not in other.whose
    assert study_of({**RECORD, "PatientID": ("Secret7",), "StudyDescription": ("other",)}).whose == found.whose
    assert study_of({"StudyInstanceUID": ("1.2.3",)}).whose == ""


def test_repr_names_nobody() -> None:
    found = study_of(RECORD)
    assert found is not None
    assert repr(found) == f"Found({found.hash}, MR+SR, 12 images)"
    for text in ("Secret7", "Muster", "1.2.3", "2024", "Klinik"):
        assert text not in repr(found) + str(found)


@pytest.mark.parametrize("uid", ["", "1.2/../3", "abc", "1." + "2" * 70, "1.2*"])
def test_a_record_without_a_true_uid_is_none(uid: str) -> None:
    assert study_of({**RECORD, "StudyInstanceUID": (uid,)}) is None
    assert series_of({"SeriesInstanceUID": (uid,)}) is None


def test_what_the_peer_does_not_say_is_unknown() -> None:
    found = study_of({"StudyInstanceUID": ("1.2",)})
    assert found is not None
    assert (found.images, found.date, found.modalities) == (None, None, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20240229", datetime.date(2024, 2, 29)), ("2024.02.29", datetime.date(2024, 2, 29)), ("20230229", None), ("", None), ("2024", None)],
)
def test_dates(text: str, expected: datetime.date | None) -> None:
    assert day(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("7", 7), ("0", 0), ("", None), ("-1", None), ("7.5", None), ("²", None)])
def test_counts(text: str, expected: int | None) -> None:
    assert number({"n": (text,)} if text else {}, "n") == expected


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*pelvis*", "MR PELVIS nativ", True),
        ("*hüfte*", "Röntgen HÜFTE links", True),
        ("*hüfte*", "Hu\u0308fte", True),  # the same letter, written as two
        ("*hip*", "MR Schulter", False),
        ("MR ?ip", "MR Hip", True),
        ("MR ?ip", "MR ip", False),
        ("[a]*", "a", False),
        ("a.c", "abc", False),
    ],
)
def test_wildcards(pattern: str, text: str, fits: bool) -> None:
    assert matches(text, [pattern]) is fits


def test_no_pattern_matches_anything() -> None:
    assert matches("", ())


WORDS = st.lists(st.text(st.sampled_from("abcXYZüÄß-., "), min_size=1, max_size=8), min_size=1, max_size=3)


@given(WORDS, st.sampled_from([str.lower, str.upper, str.title, str]))
def test_what_fits_is_asked_for_in_one_of_the_variants(words: list[str], case: object) -> None:
    """A peer that minds case, and takes only ASCII, must not miss the usual spellings of a pattern."""
    pattern = "*" + "*".join(words) + "*"
    text = case("*" + "*".join(words) + "*").replace("*", "#")  # type: ignore[operator]
    assert any(fnmatch.fnmatchcase(text, v) for v in variants(pattern))


def test_variants_are_few_and_ascii() -> None:
    assert variants("*pelvis*") == ("*?elvis*", "*PELVIS*")
    assert variants("*hüfte*") == ("*?*?te*", "*H*FTE*")
    assert variants("a,b\\c") == ("?????", "A?B?C")
    assert variants("mr hip*") == ("?? ?ip*", "MR HIP*")
    assert len(variants("*pelVIS*")) == 3


def test_union_keeps_the_first_of_each() -> None:
    records = [{"u": ("1",), "x": ("a",)}, {"u": ("2",)}, {"u": ("1",), "x": ("b",)}]
    assert union(records, "u") == records[:2]
