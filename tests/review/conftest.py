"""A small batch on disk, graded once: a DICOM study with its DICOM results, and a NIfTI study."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from gluteal_grade.cohort.batch import Request, run_batch
from gluteal_grade.cohort.progress import Silence
from gluteal_grade.cohort.worker import work
from gluteal_grade.config import load_settings
from gluteal_grade.io import discover
from gluteal_grade.io.nifti import save_volume
from tests.cohort.inline import Inline
from tests.cohort.studies import write_pair
from tests.report.dicom.scanner import scan, small_toy


@dataclass(frozen=True)
class Graded:
    """Where it lies, and the hashes of its studies."""

    images: Path
    out: Path
    dicom: str
    nifti: str


@pytest.fixture(scope="session")
def graded_once(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    root = tmp_path_factory.mktemp("review")
    images, toy = root / "images", small_toy()
    scan(images / "scan", "siemens", toy)
    save_volume(toy.labels, images / "scan_labels.nii.gz")
    write_pair(images, "pair")
    with (root / "manifest.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "labels", "sex", "metal", "patient", "date"])
        writer.writerow(["images/scan", "images/scan_labels.nii.gz", "F", "none", "one", "2024-01-01"])
        writer.writerow(["images/pair", "images/pair/labels.nii.gz", "M", "left", "one", "2025-01-01"])
    request = Request((str(root / "manifest.csv"),), root / "out", load_settings(), pictures=False, dicom=True)
    run_batch(request, lambda: Inline(lambda task: work(task).outcomes), Silence())
    (dicom,) = discover(images / "scan").studies
    (nifti,) = {p.parent.name for p in (root / "out").glob("*/result.json")} - {dicom.id}
    return Graded(images, root / "out", dicom.id, nifti)


@pytest.fixture
def graded(graded_once: Graded, tmp_path: Path) -> Graded:
    """The same with an output folder of the test's own; the images are shared."""
    return Graded(graded_once.images, Path(shutil.copytree(graded_once.out, tmp_path / "out")), graded_once.dicom, graded_once.nifti)
