"""Pictures of the pages for docs/reference/gallery.md: worklist and study of the review app, top of a report, taken in a real Chromium."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SIZE: ViewportSize = {"width": 1280, "height": 800}


@contextmanager
def _served(out: Path) -> Iterator[str]:
    """The review app on a free port; its address."""
    command = [sys.executable, "-m", "gluteal_grade", "review", str(out), "--reader", "demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield next(found[0] for line in server.stdout if (found := re.search(r"http://\S+", line)))
        finally:
            server.terminate()


def photographed(out: Path, study: str, folder: Path) -> list[Path]:
    """Write `review_list.png`, `review_study.png` and `report_top.png`.

    Args:
        out: graded studies.
        study: hash of the one to open.
        folder: of the pictures.
    """
    paths = [folder / f"{name}.png" for name in ("review_list", "review_study", "report_top")]
    with _served(out) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.goto(address)
        page.screenshot(path=paths[0])
        page.goto(f"{address}studies/{study}")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("f")
        page.wait_for_timeout(500)  # the fat map is drawn
        page.screenshot(path=paths[1])
        page.goto((out / study / "report.html").as_uri())
        page.screenshot(path=paths[2])
        browser.close()
    return paths
