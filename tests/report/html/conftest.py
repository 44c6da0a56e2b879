"""Graded once for all tests of the report: a Dixon toy with its labels; and a picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from gluteal_grade.cli.options import parse_kinds
from gluteal_grade.config import load_settings
from gluteal_grade.io import discover
from gluteal_grade.pipeline import grade_study
from gluteal_grade.result.models import StudyResult
from gluteal_grade.segmentation.source import segmenter_of
from tests.cohort.studies import write_pair


@pytest.fixture(scope="session")
def result(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    """Of a woman with 30 % fat everywhere, all in view, with norms."""
    root = tmp_path_factory.mktemp("report")
    labels = root / "labels.nii.gz"
    (write_pair(root, "in") / "labels.nii.gz").rename(labels)
    kinds = parse_kinds([f"{kind}.nii.gz=dixon_{kind}" for kind in ("water", "fat")])
    (study,) = discover(root / "in", kinds).studies
    settings = load_settings()
    return grade_study(replace(study, patient_sex="F"), settings, segmenter_of(settings, labels, None, None)).result


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small overview, quick to encode."""
    path = tmp_path_factory.mktemp("picture") / "overlay_summary.png"
    image = Image.new("RGB", (380, 280), "black")
    ImageDraw.Draw(image).ellipse((40, 40, 300, 240), outline="orange", width=2)
    image.save(path)
    return path
