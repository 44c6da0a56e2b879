"""The pictures of docs/reference/gallery.md: our own synthetic studies, labelled by the networks, as a reader sees them.

python -m scripts.make_gallery            # all; three minutes
python -m scripts.make_gallery --only severe_atrophy
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize, sync_playwright

from gluteal_grade.vocabulary import Muscle, SeriesKind, Side
from gluteal_grade_lab.checkout import ROOT
from gluteal_grade_lab.phantom.body import BodyParameters
from gluteal_grade_lab.phantom.dicom_writer import write_dicom
from gluteal_grade_lab.phantom.fatfield import FatPrescription, Pattern, both_sides
from gluteal_grade_lab.phantom.grids import axial_grid, hip_grid
from gluteal_grade_lab.phantom.signal import Protocol, Technique
from gluteal_grade_lab.phantom.study import PhantomStudySpec, SeriesSpec, make_study
from gluteal_grade_lab.phantom.vendors import Vendor

PICTURES = ROOT / "docs" / "img" / "gallery"
SAMPLE = ROOT / "data" / "sample"
WIDEST = 1400
QUALITY = 82  # of WebP: contours keep their colours
MAXIMUS, MEDIUS, MINIMUS = Muscle.GLUTEUS_MAXIMUS, Muscle.GLUTEUS_MEDIUS, Muscle.GLUTEUS_MINIMUS
DIXON = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=14.0, te_ms=1.15, field_t=3.0, flip_deg=2.0)
T1 = Protocol(Technique.SPIN_ECHO, tr_ms=550.0, te_ms=11.0, field_t=1.5)
BOTH = ("summary", "hips")
PAGES = {"The review app: list": "review_list", "The review app: a study": "review_study", "The report, its top": "report_top"}
CHROMIUM = "/usr/bin/chromium"
SIZE: ViewportSize = {"width": 1280, "height": 800}


@dataclass(frozen=True)
class Case:
    """One study of the gallery: a folder of data/sample, or a phantom to make; `parts`: which pictures."""

    title: str
    look_for: str
    spec: PhantomStudySpec | None = None
    theme: str = "print"
    parts: tuple[str, ...] = ("summary",)


def _dixon(**more: object) -> tuple[SeriesSpec, ...]:
    named = {"protocol_name": "t1_vibe_dixon", "sequence_name": "*fl3d6", "bandwidth_hz": 1080.0, "snr": 45, "bias_percent": 8, **more}
    kinds = (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT)
    return tuple(SeriesSpec(kind, kind.value, DIXON, **named) for kind in kinds)  # type: ignore[arg-type]


def _one_hip() -> PhantomStudySpec:
    fat = both_sides(FatPrescription(0.22, Pattern.STREAKY), FatPrescription(0.30, Pattern.POSTERIOR), FatPrescription(0.35))
    series = (SeriesSpec(SeriesKind.T1, "t1_tse_tra_hip", T1, snr=30, bias_percent=10, bandwidth_hz=250.0),)
    return PhantomStudySpec("OneHip", BodyParameters("F", seed=51), fat, hip_grid(Side.RIGHT, (0.9, 0.9, 5.0)), series, (2, 2, 3), seed=51)


def _coronal() -> PhantomStudySpec:
    fat = both_sides(FatPrescription(0.15), FatPrescription(0.12), FatPrescription(0.16))
    grid = axial_grid((-200, -165, -140), (200, 105, 145), (1.4, 8.0, 1.4))
    return PhantomStudySpec("Coronal", BodyParameters("M", seed=52), fat, grid, _dixon(), (2, 4, 2), seed=52)


def _severe() -> PhantomStudySpec:
    shrunk = tuple((side, muscle, f) for side in Side for muscle, f in ((MAXIMUS, 0.6), (MEDIUS, 0.55), (MINIMUS, 0.55)))
    fat = both_sides(FatPrescription(0.5, Pattern.STREAKY), FatPrescription(0.65, Pattern.STREAKY), FatPrescription(0.8))
    grid = axial_grid((-205, -170, -138), (205, 110, 144), (1.3, 1.3, 5.0))
    body = BodyParameters("F", subcutaneous_fat_mm=38, volume_factors=shrunk, seed=53)
    return PhantomStudySpec("Severe", body, fat, grid, _dixon(), (2, 2, 3), seed=53)


def _ct() -> PhantomStudySpec:
    fat = both_sides(FatPrescription(0.12), FatPrescription(0.10), FatPrescription(0.15))
    grid = axial_grid((-205, -170, -138), (205, 110, 144), (1.2, 1.2, 5.0))
    series = (SeriesSpec(SeriesKind.CT, "pelvis_ct", None, snr=20),)
    return PhantomStudySpec("Tomography", BodyParameters("M", seed=54), fat, grid, series, (2, 2, 3), seed=54)


CASES = {
    "healthy_dixon": Case("Healthy, Dixon", "Even, low fat; right and left alike."),
    "osteoarthritis_t1": Case(
        "Osteoarthritis of the left hip, T1", "Smaller, fatter left glutei; grades near an edge are told as two.", parts=BOTH
    ),
    "tha_mars": Case(
        "Right hip replacement, T1 with metal-artifact reduction", "The hatched zone beside the metal is not measured.", parts=BOTH
    ),
    "severe_atrophy": Case("Severe atrophy, Dixon", "Fat above 50 % in both mediuses.", _severe()),
    "severe_atrophy_dark": Case("The same, dark theme", "For reading rooms: `report: {theme: dark}`.", _severe(), "dark"),
    "one_hip": Case("One hip in view, T1", "The other side is told as not labelled, never as zero.", _one_hip()),
    "coronal_thick": Case("Coronal Dixon, slices of 8 mm", "Levels go from anterior to posterior.", _coronal()),
    "ct": Case("CT", "Fat from HU; grades are marked as not calibrated.", _ct()),
}


def study_folder(name: str, case: Case, scratch: Path) -> Path:
    """The images of a case."""
    if case.spec is None:
        return SAMPLE / name / "dicom"
    folder = scratch / f"{case.spec.name}_images"
    if not folder.exists():
        write_dicom(make_study(case.spec), folder, Vendor.SIEMENS, ("deflated",) * len(case.spec.series))
    return folder


def graded(name: str, case: Case, scratch: Path) -> Path:
    """The folder of its result."""
    settings = scratch / f"{case.theme}.yaml"
    settings.write_text(f"report: {{theme: {case.theme}}}\n")
    out = scratch / ("out" if case.theme == "print" else name)  # one study's result is replaced by another look
    command = [
        sys.executable,
        "-m",
        "gluteal_grade",
        "grade",
        str(study_folder(name, case, scratch)),
        "-o",
        str(out),
        "--config",
        str(settings),
    ]
    if subprocess.run([*command, "-q"]).returncode not in (0, 3):
        raise SystemExit(f"{name}: not graded")
    return max(out.glob("*/result.json"), key=lambda path: path.stat().st_mtime_ns).parent


def keep(source: Path, name: str) -> None:
    """A copy for the web: not wider than it is read, as WebP."""
    picture = Image.open(source).convert("RGB")
    if picture.width > WIDEST:
        picture = picture.resize((WIDEST, round(picture.height * WIDEST / picture.width)), Image.Resampling.LANCZOS)
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture.save(PICTURES / f"{name}.webp", quality=QUALITY, method=6)


def _holds_metal(result: Path) -> bool:
    return any(side["present"] for side in json.loads(result.read_text())["metal"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(CASES), action="append")
    chosen = parser.parse_args(arguments)
    lines = [
        "# Gallery",
        "",
        "Our own synthetic studies, labelled by the shipped networks (`python -m scripts.make_gallery`).",
        "",
    ]
    with tempfile.TemporaryDirectory() as scratch:
        for name, case in CASES.items():
            if not chosen.only or name in chosen.only:
                folder = graded(name, case, Path(scratch))
                for part in case.parts:
                    if (picture := folder / f"overlay_{part}.png").exists():  # one hip has no picture of both
                        keep(picture, f"{name}_{part}")
                print(name, flush=True)
            shown = [p for part in case.parts if (p := PICTURES / f"{name}_{part}.webp").exists()]
            lines += [f"## {case.title}", "", case.look_for, ""]
            lines += [line for p in shown for line in (f"![{case.title}](../img/gallery/{p.name})", "")]
        if not chosen.only:
            study = next(path.parent.name for path in (Path(scratch) / "out").glob("*/result.json") if _holds_metal(path))
            for picture in photographed(Path(scratch) / "out", study, Path(scratch)):
                keep(picture, picture.stem)
    for title, stem in PAGES.items():
        lines += [f"## {title}", "", f"![{title}](../img/gallery/{stem}.webp)", ""]
    (ROOT / "docs" / "reference" / "gallery.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


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
