"""The wheel as installed, away from the checkout; `make test-wheel` builds and installs it, elsewhere this is skipped."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import gluteal_grade
from gluteal_grade.vocabulary import Muscle, Side

ROOT = Path(__file__).parents[2]
PACKAGE = Path(gluteal_grade.__file__).parent
SAMPLE = ROOT / "data/sample/healthy_dixon"
PROGRAM = Path(sys.executable).parent / "gluteal-grade"
INSTALLED = "site-packages" in PACKAGE.parts
pytestmark = pytest.mark.skipif(not INSTALLED, reason="no wheel: make test-wheel")


def run(folder: Path, *words: str | Path) -> str:
    """One command line of the installed program, somewhere else; what it printed."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([PROGRAM, *words], cwd=folder, capture_output=True, text=True, env=clean, timeout=800)
    assert done.returncode in (0, 3), done.stderr
    return done.stdout


def graded(folder: Path, *more: str | Path) -> dict[str, object]:
    """`grade` of the sample; its `result.json`."""
    run(folder, "grade", SAMPLE / "dicom", "-o", folder / "out", *more)
    found = json.loads(next((folder / "out").glob("*/result.json")).read_text())
    assert isinstance(found, dict)
    return found


def test_program_and_package_tell_one_version(tmp_path: Path) -> None:
    assert "grade" in run(tmp_path, "--help")
    assert run(tmp_path, "--version").split()[-1] == gluteal_grade.__version__ == version("gluteal-grade")


def test_the_lab_and_the_scripts_stay_outside() -> None:
    code = "import importlib.util as u; print([m for m in ('gluteal_grade_lab', 'scripts', 'tests') if u.find_spec(m)])"
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert importlib.util.find_spec("gluteal_grade") is not None


def test_resources_are_those_of_the_checkout() -> None:
    for kind in ("configs", "models"):
        wanted = {p.relative_to(ROOT) for p in (ROOT / kind).rglob("*") if p.is_file() and "__pycache__" not in p.parts}
        assert wanted
        for path in wanted:
            assert (PACKAGE / "_shipped" / path).read_bytes() == (ROOT / path).read_bytes(), path
    own = ROOT / "src/gluteal_grade"
    wanted = {p.relative_to(own) for p in own.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert {p for p in wanted if not (PACKAGE / p).is_file()} == set()
    assert not [p for p in PACKAGE.rglob("*.yaml") if "gluteal_anatomy" in p.name or "../shared" in p.read_text()]


def test_grades_with_labels_and_tells_its_commit(tmp_path: Path) -> None:
    made = graded(tmp_path, "--labels", SAMPLE / "labels.nii.gz")["provenance"]
    assert isinstance(made, dict)
    assert made["version"] == gluteal_grade.__version__
    head = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    assert re.fullmatch(rf"{head}(-dirty)?", made["git_commit"])
    folder = next((tmp_path / "out").glob("*/muscles.csv")).parent
    assert len(list(csv.DictReader((folder / "muscles.csv").open()))) >= 6
    assert "</html>" in (folder / "report.html").read_text()


@pytest.mark.timeout(900)
def test_grades_with_the_shipped_networks(tmp_path: Path) -> None:
    (tmp_path / "quick.yaml").write_text("segmentation: {hip: {looks: 1}}\nreport: {pictures: none}\n")
    muscles = graded(tmp_path, "--config", tmp_path / "quick.yaml")["muscles"]
    assert isinstance(muscles, list)
    assert {(m["side"], m["muscle"]) for m in muscles} == {(side.value, muscle.value) for side in Side for muscle in Muscle}
