"""The DICOM results of a sample study as the real OHIF shows them, from a real Orthanc: pictures of docs/reference/dicom_results.md.

python -m gluteal_grade_lab make ohif            # 50 MB from npm the first time, then a minute
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

from gluteal_grade import cli
from gluteal_grade_lab.checkout import ROOT
from gluteal_grade_lab.orthanc import Orthanc
from gluteal_grade_lab.viewer.ohif import Viewer, fetched

PICTURES = ROOT / "docs" / "img" / "gallery"
SAMPLE = ROOT / "data" / "sample" / "osteoarthritis_t1"
_CHROMIUM = "/usr/bin/chromium"
_SOFTWARE = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
_SIZE: ViewportSize = {"width": 1400, "height": 900}
_NARROW = 1000  # pixels of a picture
_QUALITY = 75
_PATIENCE_MS = 60_000
_TOURS = ("basicViewerTour", "advancedViewerTour")


def main(arguments: Sequence[str] | None = None) -> None:
    """The pictures, and what OHIF says; fails where a number of the report does not show."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ohif", type=Path, default=ROOT / "build" / "ohif", help="where OHIF lies, or is fetched to")
    parser.add_argument("--out", type=Path, default=PICTURES, help="where the pictures go")
    parser.add_argument("--only", metavar="NAME", help="one picture, as ohif_report")
    given = parser.parse_args(arguments)
    dist = fetched(given.ohif)
    with tempfile.TemporaryDirectory() as scratch:
        results = _graded(Path(scratch) / "out")
        with Orthanc(Path(scratch) / "orthanc") as orthanc:
            orthanc.upload(SAMPLE / "dicom")
            orthanc.upload(results)
            (study,) = orthanc.studies()
            with Viewer(dist, orthanc.url) as viewer:
                _look(f"{viewer.url}/viewer?StudyInstanceUIDs={study}", given.out, given.only)


def _graded(out: Path) -> Path:
    """The sample's `dicom` folder, by the labels that lie beside it."""
    given = ["grade", str(SAMPLE / "dicom"), "--labels", str(SAMPLE / "labels.nii.gz"), "-o", str(out), "-q"]
    if cli.run([*given, "--dicom-more", "pdf,fat_map"]):
        raise SystemExit("the sample was not graded")
    (folder,) = out.glob("*/dicom")
    return folder


def _look(address: str, out: Path, only: str | None) -> None:
    steps: tuple[tuple[str, str, Callable[[Page], None]], ...] = (
        ("ohif_report", "gluteal_grade SR", _numbers_show),
        ("ohif_fat_map", "gluteal_grade FAT", lambda page: page.get_by_text("(1/61)").first.wait_for(timeout=_PATIENCE_MS)),
        ("ohif_page", "gluteal_grade SC", lambda page: page.wait_for_timeout(4000)),
        ("ohif_pdf", "gluteal_grade PDF", lambda page: page.wait_for_timeout(12_000)),
        ("ohif_segmentation", "gluteal_grade SEG", _segments_show),
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_SOFTWARE)
        page = browser.new_page(viewport=_SIZE)
        page.add_init_script(f"localStorage.setItem('shownTours', '{str(list(_TOURS)).replace(chr(39), chr(34))}')")
        page.goto(address)
        page.get_by_text("gluteal_grade SR", exact=True).first.wait_for(timeout=_PATIENCE_MS)
        page.wait_for_timeout(6000)
        page.evaluate("document.querySelectorAll('.shepherd-modal-overlay-container, .shepherd-element').forEach(e => e.remove())")
        for name, series, shown in (step for step in steps if only in (None, step[0])):
            page.get_by_text(series, exact=True).first.dblclick()
            shown(page)
            page.wait_for_timeout(1500)
            _keep(page.screenshot(), out / f"{name}.webp")
            print(f"{series}: {name}.webp")
        browser.close()


def _numbers_show(page: Page) -> None:
    """The text boxes of the first muscle are in the page as text."""
    box = page.locator("svg text", has_text="right gluteus maximus: fat").first
    box.wait_for(timeout=_PATIENCE_MS, state="attached")
    lines = box.locator("tspan").all_text_contents()
    print(*(f"    {line}" for line in lines), sep="\n")
    if not any(line.startswith("Area: ") for line in lines):
        raise SystemExit("OHIF shows no area")


def _segments_show(page: Page) -> None:
    page.get_by_text("Yes", exact=True).first.click(timeout=_PATIENCE_MS)
    page.wait_for_timeout(12_000)


def _keep(png: bytes, path: Path) -> None:
    scratch = path.with_suffix(".png")
    scratch.write_bytes(png)
    with Image.open(scratch) as shot:
        shot.convert("RGB").resize((_NARROW, round(_NARROW * shot.height / shot.width)), Image.Resampling.LANCZOS).save(
            path, quality=_QUALITY
        )
    scratch.unlink()
