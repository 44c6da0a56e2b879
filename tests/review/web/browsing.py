"""A page in Chromium that notes what must not happen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE_S

LARGE, SMALL = (1920, 1080), (1280, 800)


@contextmanager
def opened(chromium: Any, address: str, size: tuple[int, int] = SMALL, *, clean: bool = True) -> Iterator[Any]:
    """A page of a browser of its own.

    Args:
        chromium: the browser.
        address: of the server, no other may be asked for anything.
        size: of the window.
        clean: nothing may go wrong in it.
    """
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith((address, "blob:", "data:")) else wrong.append(f"third party: {r.url}"))
    page.set_default_timeout(1000 * PATIENCE_S)
    try:
        yield page
        assert not [w for w in wrong if clean or "third party" in w]
    finally:
        context.close()


def keys(page: Any, *pressed: str) -> None:
    """One after the other."""
    for key in pressed:
        page.keyboard.press(key)


def shown(page: Any) -> int:
    """The slice on the screen."""
    page.wait_for_selector("#canvas[data-shown]")
    return int(page.get_attribute("#canvas", "data-shown"))


def wait_for_state(page: Any, words: str) -> None:
    page.wait_for_function("words => document.getElementById('save').textContent.startsWith(words)", arg=words)


def decided(out: Path) -> list[tuple[str, ...]]:
    """Reader, item, muscle, side, part and value of every row, oldest first, as they lie on the disk."""
    with closing(sqlite3.connect(out / "review" / "review.sqlite")) as base:
        return list(base.execute("SELECT reader, item, muscle, side, part, value FROM decisions ORDER BY seq"))


def checked_by_axe(page: Any) -> list[str]:
    """Serious faults of accessibility."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]
