"""`gluteal-grade grade --dicom`, as a user runs it."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade import cli
from tests.report.dicom.scanner import scan, small_toy
from tests.synthetic import Toy, dixon

SUMMARY_ONLY = Path(__file__).parents[2] / "summary_only.yaml"
NO_PICTURES = Path(__file__).parents[2] / "cohort" / "no_pictures.yaml"


@pytest.fixture(scope="module")
def toy() -> Toy:
    return small_toy()


def save(path: Path, array: np.ndarray, toy: Toy) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, toy.grid.affine), path)
    return path


def run(*arguments: object) -> int:
    return cli.run([str(a) for a in arguments])


def test_objects_lie_beside_the_results_and_come_back_as_labels(toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, labels = scan(tmp_path / "in", "siemens", toy), save(tmp_path / "labels.nii.gz", toy.labels.array, toy)
    assert run("grade", images, "-o", tmp_path / "a", "--labels", labels, "--dicom", "--config", SUMMARY_ONLY) == 0
    (folder,) = (tmp_path / "a").iterdir()
    assert sorted(p.name for p in (folder / "dicom").iterdir()) == ["sc.dcm", "seg.dcm", "sr.dcm"]
    assert f"Wrote seg.dcm, sr.dcm, sc.dcm in {folder / 'dicom'}" in capsys.readouterr().out
    assert run("grade", images, "-o", tmp_path / "b", "--labels", folder / "dicom", "--config", SUMMARY_ONLY) == 0
    assert not (tmp_path / "b" / folder.name / "dicom").exists()
    tables = [(tmp_path / run_ / folder.name / "muscles.csv").read_text() for run_ in ("a", "b")]
    assert tables[0] == tables[1], "labels read from the SEG measure the same"


def test_nifti_gives_none_and_the_rest_stands(toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, array in zip(("water", "fat"), dixon(toy), strict=True):
        save(tmp_path / f"in/sub-01/anat/sub-01_acq-{name}_MEGRE.nii.gz", array.astype(np.float32), toy)
    labels = save(tmp_path / "labels.nii.gz", toy.labels.array, toy)
    assert run("grade", tmp_path / "in", "-o", tmp_path / "out", "--labels", labels, "--dicom", "-q", "--config", NO_PICTURES) == 0
    (folder,) = (tmp_path / "out").iterdir()
    assert (folder / "muscles.csv").exists()
    assert not (folder / "dicom").exists()
    said = capsys.readouterr()
    assert "No DICOM objects (dicom_not_written)" in said.err
    assert said.out == ""


def test_a_folder_without_segmentation_is_refused(toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = scan(tmp_path / "in", "siemens", toy)
    (tmp_path / "labels").mkdir()
    assert run("grade", images, "-o", tmp_path / "out", "--labels", tmp_path / "labels") == 2
    assert "refused: labels_unreadable" in capsys.readouterr().err
