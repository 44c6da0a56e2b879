import datetime
from dataclasses import replace
from typing import Any, Literal

import pytest

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.io.study import study_id
from gluteal_grade.pacs.config import QuerySettings
from gluteal_grade.pacs.found import Found
from gluteal_grade.pacs.query import find_priors, find_studies, find_studies_web
from gluteal_grade_lab.orthanc import AVAILABLE
from tests.pacs.archive import ISSUER, archive
from tests.pacs.servers import http

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="Orthanc is not installed")
By = Literal["dimse", "web"]
BOTH = pytest.mark.parametrize("by", ["dimse", "web"])
FIRST, LAST = datetime.date(2020, 1, 1), datetime.date(2024, 12, 31)


def names(found: list[Found]) -> list[str]:
    by_uid = {made.uid: name for name, made in archive().studies.items()}
    return [by_uid[one.study_uid] for one in found]


def ask(by: By, since: datetime.date = FIRST, until: datetime.date = LAST, **query: Any) -> list[Found]:
    return find_studies(archive().settings(query=query), since, until, by=by)


@BOTH
def test_defaults_find_pelvis_and_hip_on_mr_and_ct_in_order_of_date(by: By) -> None:
    found = ask(by, descriptions=QuerySettings().descriptions)
    same_day = sorted(["now", "ct"], key=lambda name: study_id([archive().studies[name].uid]))
    assert names(found) == ["long_before", "namesake", "before", *same_day, "late", "star"]


@BOTH
def test_a_study_is_told_in_full(by: By) -> None:
    day = datetime.date(2024, 5, 10)
    found = next(one for one in ask(by, day, day) if names([one]) == ["now"])
    uid = archive().studies["now"].uid
    assert found.whose
    assert replace(found, whose="") == Found(uid, "P1", ISSUER, datetime.date(2024, 5, 10), ("MR", "PR"), "MR PELVIS nativ", 8)
    (umlaut,) = ask(by, day, day, modalities=("CT",))
    assert umlaut.description == "CT Hüfte, rechts"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"descriptions": ()},
        {"descriptions": ("mr pelvis*",)},
        {"descriptions": ("*HÜFTE*rechts", "*control")},
        {"descriptions": ("ct hüfte, rechts",)},
        {"modalities": ("CT",)},
        {"modalities": ("CR",), "descriptions": ()},
        {"modalities": (), "descriptions": ()},
        {"body_parts": ("hip", "head"), "descriptions": ()},
        {"body_parts": ("PEL*",)},
    ],
    ids=str,
)
def test_both_protocols_find_the_same(query: dict[str, Any]) -> None:
    by_find, by_web = ask("dimse", **query), ask("web", **query)
    assert by_find == by_web
    assert by_find


@BOTH
def test_each_filter_filters(by: By) -> None:
    assert names(ask(by, modalities=("CT",))) == ["ct"]
    assert names(ask(by, modalities=("CR",))) == ["xray"]
    assert names(ask(by, descriptions=("mr brain",))) == ["brain"]
    assert set(names(ask(by, descriptions=("mr pelvis",)))) == {"namesake", "star"}
    assert names(ask(by, descriptions=("ct hüfte, rechts",))) == ["ct"]
    assert names(ask(by, body_parts=("hip",))) == ["ct"]
    assert names(ask(by, body_parts=("HEAD",), descriptions=())) == ["brain"]
    assert ask(by, body_parts=("KNEE",)) == []
    assert ask(by, descriptions=("*shoulder*",)) == []


@BOTH
def test_both_days_are_included(by: By) -> None:
    day = datetime.date(2024, 5, 11)
    assert names(ask(by, day, day)) == ["late"]
    assert names(ask(by, day, day + datetime.timedelta(days=1))) == ["late", "star"]
    assert ask(by, day, day - datetime.timedelta(days=1)) == []
    assert ask(by, datetime.date(2024, 6, 1), LAST) == []


@BOTH
def test_body_parts_bring_the_series_along(by: By) -> None:
    (found,) = ask(by, body_parts=("hip",))
    assert [(s.modality, s.body_part, s.images) for s in found.series] == [("CT", "HIP", 2), ("CT", "HIP", 2)]


