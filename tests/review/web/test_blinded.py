"""A blinded reader sees nothing of what the program found, whatever is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gluteal_grade.review.model import Session
from gluteal_grade.review.web.reading_room import ReadingRoom, Seat
from gluteal_grade.review.web.security import CSRF_HEADER
from tests.review.web.asking import batch, csrf_of, decision, post
from tests.review.web.graded import DOUBTFUL, OLD, reading_room_of, refused_study, sound_studies
from tests.review.web.inside import client_of
from tests.review.web.test_pages import listed


@pytest.fixture
def blind(out: Path) -> Iterator[tuple[httpx.Client, ReadingRoom]]:
    with reading_room_of(out, Seat(Session("carl", blinded=True))) as room:
        yield client_of(room), room


def test_pages_hold_no_number_of_the_program(blind: tuple[httpx.Client, ReadingRoom], out: Path) -> None:
    client, room = blind
    for study in (*sound_studies(out), DOUBTFUL):
        text = client.get(f"/studies/{study}").text
        assert text.count('role="radiogroup"') == 32
        for word in (
            "data-program",
            'class="program"',
            "Accept",
            "overlay",
            "result.json",
            "fat_fraction",
            "Fat map",
            "in 3 pieces",
            "metal",
            "%)",
            " ml",
        ):
            assert word not in text, word
        for m in room.catalogue.load(study).muscles:
            assert f"{100 * m.fat_fraction:.1f}" not in text
            assert f"{m.volume_ml:.0f} ml" not in text


def test_the_list_tells_no_finding(blind: tuple[httpx.Client, ReadingRoom], out: Path) -> None:
    client, _ = blind
    text = client.get("/").text
    for word in ("needs review", "metal", "Quartile", "Dixon", "pieces", "graded", "refused", "/export", ">export<", "least trusted"):
        assert word not in text, word
    assert set(listed(text)) == {*sound_studies(out), DOUBTFUL, OLD}
    assert listed(client.get("/?needs_review=1&metal=1&refused=1").text) == listed(text)
    assert client.get(f"/studies/{refused_study(out)}").status_code == 404


def test_each_reader_and_read_has_an_order_of_its_own(out: Path) -> None:
    orders = set()
    for session in [Session(reader, read, blinded=True) for reader in ("anna", "ben", "carl", "dora") for read in (1, 2)]:
        with reading_room_of(out, Seat(session)) as room:
            client = client_of(room)
            found = tuple(listed(client.get("/").text))
            assert found == tuple(listed(client.get("/").text))
            orders.add(found)
    assert len(orders) >= 4  # of 24 orders eight were drawn


def test_the_fat_map_never_leaves_the_server(blind: tuple[httpx.Client, ReadingRoom], out: Path) -> None:
    client, room = blind
    study = sound_studies(out)[0]
    about = client.get(f"/studies/{study}/stack").json()
    assert about["fat"] is False
    assert "fat_colours" not in about
    content = client.get(f"/studies/{study}/slices/9").content
    assert content.index(b'{"outlines"') == 4 * about["rows"] * about["columns"]
    assert content == next(iter(room.stacks._kept.values())).slice_bytes(9, with_fat=False)


@pytest.mark.parametrize(
    "name",
    [
        "result.json",
        "muscles.csv",
        "slices.csv",
        "report.html",
        "labels.nii.gz",
        "fat_fraction.nii.gz",
        "excluded.nii.gz",
        "overlay_summary.png",
    ],
)
def test_results_are_refused(blind: tuple[httpx.Client, ReadingRoom], out: Path, name: str) -> None:
    client, _ = blind
    study = sound_studies(out)[0]
    if name == "report.html":
        (out / study / name).write_text("grades")
    assert client.get(f"/studies/{study}/files/{name}").status_code == 404
    assert client.get(f"/studies/{study}/files/image.nii.gz").status_code == 200


def test_corrections_and_exports_are_refused(blind: tuple[httpx.Client, ReadingRoom], out: Path) -> None:
    client, room = blind
    study = sound_studies(out)[0]
    headers = {CSRF_HEADER: csrf_of(client)}
    assert client.get(f"/studies/{study}/corrections").status_code == 403
    assert (
        client.post(f"/studies/{study}/labels", content=b"x", headers=headers | {"Content-Type": "application/octet-stream"}).status_code
        == 403
    )
    assert client.get("/export").status_code == 403
    assert client.post("/api/export", json={}, headers=headers).status_code == 403
    assert client.get("/export/ratings.csv").status_code == 403
    assert room.corrections.state(study) == ()


def test_what_is_decided_is_stored_as_not_seen(blind: tuple[httpx.Client, ReadingRoom], out: Path) -> None:
    client, room = blind
    assert post(client, batch(room, DOUBTFUL, decision())).status_code == 200
    (row,) = room.store.rows()
    assert (row.decision.seen, row.verdict, row.session) == (False, "", Session("carl", blinded=True))
