"""What pages draw, as the server takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.io import single
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.review.correction import Correction, CorrectionState
from gluteal_grade.review.model import Item, Key, Session
from gluteal_grade.review.runs import TO_WHOLE, WHOLE_VALUES, decoded, encoded
from gluteal_grade.review.web import drawings
from gluteal_grade.review.web.reading_room import ReadingRoom, Seat
from gluteal_grade.review.web.security import CSRF_HEADER
from gluteal_grade.vocabulary import Muscle, Side
from tests.review.web.asking import csrf_of
from tests.review.web.graded import reading_room_of, refused_study, sound_studies
from tests.review.web.inside import client_of

RIGHT_MEDIUS = WHOLE_VALUES[Muscle.GLUTEUS_MEDIUS, Side.RIGHT]
MIDDLE = 12  # slice


def send(client: httpx.Client, study: str, content: Any, to: str = "drawing", **headers: str) -> httpx.Response:
    usual = {"Content-Type": "application/json", "Accept": "application/json", CSRF_HEADER: csrf_of(client)}
    body = content if isinstance(content, bytes) else json.dumps(content)
    return client.post(f"/studies/{study}/{to}", content=body, headers=usual | headers)


def pictures(client: httpx.Client, study: str) -> np.ndarray:
    """(slice, row, column) whole muscles, from what the viewer is sent."""
    about = client.get(f"/studies/{study}/stack").json()
    rows, columns = about["rows"], about["columns"]
    sent = (client.get(f"/studies/{study}/slices/{n}").content for n in range(about["slices"]))
    return np.stack([TO_WHOLE[np.frombuffer(one, np.uint8, rows * columns, 2 * rows * columns)].reshape(rows, columns) for one in sent])


def drawing(room: ReadingRoom, study: str, slices: Any, base: Any = "") -> dict[str, Any]:
    listed = room.catalogue.find(study)
    assert listed is not None
    return {"result_hash": listed.result_hash, "base": base, "slices": slices}


def test_a_drawing_is_stored_and_decided_like_an_upload(client: httpx.Client, room: ReadingRoom, out: Path) -> None:
    study = sound_studies(out)[0]
    shown = pictures(client, study)
    drawn = shown[MIDDLE].copy()
    rows, columns = np.nonzero(drawn == RIGHT_MEDIUS)
    drawn[rows[columns < np.median(columns)], columns[columns < np.median(columns)]] = 0
    assert columns.max() < drawn.shape[1] / 2  # the patient's right is at the left
    answer = send(client, study, drawing(room, study, {MIDDLE: encoded(drawn)}))
    assert answer.status_code == 202
    (correction,) = room.corrections.state(study)
    assert correction.id == answer.json()["id"]
    stored = room.store.current(Session("anna"), study)[Key(Item.LABELS)]
    assert (stored.decision.value, stored.result_hash) == (correction.id, drawing(room, study, {})["result_hash"])
    path = out / "review" / "uploads" / f"{correction.id}.nii.gz"
    before, after = read_volume(out / study / "labels.nii.gz"), read_volume(path)
    assert after.grid.matches(before.grid)
    lost = TO_WHOLE[before.array] != TO_WHOLE[after.array]
    assert lost.sum() == (drawn != shown[MIDDLE]).sum() > 0
    assert set(np.nonzero(lost)[2]) == {MIDDLE}
    assert before.grid.to_world(np.argwhere(lost))[:, 0].min() > 0  # and in the labels too
    assert bytes(nib.load(path).header["descrip"]).rstrip(b"\0").decode() == f"drawn on {single(out / study / 'labels.nii.gz').sha256()}"
    assert not list((out / "review").glob(".drawn*"))


def test_what_is_filled_between_has_the_shape_of_its_neighbours(client: httpx.Client, room: ReadingRoom, out: Path) -> None:
    study = sound_studies(out)[0]
    truth = pictures(client, study) == RIGHT_MEDIUS
    ends = (MIDDLE - 1, MIDDLE + 2)
    sent = {"value": RIGHT_MEDIUS, "slices": {n: encoded(truth[n] * np.uint8(RIGHT_MEDIUS)) for n in ends}}
    found = send(client, study, sent, "between").json()["slices"]
    assert sorted(map(int, found)) == [MIDDLE, MIDDLE + 1]
    for index, runs in found.items():
        mask, there = decoded(runs, truth.shape[1:], [RIGHT_MEDIUS]) > 0, truth[int(index)]
        assert 2 * (mask & there).sum() / (mask.sum() + there.sum()) > 0.9
    assert room.corrections.state(study) == ()


def sound(client: httpx.Client, study: str) -> list[int]:
    about = client.get(f"/studies/{study}/stack").json()
    return [0, about["rows"] * about["columns"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slices": {}}, "No slices"),
        ({"slices": {"20": "SOUND"}}, "slices 0 to 19"),
        ({"slices": {"-1": "SOUND"}}, "slices 0 to 19"),
        ({"slices": {"3": [0, 100]}}, "do not add up"),
        ({"slices": {"3": [99, 3744]}}, "Value 99 is no muscle"),
        ({"slices": {"3": [121, 3744]}}, "Value 121 is no muscle"),
        ({"slices": {"3": ["0", 3744]}}, "no list of values"),
        ({"slices": {"0": "SOUND"}}, "Nothing was changed"),
        ({"base": "d0d0d0d0"}, "not known"),
        ({"base": None}, "not known"),
        ({"base": {}}, "not known"),
        ({"result_hash": "0" * 64}, "graded again"),
        ({"more": 1}, "must hold"),
    ],
)
def test_what_is_no_drawing_is_refused(client: httpx.Client, room: ReadingRoom, out: Path, change: dict[str, Any], words: str) -> None:
    study = sound_studies(out)[0]
    text = json.dumps(drawing(room, study, {"3": "SOUND"}) | change).replace('"SOUND"', json.dumps(sound(client, study)))
    answer = send(client, study, text.encode())
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_drawing")
    assert words in answer.json()["words"]
    assert room.corrections.state(study) == ()


@pytest.mark.parametrize("content", [b"", b"[]", b"nothing", b'"x"', b"[" * 100_000, b"\xff", b'{"slices": 1' + b"0" * 5000 + b"}"])
def test_what_is_no_json_is_refused(client: httpx.Client, out: Path, content: bytes) -> None:
    for to in ("drawing", "between"):
        answer = send(client, sound_studies(out)[0], content, to)
        assert (answer.status_code, answer.json()["error"]) == (422, "bad_drawing")


@pytest.mark.parametrize(
    "sent",
    [
        {"value": 121, "slices": {}},
        {"value": "120", "slices": {}},
        {"value": True, "slices": {}},
        {"value": 120, "slices": {"3": [110, 3744]}},
    ],
)
def test_what_cannot_be_filled_is_refused(client: httpx.Client, out: Path, sent: dict[str, Any]) -> None:
    assert send(client, sound_studies(out)[0], sent, "between").json()["error"] == "bad_drawing"


def test_other_studies_sites_and_readers(client: httpx.Client, room: ReadingRoom, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = sound_studies(out)
    other_s = Correction("00000000-0000-0000-0000-000000000000", other, "2026-01-01", "", CorrectionState.DONE)
    monkeypatch.setattr(room.corrections, "find", lambda _: other_s)
    content = drawing(room, one, {"3": sound(client, one)}, base=other_s.id)
    assert "of another study" in send(client, one, content).json()["words"]
    assert (
        "of another study"
        in client.get(f"/studies/{one}/drawing?base={other_s.id}", headers={"Accept": "application/json"}).json()["words"]
    )
    assert send(client, one, content, **{CSRF_HEADER: ""}).status_code == 403
    assert send(client, one, content, Origin="https://evil.example").status_code == 403
    assert send(client, one, content, **{"Content-Type": "text/plain"}).status_code == 415
    assert send(client, "ffffffffffff", content).json()["error"] == "study_not_found"
    refused = refused_study(out)
    assert send(client, refused, drawing(room, refused, {"3": [0, 1]})).json()["error"] == "images_not_found"
    monkeypatch.setattr(drawings, "LONGEST_BODY", 1 << 20)
    answer = send(client, one, b" " * (2 << 20))
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_drawing")
    assert "1 MB" in answer.json()["words"]
    assert all(room.corrections.state(study) == () for study in (one, other))


def test_a_blinded_reader_cannot_draw(out: Path) -> None:
    study = sound_studies(out)[0]
    with reading_room_of(out, Seat(Session("anna", blinded=True))) as room:
        client = client_of(room)
        assert client.get(f"/studies/{study}/drawing").status_code == 403
        for to in ("drawing", "between"):
            assert send(client, study, {}, to).status_code == 403
        assert "draw-tools" not in client.get(f"/studies/{study}").text
