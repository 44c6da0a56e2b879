"""Servers that die, disks that are full, readers who leave: no decision is lost or stored twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.review.web.browsing import decided, keys, opened, shown, wait_for_state
from tests.review.web.graded import server, sound_studies


def grades(out: Path) -> list[str]:
    return [row[5] for row in decided(out) if row[1] == "grade"]


@pytest.mark.long
def test_a_server_that_dies_in_between_costs_nothing(chromium: Any, out: Path) -> None:
    study = sound_studies(out)[0]
    with server(out) as one, opened(chromium, one.address, clean=False) as page:
        page.goto(f"{one.address}/studies/{study}")
        shown(page)
        keys(page, "1")
        wait_for_state(page, "Saved")
        os.kill(one.process.pid, signal.SIGSTOP)  # it takes the next one and does not answer
        keys(page, "j", "2")
        wait_for_state(page, "Saving")
        one.kill()
        wait_for_state(page, "NOT SAVED: the server does not answer; 1 change is kept")
        keys(page, "j", "3")
        wait_for_state(page, "NOT SAVED: the server does not answer; 2 changes are kept")
        one.start()
        wait_for_state(page, "Saved")
        assert grades(out) == ["1", "2", "3"]


@pytest.mark.long
def test_an_answer_that_is_lost_stores_once(chromium: Any, out: Path) -> None:
    study = sound_studies(out)[0]
    with server(out) as one, opened(chromium, one.address, clean=False) as page:
        page.goto(f"{one.address}/studies/{study}")
        shown(page)
        lost = []

        def lose(route: Any) -> None:
            if len(lost) < 2:
                lost.append(route.fetch().status)  # it is stored; the page never hears of it
                route.abort()
            else:
                route.continue_()

        page.route("**/api/decisions", lose)
        keys(page, "4")
        wait_for_state(page, "Saved")
        assert lost == [200, 200]
        assert grades(out) == ["4"]


@pytest.mark.long
def test_what_waits_outlives_the_page_and_leaving_warns(chromium: Any, out: Path) -> None:
    study = sound_studies(out)[0]
    with server(out) as one, opened(chromium, one.address, clean=False) as page:
        page.goto(f"{one.address}/studies/{study}")
        shown(page)
        one.kill()
        keys(page, "2", "n")
        wait_for_state(page, "NOT SAVED")
        assert page.url.endswith(study)
        asked = []
        page.on("dialog", lambda d: (asked.append(d.type), d.accept()))
        page.click("h1")  # browsers warn only those who have touched the page
        one.start()
        page.route("**/api/decisions", lambda route: route.abort())
        page.reload()
        assert asked == ["beforeunload"]
        shown(page)
        wait_for_state(page, "NOT SAVED")
        assert page.locator("[data-key='grade|gluteus_maximus|right|quartile'] [aria-checked=true]").get_attribute("data-value") == "2"
        page.unroute("**/api/decisions")
        wait_for_state(page, "Saved")
        assert [row[1] for row in decided(out)] == ["grade", "finished"]


@pytest.mark.long
def test_another_readers_server_at_the_same_address_is_not_given_them(chromium: Any, out: Path) -> None:
    study = sound_studies(out)[0]
    with server(out) as one, opened(chromium, one.address, clean=False) as page:
        page.goto(f"{one.address}/studies/{study}")
        shown(page)
        one.kill()
        keys(page, "2")
        wait_for_state(page, "NOT SAVED")
        one.command[one.command.index("anna")] = "ben"
        one.start()
        wait_for_state(page, "NOT SAVED: this server now reads for another reader")
        assert grades(out) == []
        one.end()
        one.command[one.command.index("ben")] = "anna"
        one.start()
        page.reload()
        wait_for_state(page, "Saved")
        assert [(row[0], row[5]) for row in decided(out)] == [("anna", "2")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, 16 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.long
def test_a_full_disk_is_told_and_what_waits_is_stored_when_there_is_room(chromium: Any, graded: Path, small_disk: Path) -> None:
    out = Path(shutil.copytree(graded, small_disk / "out", ignore=shutil.ignore_patterns("overlay_*")))
    study = sound_studies(out)[0]
    with server(out) as one, opened(chromium, one.address, clean=False) as page:
        page.goto(f"{one.address}/studies/{study}")
        shown(page)
        keys(page, "1")
        wait_for_state(page, "Saved")
        filler = small_disk / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as stream:
            while stream.write(bytes(4096)):
                pass
        note = "full " * 700
        page.fill("#note", note)
        keys(page, "Escape", "j", "2")
        wait_for_state(page, "NOT SAVED")
        assert "disk is full" in page.text_content("#save")
        assert grades(out) == ["1"]
        filler.unlink()
        wait_for_state(page, "Saved")
        assert grades(out) == ["1", "2"]
        assert [row[5] for row in decided(out) if row[1] == "note"] == [note]
