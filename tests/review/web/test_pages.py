"""What pages say."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import httpx

from gluteal_grade.review.model import Decision, Item, Key, Session
from gluteal_grade.review.web.reading_room import ReadingRoom
from tests.review.web.graded import DOUBTFUL, MARKUP, OLD, refused_study, sound_studies, trusted

ID = "00000000-0000-4000-8000-000000000000"


def listed(text: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/studies/([0-9a-f]{12})">', text)


def test_the_list_puts_what_needs_review_first_and_what_was_refused_last(client: httpx.Client, out: Path) -> None:
    found = listed(client.get("/").text)
    assert found[0] == DOUBTFUL
    assert found[-1] == refused_study(out)
    assert len(found) == 5


def test_filters_leave_what_they_name(client: httpx.Client, room: ReadingRoom, out: Path) -> None:
    sound = sound_studies(out)[0]
    finished = Decision(ID, sound, Key(Item.FINISHED), "yes")
    room.store.add(Session("anna"), [finished], "x")
    assert listed(client.get("/?needs_review=1").text) == [DOUBTFUL]
    assert listed(client.get("/?metal=1").text) == [DOUBTFUL]
    assert listed(client.get("/?refused=1").text) == [refused_study(out)]
    assert listed(client.get("/?finished=1").text) == [sound]
    assert sound not in listed(client.get("/?unread=1").text)
    assert listed(client.get("/?text=P2").text) == [DOUBTFUL]
    assert listed(client.get("/?text=zzz&page=7").text) == []
    assert ">finished<" in client.get("/").text


def test_the_order_by_trust_stays_in_every_address(client: httpx.Client, room: ReadingRoom, out: Path) -> None:
    first, second = sound_studies(out)
    trusted(out, {first: 0.8, second: 0.15})
    room.catalogue.refresh()
    found = client.get("/?order=trust&unread=1").text
    order = re.findall(r'<a href="/studies/([0-9a-f]{12})\?order=trust">', found)
    assert order[:3] == [second, first, DOUBTFUL]
    assert "0.15 · left min" in found
    assert "Least trust" not in client.get("/").text
    assert client.get("/?order=sideways").text == client.get("/").text
    study = client.get(f"/studies/{second}?order=trust").text
    assert f'<a href="/studies/{first}?order=trust" id="next"' in study
    assert '<a href="/?order=trust" id="to-list">' in study
    assert "?order" not in client.get(f"/studies/{second}").text


def test_markup_in_results_and_tables_is_text(client: httpx.Client) -> None:
    for path in ("/", f"/studies/{DOUBTFUL}", "/?text=" + MARKUP.replace("<", "%3C")):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "<img src=//evil" not in text
        assert "&lt;script&gt;alert" in text


def test_a_study_shows_what_the_program_found_and_what_this_reader_said(client: httpx.Client, room: ReadingRoom, out: Path) -> None:
    study = sound_studies(out)[1]
    result = room.catalogue.load(study)
    medius = next(m for m in result.muscles if (m.muscle, m.side, m.region) == ("gluteus_medius", "left", "whole"))
    key = Key(Item.GRADE, "gluteus_medius", "left", "quartile")
    room.store.add(Session("anna"), [Decision(ID, study, key, "4", str(medius.grade("quartile")))], "x")
    room.store.add(Session("ben"), [Decision(ID.replace("0", "1"), study, key, "1")], "x")
    text = client.get(f"/studies/{study}").text
    group = re.search(r'data-key="grade\|gluteus_medius\|left\|quartile" data-program="(\d)"', text)
    assert group
    assert int(group[1]) == medius.grade("quartile")
    assert f"{100 * medius.fat_shown.value:.1f} %" in text
    settings = json.loads(html.unescape(re.search(r'data-settings="([^"]+)"', text)[1]))
    assert settings["values"] == {"grade|gluteus_medius|left|quartile": "4"}
    assert settings["result_hash"] == room.catalogue.find(study).result_hash
    assert len(re.findall(r'role="radiogroup"', text)) == 3 * 2 * 4 + 2 * 4


def test_a_refused_study_says_why_and_asks_for_no_grade(client: httpx.Client, out: Path) -> None:
    text = client.get(f"/studies/{refused_study(out)}").text
    assert "Refused:" in text
    assert "radiogroup" not in text


def test_results_of_older_versions_show_the_level_pictures(client: httpx.Client) -> None:
    text = client.get(f"/studies/{OLD}").text
    assert "No scrolling" in text
    pictures = re.findall(rf'src="(/studies/{OLD}/files/overlay_[a-z0-9_]+\.png)"', text)
    assert len(pictures) >= 2
    answers = [client.get(p) for p in pictures]
    assert {a.status_code for a in answers} == {200}
    assert {a.content[:4] for a in answers} == {b"\x89PNG"}
    stack = client.get(f"/studies/{OLD}/stack", headers={"Accept": "application/json"})
    assert (stack.status_code, stack.json()["error"]) == (404, "images_not_found")


def test_files_are_those_of_the_folder(client: httpx.Client, out: Path) -> None:
    study = sound_studies(out)[0]
    for name in ("image.nii.gz", "labels.nii.gz", "fat_fraction.nii.gz", "result.json", "muscles.csv", "overlay_summary.png"):
        assert client.get(f"/studies/{study}/files/{name}").content == (out / study / name).read_bytes()
    (out / study / "notes.txt").write_text("x")
    assert client.get(f"/studies/{study}/files/notes.txt").status_code == 404


def test_a_report_may_run_nothing(client: httpx.Client, out: Path) -> None:
    study = sound_studies(out)[0]
    (out / study / "report.html").write_text("<style>p {}</style><script>alert(1)</script>")
    assert f"/studies/{study}/files/report.html" in client.get(f"/studies/{study}").text
    policy = client.get(f"/studies/{study}/files/report.html").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy


def test_what_is_graded_meanwhile_appears(client: httpx.Client, room: ReadingRoom, out: Path) -> None:
    (out / OLD / "result.json").rename(out / OLD / "gone.json")
    room.catalogue.refresh()
    assert OLD not in listed(client.get("/").text)
    assert client.get(f"/studies/{OLD}").status_code == 404
