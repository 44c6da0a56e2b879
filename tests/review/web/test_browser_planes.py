"""The planes across the slices in Chromium: linked, turned by keyboard, and with what is being drawn."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gluteal_grade.review.web.library import library
from tests.conftest import CHROMIUM
from tests.review.web.browsing import checked_by_axe, keys, opened, shown
from tests.review.web.graded import server, sound_studies

NO_WEBGL = """
    const get = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...more) { return kind === "webgl2" ? null : get.call(this, kind, ...more); };
"""
PICTURES = ("canvas", "plane-1", "plane-2")


@pytest.fixture(scope="module")
def with_webgl(chromium: Any) -> Iterator[object]:
    """A browser whose WebGL needs no graphics card; all it draws is slower."""
    flags = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=flags)
    yield browser
    browser.close()


def place(page: Any, name: str) -> int:
    """The picture that a view shows."""
    return int(page.get_attribute(f"#{name}", "data-shown"))


def pixels(page: Any, name: str) -> str:
    """A view as it stands, once all slices have come and it is painted."""
    page.wait_for_function("name => !document.getElementById(name).getAttribute('aria-label').includes('still come')", arg=name)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found: str = page.evaluate("name => document.getElementById(name).toDataURL()", name)
    return found


def visible(page: Any) -> list[str]:
    return [name for name in PICTURES if page.is_visible(f"#{name}")]


@pytest.mark.long
def test_planes_are_linked_and_show_what_is_drawn(chromium: Any, graded: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(graded, tmp_path / "out"))
    with server(out, "--data", graded.parent / "in") as one, opened(chromium, one.address, clean=False) as page:
        page.goto(f"{one.address}/studies/{sound_studies(out)[0]}")
        index = shown(page)
        stage = page.locator("#stage").bounding_box()
        assert visible(page) == ["canvas"]
        keys(page, "y")
        assert visible(page) == ["plane-1"]
        assert page.inner_text("#views [aria-pressed=true]") == "Coronal"
        pixels(page, "plane-1")
        assert page.get_attribute("#plane-1", "aria-label").startswith("coronal picture")
        coronal = place(page, "plane-1")  # the first one is the most anterior: up is one less
        keys(page, "ArrowUp", "ArrowUp", "ArrowDown")
        page.wait_for_function("n => document.getElementById('plane-1').dataset.shown == n", arg=str(coronal - 1))
        assert page.input_value("#slice") == str(coronal - 1)
        keys(page, "y")
        assert visible(page) == ["plane-2"]
        pixels(page, "plane-2")
        keys(page, "y", "y")
        assert visible(page) == list(PICTURES)
        assert page.locator("#stage").bounding_box() == stage  # nothing moves
        assert (place(page, "canvas"), place(page, "plane-1")) == (index, coronal - 1)
        # a click in one moves the others: up in the coronal picture is a slice higher
        box = page.locator("#plane-1").bounding_box()
        page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.2 * box["height"])
        page.wait_for_function("n => Number(document.getElementById('canvas').dataset.shown) > n", arg=index)
        sagittal = place(page, "plane-2")
        page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
        page.wait_for_function("n => document.getElementById('plane-2').dataset.shown != n", arg=str(sagittal))
        before = pixels(page, "plane-1")
        keys(page, "h")
        assert pixels(page, "plane-1") != before
        keys(page, "h")
        assert pixels(page, "plane-1") == before
        assert checked_by_axe(page) == []
        keys(page, "d")
        page.wait_for_selector("#draw-tools:not([hidden])")
        keys(page, "e", "Shift+ArrowRight")  # out of the middle of the muscle
        before = {name: pixels(page, name) for name in PICTURES}
        keys(page, "Space")
        page.wait_for_function("() => document.getElementById('draw-state').textContent.includes('1 slice changed')")
        assert all(pixels(page, name) != before[name] for name in PICTURES)
        keys(page, "u")
        assert all(pixels(page, name) == before[name] for name in PICTURES)
        keys(page, "d", "y", "y")  # where drawing cannot be seen, it begins with the slices
        page.wait_for_selector("#draw-tools", state="hidden")
        assert visible(page) == ["plane-1"]
        keys(page, "d")
        page.wait_for_selector("#draw-tools:not([hidden])")
        assert visible(page) == ["canvas"]


@pytest.mark.long
@pytest.mark.skipif(library() is None, reason="no NiiVue: python fetch_viewer.py")
def test_muscles_in_3d_turn_by_keyboard_and_follow_what_is_drawn(with_webgl: Any, graded: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(graded, tmp_path / "out"))
    with server(out, "--data", graded.parent / "in") as one, opened(with_webgl, one.address) as page:
        page.goto(f"{one.address}/studies/{sound_studies(out)[0]}")
        shown(page)
        keys(page, "Y", "Y")
        page.wait_for_selector("#solid-canvas[data-shown]")
        assert page.inner_text("#solid-state") == ""
        assert (page.inner_text("#solid-left"), page.inner_text("#solid-right")) == ("R", "L")
        front = page.locator("#solid-canvas").screenshot()
        keys(page, *["ArrowRight"] * 9, "ArrowUp")
        page.wait_for_function(
            "() => document.getElementById('solid-canvas').getAttribute('aria-label').endsWith('azimuth 270, elevation 20 degrees')"
        )
        assert {page.inner_text("#solid-left"), page.inner_text("#solid-right")} == {"A", "P"}
        assert page.locator("#solid-canvas").screenshot() != front
        keys(page, "Home")
        page.wait_for_function(
            "() => document.getElementById('solid-canvas').getAttribute('aria-label').endsWith('azimuth 180, elevation 10 degrees')"
        )
        keys(page, "y", "d")
        page.wait_for_selector("#draw-tools:not([hidden])")
        before = page.get_attribute("#solid-canvas", "data-shown")
        keys(page, "e", "Space")
        page.wait_for_function("n => document.getElementById('solid-canvas').dataset.shown > n", arg=before)


def test_without_webgl_the_other_views_stay(chromium: Any, graded: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(graded, tmp_path / "out"))
    with server(out) as one, opened(chromium, one.address) as page:
        page.add_init_script(NO_WEBGL)
        page.goto(f"{one.address}/studies/{sound_studies(out)[0]}")
        shown(page)
        keys(page, "Y")
        page.wait_for_function("() => document.getElementById('solid-state').textContent.startsWith('No 3-D view')")
        assert "no WebGL 2" in page.inner_text("#solid-state") or library() is None
        pixels(page, "plane-1")
