"""What the review page asks of a practised reader and of the browser: Chromium driven through views and one correction.

    python -m gluteal_grade_lab bench review-page OUT [--data DIR] [--size 512x512x60] [--rounds 3]

OUT holds a graded study. Its volumes are resampled to the size asked for in a temporary folder, where views are timed; the
correction is done on OUT's own study, whose images DIR holds. Chromium draws without a graphics card, 3-D by SwiftShader. A
reader's own time to look and to decide cannot be measured here: what is counted are the keys and mouse movements that one
corrected slice takes, and the seconds that the page needs for them.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from gluteal_grade.geometry import Grid
from gluteal_grade.io import read_volume, save_volume
from gluteal_grade.vocabulary import StudyFile
from gluteal_grade_lab.bench.review_app import running

_PLAIN = ["--no-sandbox"]
_FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
_WINDOW = {"width": 1280, "height": 800}
_FRAMES = 60
_PATIENCE_MS = 300_000
# one key each frame, until so many frames were painted; frames a second
_SCROLL = """async ([canvas, keys, frames]) => {
    const element = document.getElementById(canvas);
    const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    let seen = 0, last = "", n = 0;
    const state = () => element.dataset.shown + element.getAttribute("aria-label");
    const began = performance.now();
    while (seen < frames && n < 4 * frames) {
        press(keys[Math.floor(n++ / 20) % keys.length]);
        await painted();
        if (state() !== last) [last, seen] = [state(), seen + 1];
    }
    return (1000 * seen) / (performance.now() - began);
}"""
_UP_DOWN = ["ArrowUp", "ArrowDown"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, help="where the images of OUT are, if they have moved")
    parser.add_argument("--size", default="512x512x60", help="columns x rows x slices of the views that are timed")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    study = next(p.parent.name for p in sorted(options.out.glob("*/result.json")))
    with tempfile.TemporaryDirectory(dir=options.out.parent, prefix="bench_page_") as name, _browsers() as (plain, webgl):
        columns, rows, slices = (int(n) for n in options.size.split("x"))
        resample(options.out / study, Path(name) / study, (columns, rows, slices))
        print(f"Views, {options.size}, {options.rounds} rounds\n\n| view | first picture s | frames/s |\n| --- | --- | --- |")
        with running(Path(name)) as (address, _):
            for view, seconds, frames in (
                *views(plain, f"{address}/studies/{study}", options.rounds, _PLANES),
                *views(webgl, f"{address}/studies/{study}", options.rounds, _SOLID),
            ):
                print(f"| {view} | {seconds:.2f} | {frames:.0f} |", flush=True)
        shutil.rmtree(Path(name) / study)
        copy = Path(shutil.copytree(options.out, Path(name) / "out", ignore=shutil.ignore_patterns("review")))
        print("\nOne corrected slice\n\n| step | actions | page s |\n| --- | --- | --- |")
        with running(copy, *(("--data", str(options.data)) if options.data else ())) as (address, _):
            steps = correct(plain, f"{address}/studies/{study}")
        for step, actions, seconds in steps:
            print(f"| {step} | {actions} | {seconds:.2f} |")
        print(f"| together | {sum(s[1] for s in steps)} | {sum(s[2] for s in steps):.2f} |")


def resample(source: Path, target: Path, shape: tuple[int, int, int]) -> None:
    """The study's volumes on a grid of so many voxels over the same box."""
    target.mkdir()
    shutil.copy(source / "result.json", target)
    for file in (StudyFile.IMAGE, StudyFile.LABELS, StudyFile.FAT_FRACTION):
        if not (source / file).is_file():
            continue
        volume = read_volume(source / file)
        scale = np.diag([*(n / m for n, m in zip(volume.shape, shape, strict=True)), 1.0])
        scale[:3, 3] = (np.diag(scale)[:3] - 1) / 2
        grid = Grid(shape, volume.grid.affine @ scale)
        save_volume(volume.resampled(grid, labels=file is StudyFile.LABELS), target / file)


