"""Contours corrected in Chromium, by keyboard and by mouse, through a reload and a killed server."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.review.web.browsing import checked_by_axe, decided, keys, opened, shown
from tests.review.web.graded import server, sound_studies


def wait_for(page: Any, words: str) -> None:
    page.wait_for_function("words => document.getElementById('draw-state').textContent.includes(words)", arg=words)


def state(page: Any) -> str:
    return page.inner_text("#draw-state")


def correct(page: Any) -> None:
    """Start, or go on."""
    keys(page, "d")
    page.wait_for_selector("#draw-tools:not([hidden])")


def up(page: Any, slices: int) -> None:
    index = shown(page) + slices
    keys(page, *["ArrowUp"] * slices)
    page.wait_for_function("n => document.getElementById('canvas').dataset.shown == n", arg=str(index))


def painted(page: Any, study: str) -> int:
    """Pixels of the right medius that the kept drawing has more than the program, in the only slice that was drawn."""
    return page.evaluate(
        """async study => {
            const { slices } = JSON.parse(localStorage.getItem(localStorage.key(0)));
            const [[index, runs]] = Object.entries(slices);
            const about = await (await fetch(`/studies/${study}/stack`)).json();
            const bytes = new Uint8Array(await (await fetch(`/studies/${study}/slices/${index}`)).arrayBuffer());
            const n = about.rows * about.columns;
            const before = bytes.slice(2 * n, 3 * n).filter((value) => value >= 120 && value < 130).length;
            return runs.reduce((sum, length, at) => sum + (at % 2 && runs[at - 1] === 120 ? length : 0), 0) - before;
        }""",
        study,
    )


def drag(page: Any, *places: tuple[float, float]) -> None:
    """Shares of the canvas."""
    box = page.locator("#canvas").bounding_box()
    for n, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if not n:
            page.mouse.down()
    page.mouse.up()


@pytest.mark.long
def test_draw_undo_fill_and_measure_through_a_reload_and_a_killed_server(chromium: Any, graded: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(graded, tmp_path / "out"))
    study = sound_studies(out)[0]
    with server(out, "--data", graded.parent / "in") as one, opened(chromium, one.address, clean=False) as page:
        page.goto(f"{one.address}/studies/{study}")
        shown(page)
        correct(page)
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth")
        keys(page, "2", "]", *["Shift+ArrowRight"] * 9, "Shift+ArrowUp", "Space")
        wait_for(page, "Right medius, brush 12 mm. 1 slice changed, not measured yet.")
        keys(page, "u")
        wait_for(page, "12 mm.")
        assert "changed" not in state(page)
        keys(page, "u")
        wait_for(page, "Nothing to undo.")
        keys(page, "Control+y")
        wait_for(page, "1 slice changed")
        corners = [["Shift+ArrowRight"] * 5, ["Shift+ArrowDown"] * 5, ["Shift+ArrowLeft"] * 5]
        keys(page, "l", "Space", *[key for way in corners for key in (*way, "Space")], "Enter", "b")
        page.wait_for_function("() => localStorage.length == 1")
        assert painted(page, study) > 20
        up(page, 3)
        drag(page, (0.3, 0.4), (0.4, 0.45))
        wait_for(page, "2 slices changed")
        keys(page, "i")
        wait_for(page, "4 slices changed, not measured yet. Filled 2 slices")
        keys(page, "Escape", "n")
        wait_for(page, "before you finish")
        page.reload()
        shown(page)
        wait_for(page, "Drawn and not measured yet")
        correct(page)
        wait_for(page, "4 slices changed, not measured yet.")
        assert checked_by_axe(page) == []
        one.kill()
        keys(page, "2", "e")
        drag(page, (0.4, 0.45), (0.4, 0.46))  # what is not there cannot be rubbed out
        keys(page, "m")
        wait_for(page, "kept in this browser")
        one.start()
        keys(page, "m")
        wait_for(page, "Measured: the new numbers are below.")
        assert decided(out)[-1][:2] == ("anna", "labels")
        rows = {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in page.locator("#corrections tbody tr").all()}
        assert "→" in rows["right medius"][0]
        assert "–" in rows["right medius"][1]  # with its interval
        assert not any(name.startswith("left") for name in rows)
        assert "other 5 muscles are as before" in page.inner_text("#corrections")
        assert page.evaluate("localStorage.length") == 0  # the server has it
        page.reload()
        shown(page)
        correct(page)
        keys(page, "m")
        wait_for(page, "Nothing is changed")  # drawn on from the correction
        keys(page, "Escape")
        page.wait_for_selector("#draw-tools", state="hidden")
