"""The app in Chromium, by keyboard."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.review.web.browsing import LARGE, SMALL, checked_by_axe, decided, keys, opened, shown, wait_for_state
from tests.review.web.graded import DOUBTFUL, OLD, Server, refused_study, server, sound_studies, trusted

# the group of a choice, else the id of what has the focus
FOCUSED = "(e => e.dataset.value === undefined ? e.id : e.parentElement.dataset.key)(document.activeElement)"


@pytest.fixture(scope="module")
def site(graded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Server]]:
    out = Path(shutil.copytree(graded, tmp_path_factory.mktemp("site") / "out"))
    with server(out) as found:
        yield out, found


@pytest.mark.long
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["1280x800", "1920x1080"])
def test_from_worklist_to_export_by_keyboard(chromium: Any, graded: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    out = Path(shutil.copytree(graded, tmp_path / "out"))
    with server(out) as site, opened(chromium, site.address, size) as page:
        page.goto(site.address)
        keys(page, "j", "j", "k", "Enter")
        page.wait_for_url(f"**/studies/{DOUBTFUL}")
        first = shown(page)
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth")
        in_view(page, "#finish", "#canvas", ".cell", "#tendons", "#note")
        keys(page, "ArrowUp")
        page.wait_for_function("n => document.getElementById('canvas').dataset.shown == n", arg=str(first + 1))
        keys(page, "Home")
        page.wait_for_function("() => document.getElementById('canvas').dataset.shown == document.getElementById('slice').max")
        keys(page, "f", "]", "[", "[", "c", "c", "-", "=", "<", ">", "z", "r", ".", ",", "PageDown", "End")
        page.wait_for_function("() => document.getElementById('canvas').dataset.shown == '0'")
        keys(page, "4", "g", "x", "j", "q", "0", "0", "w", "w", "ArrowRight", "b", "2", "k", "a")
        keys(page, "t", "ArrowRight", "Space")
        keys(page, "m")
        page.keyboard.type("q4 axial, j?")
        keys(page, "Escape")
        wait_for_state(page, "Saved")
        right, left = ("gluteus_maximus", "right"), ("gluteus_maximus", "left")
        rows = [row[1:] for row in decided(out)]
        assert rows[:7] == [
            ("grade", *right, "quartile", "4"),
            ("grade", *right, "goutallier", "not_assessable"),
            ("grade", *left, "quartile", "0"),
            ("grade", *left, "quartile", ""),
            ("quality", *left, "", "good"),
            ("quality", *left, "", "usable"),
            ("grade", *left, "bal_lowe", "2"),
        ]
        accepted = [row for row in rows if row[:3] == ("grade", *right)][2:]
        assert [row[3] for row in accepted] == ["bal_lowe"]  # what is decided already is not accepted over
        assert ("tendon", "", "right", "minimus", "defect") in rows
        assert rows[-1] == ("note", "", "", "", "q4 axial, j?")
        before = len(rows)
        keys(page, "A")
        wait_for_state(page, "Saved")
        assert len(decided(out)) == before + 3 * 6 - 2 - 1 - 1
        keys(page, "n")
        page.wait_for_url(lambda url: DOUBTFUL not in url)
        assert decided(out)[-1][1:] == ("finished", "", "", "", "yes")
        keys(page, "l")
        page.wait_for_url(site.address + "/")
        assert page.locator("td.finished").count() == 1
        page.goto(f"{site.address}/studies/{DOUBTFUL}")
        shown(page)
        keys(page, "o")
        wait_for_state(page, "Saved")
        assert decided(out)[-1][1:] == ("finished", "", "", "", "no")
        keys(page, "l")
        page.wait_for_url(site.address + "/")
        assert page.locator("td.finished").count() == 0
        keys(page, "/")
        page.keyboard.type(DOUBTFUL[:6])
        keys(page, "Enter")
        page.wait_for_url("**text=*")
        assert page.locator("tbody tr").count() == 1
        keys(page, "e")
        page.wait_for_url("**/export")
        keys(page, "e")
        page.wait_for_selector("#made a")
        content = page.request.get(f"{site.address}/export/review.zip").body()
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        ratings = list(csv.DictReader(io.TextIOWrapper(packed.open("ratings.csv"))))
    mine = {(r["muscle"], r["side"], r["scale"]): r["grade"] for r in ratings if r["reader"] == "anna" and r["study"] == DOUBTFUL}
    assert mine["gluteus_maximus", "right", "quartile"] == "4"


def in_view(page: Any, *selectors: str) -> None:
    for selector in selectors:
        for place in page.locator(selector).all():
            box = place.bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= page.viewport_size["height"], selector


@pytest.mark.long
def test_the_least_trusted_outline_first_by_keyboard(chromium: Any, graded: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(graded, tmp_path / "out"))
    first, second = sound_studies(out)
    trusted(out, {first: 0.8, second: 0.15})

    def studies(page: Any) -> list[str]:
        return list(page.locator("tbody th a").all_inner_texts())

    with server(out) as site, opened(chromium, site.address) as page:
        page.goto(site.address)
        before = studies(page)
        keys(page, "t")
        page.wait_for_url("**/?*order=trust*")
        assert page.is_checked("#by-trust")
        assert studies(page) == [second, first, *(name for name in before if name not in (first, second))]
        assert checked_by_axe(page) == []
        page.reload()  # the choice is in the address
        assert studies(page)[0] == second
        keys(page, "j", "Enter")
        page.wait_for_url(f"**/studies/{second}?order=trust")
        shown(page)
        keys(page, "n")
        page.wait_for_url(f"**/studies/{first}?order=trust")
        shown(page)
        keys(page, "l")
        page.wait_for_url("**/?order=trust")
        page.focus("#by-trust")
        keys(page, "Space")
        page.wait_for_url(lambda url: "order" not in url)
        assert studies(page) == before


@pytest.mark.long
def test_tab_alone_reaches_and_changes_everything(chromium: Any, site: tuple[Path, Server]) -> None:
    out, one = site
    with opened(chromium, one.address) as page:
        page.goto(f"{one.address}/studies/{sound_studies(out)[0]}")
        shown(page)
        stops = []
        for _ in range(80):
            keys(page, "Tab")
            stops.append(page.evaluate(FOCUSED))
            if stops[-1] == "finish":
                break
        groups = [s for s in stops if "|" in s]
        assert len(groups) == len(set(groups)) == 32
        assert {"canvas", "slice", "contours", "fat", "note", "finish", "labels", "upload", "help-button"} <= set(stops)
        page.focus("[data-key='bursa||left|'] button")
        keys(page, "ArrowRight", "ArrowDown", "Space")
        wait_for_state(page, "Saved")
        assert decided(out)[-1][1:] == ("bursa", "", "left", "", "fluid")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.long
def test_no_serious_fault_of_accessibility_on_any_page(chromium: Any, site: tuple[Path, Server]) -> None:
    out, one = site
    sound = sound_studies(out)[0]
    with opened(chromium, one.address, clean=False) as page:
        for path in (
            "/",
            f"/studies/{sound}",
            f"/studies/{DOUBTFUL}",
            f"/studies/{refused_study(out)}",
            f"/studies/{OLD}",
            "/export",
            "/nothing",
        ):
            page.goto(one.address + path)
            if path in (f"/studies/{sound}", f"/studies/{DOUBTFUL}"):
                shown(page)
                keys(page, "f", "1")
                wait_for_state(page, "Saved")
            assert checked_by_axe(page) == [], path
        page.goto(f"{one.address}/studies/{sound}")
        shown(page)
        keys(page, "?")
        assert page.locator("#help").is_visible()
        assert checked_by_axe(page) == []
        keys(page, "3", "Escape")
        assert not page.locator("#help").is_visible()


@pytest.mark.long
def test_a_blinded_reader_reads_too(chromium: Any, graded: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(graded, tmp_path / "out"))
    with server(out, "--blinded", "--read", 2, reader="carl") as one, opened(chromium, one.address) as page:
        page.goto(one.address)
        assert checked_by_axe(page) == []
        page.goto(f"{one.address}/studies/{DOUBTFUL}")
        shown(page)
        keys(page, "f", "a", "A", "2")
        wait_for_state(page, "Saved")
        assert checked_by_axe(page) == []
        assert [row[0:1] + row[4:] for row in decided(out)] == [("carl", "quartile", "2")]
        assert page.locator("#fat").count() == 0


@pytest.mark.long
def test_two_readers_at_once_on_one_study(chromium: Any, site: tuple[Path, Server]) -> None:
    out, one = site
    study, before = sound_studies(out)[1], len(decided(out))
    with server(out, reader="ben") as two, opened(chromium, one.address) as anna, opened(chromium, two.address) as ben:
        for page, own in ((anna, one), (ben, two)):
            page.goto(f"{own.address}/studies/{study}")
            shown(page)
        for round_ in range(6):
            keys(anna, "1" if round_ % 2 else "2", "j")
            keys(ben, "3", "j")
        for page in (anna, ben):
            wait_for_state(page, "Saved")
        rows = decided(out)[before:]
        assert [row[5] for row in rows if row[0] == "anna"] == ["2", "1"] * 3
        assert [row[5] for row in rows if row[0] == "ben"] == ["3"] * 6
        for page, value in ((anna, "2"), (ben, "3")):
            page.reload()
            shown(page)
            chosen = page.locator("[data-key='grade|gluteus_maximus|right|quartile'] [aria-checked=true]")
            assert chosen.get_attribute("data-value") == value