_PLANES = (
    ("slices, from the page's address", "canvas", _UP_DOWN),
    ("first plane", "plane-1", _UP_DOWN),
    ("second plane", "plane-2", _UP_DOWN),
    ("all at once", "canvas", _UP_DOWN),
)
_SOLID = (("3-D", "solid-canvas", ["ArrowRight"]),)


def views(browser: Any, address: str, rounds: int, wanted: Sequence[tuple[str, str, list[str]]]) -> Iterator[tuple[str, float, float]]:
    """Name, seconds to its first picture and frames a second of each view; medians of rounds."""
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        page = _page(browser)
        began = time.perf_counter()
        page.goto(address)
        page.wait_for_selector("#canvas[data-shown]")
        first = time.perf_counter() - began
        page.wait_for_load_state("networkidle")  # all slices are there
        for name, canvas, keys in wanted:
            if not name.startswith("slices"):
                view = {"canvas": "all", "solid-canvas": "solid"}.get(canvas, canvas)
                began = time.perf_counter()
                page.click(f"#views [data-view='{view}']")
                page.wait_for_selector(f"#{canvas}[data-shown]")
                first = time.perf_counter() - began
                page.evaluate("document.activeElement.blur()")
            found.setdefault(name, []).append((first, page.evaluate(_SCROLL, [canvas, keys, _FRAMES])))
        page.context.close()
    for name, values in found.items():
        yield name, statistics.median(v[0] for v in values), statistics.median(v[1] for v in values)


def correct(browser: Any, address: str) -> list[tuple[str, int, float]]:
    """Step, actions and seconds of the page: one slice outlined anew, a second one, those between filled, one undo, measured again."""
    page = _page(browser)
    page.goto(address)
    page.wait_for_selector("#canvas[data-shown]")
    page.wait_for_load_state("networkidle")
    steps: list[tuple[str, int, float]] = []

    def step(name: str, actions: int, act: Any, words: str) -> None:
        began = time.perf_counter()
        act()
        page.wait_for_function("words => document.getElementById('draw-state').textContent.includes(words)", arg=words)
        steps.append((name, actions, time.perf_counter() - began))

    def keys(*pressed: str) -> None:
        for key in pressed:
            page.keyboard.press(key)

    step("Correct", 1, lambda: keys("d"), "Right maximus, brush")
    step("medius, outline", 2, lambda: keys("2", "l"), "Right medius, outline")
    step("outline drawn", 1, lambda: _loop(page), "1 slice changed")
    step("three slices on", 3, lambda: keys("ArrowDown", "ArrowDown", "ArrowDown"), "1 slice changed")
    step("outline drawn", 1, lambda: _loop(page), "2 slices changed")
    step("fill between", 1, lambda: keys("i"), "Filled")
    step("undo, redo", 2, lambda: keys("u", "U"), "4 slices changed")
    step("measure again, until the new numbers", 1, lambda: keys("m"), "Measured")
    page.context.close()
    return steps


def _loop(page: Page) -> None:
    """An outline around a place in the right medius, by mouse."""
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    middle = (box["x"] + 0.26 * box["width"], box["y"] + 0.52 * box["height"])
    for n in range(25):
        angle = 2 * np.pi * n / 24
        page.mouse.move(middle[0] + 28 * np.cos(angle), middle[1] + 28 * np.sin(angle))
        if not n:
            page.mouse.down()
    page.mouse.up()


@contextmanager
def _browsers() -> Iterator[tuple[Any, Any]]:
    """A plain one, and one with a WebGL that needs no graphics card."""
    with sync_playwright() as playwright:
        both = [playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags) for flags in (_PLAIN, _FLAGS)]
        yield both[0], both[1]
        for browser in both:
            browser.close()


def _page(browser: Any) -> Page:
    page: Page = browser.new_context(viewport=_WINDOW).new_page()
    page.set_default_timeout(_PATIENCE_MS)
    return page


if __name__ == "__main__":
    main()
