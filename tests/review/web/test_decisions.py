"""Decisions as they are posted and stored."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from gluteal_grade.review.model import Item, Key, Session
from gluteal_grade.review.web.reading_room import ReadingRoom
from tests.review.web.asking import batch, decision, post
from tests.review.web.graded import DOUBTFUL, sound_studies


def test_what_the_program_said_is_stored_beside_it_by_the_server(client: httpx.Client, room: ReadingRoom, out: Path) -> None:
    study = sound_studies(out)[1]
    result = room.catalogue.load(study)
    programs = next(m for m in result.muscles if (m.muscle, m.side, m.region) == ("gluteus_medius", "left", "whole")).grade("quartile")
    other = str((programs + 1) % 5)
    sent = [
        decision(value=str(programs)),
        decision(value=other),
        decision("tendon", "defect", "", "right", "minimus"),
        decision("note", "see <b>", "", "", ""),
    ]
    answer = post(client, batch(room, study, *sent))
    assert answer.json() == {"stored": [d["id"] for d in sent], "new": 4}
    rows = list(room.store.rows())
    assert [(r.decision.program, r.verdict) for r in rows] == [
        (str(programs), "accepted"),
        (str(programs), "overruled"),
        ("", ""),
        ("", ""),
    ]
    assert {r.result_hash for r in rows} == {room.catalogue.find(study).result_hash}
    assert room.store.current(Session("anna"), study)[Key(Item.NOTE)].decision.value == "see <b>"


def test_sent_twice_is_stored_once(client: httpx.Client, room: ReadingRoom) -> None:
    content = batch(room, DOUBTFUL, decision())
    assert [post(client, content).json()["new"] for _ in range(3)] == [1, 0, 0]
    assert len(list(room.store.rows())) == 1


def test_on_a_result_that_was_replaced_the_program_said_nothing_known(client: httpx.Client, room: ReadingRoom) -> None:
    assert post(client, batch(room, DOUBTFUL, decision(), result_hash="0" * 16)).status_code == 200
    (row,) = room.store.rows()
    assert (row.decision.program, row.verdict, row.result_hash) == ("", "", "0" * 16)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "5"},
        {"value": "x" * 5000},
        {"item": "diagnosis"},
        {"muscle": "../.."},
        {"side": "both"},
        {"part": "pfirrmann"},
        {"id": "1"},
        {"extra": "x"},
        {"value": None},
    ],
)
def test_what_is_no_decision_is_refused_whole(client: httpx.Client, room: ReadingRoom, wrong: dict[str, object]) -> None:
    answer = post(client, batch(room, DOUBTFUL, decision(), decision() | wrong))
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_decision")
    assert "x" * 100 not in answer.text
    assert list(room.store.rows()) == []


@pytest.mark.parametrize("changed", [{"study": "ffffffffffff"}, {"study": "../etc"}])
def test_decisions_on_unknown_studies_are_refused(client: httpx.Client, room: ReadingRoom, changed: dict[str, str]) -> None:
    assert post(client, batch(room, DOUBTFUL, decision()) | changed).status_code == 404
    assert list(room.store.rows()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"decisions": []}', b"\xff\xfe", b"[" * 100000])
def test_what_is_no_json_is_refused(client: httpx.Client, room: ReadingRoom, content: bytes) -> None:
    answer = client.post(
        "/api/decisions", content=content, headers={"Content-Type": "application/json", "X-Review-Token": room.csrf(room.seats[0])}
    )
    assert answer.status_code == 422
    assert list(room.store.rows()) == []


def test_too_much_at_once_is_refused(client: httpx.Client, room: ReadingRoom) -> None:
    assert post(client, batch(room, DOUBTFUL, *(decision() for _ in range(201)))).status_code == 422
    headers = {"Content-Type": "application/json", "X-Review-Token": room.csrf(room.seats[0])}
    assert client.post("/api/decisions", content=json.dumps("x" * 5_000_000), headers=headers).status_code == 413
    assert list(room.store.rows()) == []


def test_pages_of_an_earlier_server_learn_who_reads_now(client: httpx.Client, room: ReadingRoom) -> None:
    assert client.get("/api/session").json() == {"reader": "anna", "read": 1, "blinded": False, "csrf": room.csrf(room.seats[0])}


def test_an_old_pages_word_is_told_from_an_attack(client: httpx.Client, room: ReadingRoom) -> None:
    answer = post(client, batch(room, DOUBTFUL, decision()), **{"X-Review-Token": "0" * 64})
    assert (answer.status_code, answer.json()["error"]) == (403, "page_out_of_date")
