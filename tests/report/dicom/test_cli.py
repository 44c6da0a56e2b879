"""`gluteal-grade grade --dicom`, as a user runs it."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
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


def test_more_objects_on_request(toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, labels = scan(tmp_path / "in", "siemens", toy), save(tmp_path / "labels.nii.gz", toy.labels.array, toy)
    given = ("grade", images, "-o", tmp_path / "out", "--labels", labels, "--config", NO_PICTURES, "--dicom-more")
    assert run(*given, "labelmap,parametric") == 64
    assert "parametric: not one of pdf, fat_map, labelmap" in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert run(*given, "labelmap, pdf,fat_map") == 0
    (folder,) = (tmp_path / "out").iterdir()
    slices = [f"fat_{n:03d}.dcm" for n in range(1, toy.grid.shape[2] + 1)]
    assert sorted(p.name for p in (folder / "dicom").iterdir()) == [*slices, "pdf.dcm", "seg.dcm", "sr.dcm"]
    assert f"Wrote seg.dcm, sr.dcm, pdf.dcm, fat_001.dcm to {slices[-1]} in" in " ".join(capsys.readouterr().out.split())
    assert pydicom.dcmread(folder / "dicom" / "seg.dcm").SegmentationType == "LABELMAP"


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
