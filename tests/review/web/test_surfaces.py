"""Surfaces for the 3-D view as the server sends them, and the library that draws them."""

from __future__ import annotations

from pathlib import Path

import httpx
import numpy as np
import pytest

from gluteal_grade.review.model import Session
from gluteal_grade.review.runs import WHOLE_VALUES, encoded
from gluteal_grade.review.web import library, pictures
from gluteal_grade.review.web.reading_room import Seat
from tests.review.test_surfaces import decoded
from tests.review.web.graded import reading_room_of, sound_studies
from tests.review.web.inside import client_of
from tests.review.web.test_drawings import MIDDLE, RIGHT_MEDIUS, send
from tests.review.web.test_drawings import pictures as slices_of


def test_what_is_drawn_changes_its_own_surface_only(client: httpx.Client, out: Path) -> None:
    study = sound_studies(out)[0]
    before = decoded(client.get(f"/studies/{study}/surfaces").content)
    assert set(before) == {v for (muscle, _), v in WHOLE_VALUES.items() if muscle.short != "tensor"} & set(before)
    assert len(before) == 6
    assert before[RIGHT_MEDIUS][1][:, 0].mean() > 0  # the patient's right
    same = send(client, study, {"base": "", "slices": {}}, "surfaces")
    assert same.content == client.get(f"/studies/{study}/surfaces").content
    drawn = slices_of(client, study)[MIDDLE]
    drawn[drawn == RIGHT_MEDIUS] = 0
    after = decoded(send(client, study, {"base": "", "slices": {MIDDLE: encoded(drawn)}}, "surfaces").content)
    changed = [value for value in before if not np.array_equal(before[value][1], after[value][1])]
    assert changed == [RIGHT_MEDIUS]


@pytest.mark.parametrize(
    "sent",
    [{"base": "", "slices": {"999": [0, 1]}}, {"base": "nothing", "slices": {}}, {"base": ""}, {"base": "", "slices": {"0": [7, 7]}}],
)
def test_what_is_no_drawing_is_refused(client: httpx.Client, out: Path, sent: dict) -> None:
    answer = send(client, sound_studies(out)[0], sent, "surfaces")
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_drawing")


def test_a_blinded_reader_sees_the_programs_surfaces_and_draws_none(out: Path) -> None:
    with reading_room_of(out, Seat(Session("carl", blinded=True))) as room:
        client, study = client_of(room), sound_studies(out)[0]
        assert len(decoded(client.get(f"/studies/{study}/surfaces").content)) == 6
        assert send(client, study, {"base": "", "slices": {}}, "surfaces").status_code >= 400


def test_without_the_library_the_page_is_told(client: httpx.Client, out: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    study = sound_studies(out)[0]
    monkeypatch.setattr(library, "_PLACES", (("viewer", "nowhere"),))
    assert library.library() is None
    assert client.get(f"/studies/{study}/stack").json()["solid"] is False
    assert client.get("/static/niivue.js").status_code == 404
    monkeypatch.setattr(library, "shipped", lambda *parts: tmp_path / "niivue.js")
    (tmp_path / "niivue.js").write_text("1;")
    assert client.get("/static/niivue.js").text == "1;"
    assert client.get(f"/studies/{study}/stack").json()["solid"] is True
    assert pictures.library is library.library
