"""The report in a real browser: nothing on the console, nothing asked for, no fault of axe, nothing wider than the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gluteal_grade.report.html import write_report
from tests.report.html.reports import doubtful, refused


@pytest.fixture(scope="module")
def reports(result, picture, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {"graded": result, "doubtful": doubtful(result), "refused": refused()}
    return {name: write_report(one, picture, folder / f"{name}.html", identity=("Doe <b>Jane",)) for name, one in made.items()}


def opened(browser: Any, path: Path, width: int, scheme: str) -> tuple[Any, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith(("file:", "data:")) else None)
    page.goto(path.as_uri())
    return page, said


@pytest.mark.long
@pytest.mark.parametrize("name", ["graded", "doubtful", "refused"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_readable_on_every_screen(chromium, reports, name, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page, said = opened(chromium, reports[name], width, scheme)
    told = Axe().run(page).response
    assert len(told["passes"]) > 10
    found = told["violations"]
    assert [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert all(page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth === 380)"))
    assert page.evaluate("document.images.length") == (0 if name == "refused" else 1)
    assert said == []
    page.close()


@pytest.mark.long
def test_nothing_is_cut_on_paper(chromium, reports):
    """At the width of an A4 page less its margins no table or drawing is wider than the page."""
    page, _ = opened(chromium, reports["doubtful"], 703, "dark")  # 186 mm at 96 dpi
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    wide = "[...document.querySelectorAll('table, svg, img')].filter(e => e.getBoundingClientRect().right > 704).length"
    assert page.evaluate(wide) == 0
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.pdf(prefer_css_page_size=True)[:5] == b"%PDF-"
    page.close()