@BOTH
def test_no_more_than_max_studies_and_the_rest_is_told(by: By) -> None:
    left: list[int] = []
    settings = archive().settings(query={"max_studies": 3})
    found = find_studies(settings, FIRST, LAST, left=left.append, by=by)
    assert names(found) == ["long_before", "namesake", "before"]
    assert left == [4]
    seen = {one.hash for one in found}
    assert names(find_studies(settings, datetime.date(2024, 5, 11), LAST, left=left.append, by=by)) == ["late", "star"]
    rest = find_studies(settings, FIRST, LAST, known=seen, left=left.append, by=by)
    assert len(rest) == 3
    assert seen.isdisjoint(one.hash for one in rest)
    assert left == [4, 1]
    assert len(find_studies(settings, FIRST, LAST, left=lambda _: pytest.fail("told"), by=by, most=99)) == 7


@BOTH
def test_priors_are_of_the_same_patient_earlier_and_the_latest_first(by: By) -> None:
    now = Found(archive().studies["now"].uid, "P1", ISSUER, datetime.date(2024, 5, 10))
    settings = archive().settings(query={"priors": 5})
    assert names(find_priors(settings, now, by)) == ["before", "long_before"]  # not the brain, not the other issuer's P1
    assert names(find_priors(archive().settings(), now, by)) == ["before"]
    assert find_priors(archive().settings(query={"priors": 0}), now, by) == []
    oldest = Found("1.2.3", "P1", ISSUER, datetime.date(2020, 2, 29))
    assert find_priors(settings, oldest, by) == []


@BOTH
def test_a_patient_id_with_a_wildcard_finds_nobody_else(by: By) -> None:
    day = datetime.date(2024, 5, 12)
    (star,) = ask(by, day, day)
    assert star.patient_id == "P*"
    assert find_priors(archive().settings(query={"priors": 10}), star, by) == []


@BOTH
def test_without_a_patient_id_there_are_no_priors(by: By) -> None:
    assert find_priors(archive().settings(), Found("1.2.3", date=datetime.date(2024, 1, 1)), by) == []


def study_json(number: int, **more: Any) -> dict[str, Any]:
    values = {"0020000D": f"1.2.{number}", "00080020": "20240510", "00080061": "MR", "00081030": "pelvis", "00201208": 3, **more}
    return {tag: {"vr": "UN", "Value": [value]} for tag, value in values.items() if value is not None}


@pytest.mark.parametrize("page", [None, 3])
def test_pages_are_asked_for_to_the_end(page: int | None) -> None:
    """A server with a page size of its own, and one that knows no pages."""
    import json
    from urllib.parse import parse_qs, urlsplit

    studies = [study_json(n) for n in range(10)]

    def answer(_method: str, path: str, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        offset = int(parse_qs(urlsplit(path).query)["offset"][0])
        return 200, {}, json.dumps(studies[offset : offset + page] if page else studies).encode()

    with http(answer) as (url, _):
        found = find_studies_web(archive().settings(web={"url": url}), FIRST, LAST)
    assert {one.study_uid for one in found} == {f"1.2.{n}" for n in range(10)}


def test_what_the_server_matched_wrongly_is_left_out() -> None:
    import json

    answers = [
        study_json(1, **{"00080020": "20190101"}),
        study_json(2, **{"00081030": "knee"}),
        study_json(3, **{"00080061": "US"}),
        study_json(4, **{"0020000D": "../etc"}),
        study_json(5),
        {"0020000D": "nonsense"},
        7,
    ]
    with http(lambda *_: (200, {}, json.dumps(answers).encode())) as (url, _):
        found = find_studies_web(archive().settings(web={"url": url}), FIRST, LAST)
    assert [one.study_uid for one in found] == ["1.2.5"]


def test_counts_and_modalities_the_server_does_not_give_are_asked_for_below() -> None:
    import json

    def answer(_method: str, path: str, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        bare = path.partition("?")[0]
        if bare.endswith("/studies"):
            found: list[Any] = [study_json(1, **{"00080061": None, "00201208": None})]
        elif bare.endswith("/series"):
            found = [{"0020000E": {"Value": [f"1.2.1.{n}"]}, "00080060": {"Value": ["MR"]}} for n in (1, 2)]
        else:
            found = [{"00080018": {"Value": [f"1.2.1.9.{n}"]}} for n in range(4)]
        return 200, {}, json.dumps(found).encode()

    with http(answer) as (url, _):
        (found,) = find_studies_web(archive().settings(web={"url": url}), FIRST, LAST)
    assert (found.images, found.modalities) == (8, ("MR",))


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"a": 1}', b"[" * 100000])
def test_an_answer_that_is_no_list_is_a_failed_query(body: bytes) -> None:
    with http(lambda *_: (200, {}, body)) as (url, _), pytest.raises(TransientFailure) as caught:
        find_studies_web(archive().settings(web={"url": url}), FIRST, LAST)
    assert caught.value.reason is Reason.QUERY_FAILED
