"""`gluteal-grade model info` and `grade --bundle` as a user runs them."""

import hashlib
import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade import cli
from gluteal_grade.config import shipped
from tests.segmentation.test_labbundle import image, write


def run(*arguments: object) -> int:
    return cli.run([str(a) for a in arguments])


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The shipped bundles, with something in the place of the weights."""
    for name in ("gluteal_locator", "gluteal_hip"):
        shutil.copytree(shipped("models", name, "configs"), tmp_path / name / "configs")
        (tmp_path / name / "models").mkdir()
        (tmp_path / name / "models" / "model.pt").write_bytes(name.encode())
    return tmp_path


def test_info_as_json(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("model", "info", models, "--json") == 0
    told = {m["name"]: m for m in json.loads(capsys.readouterr().out)["models"]}
    assert told.keys() == {"gluteal_hip", "gluteal_locator"}
    hip = told["gluteal_hip"]
    assert hip["sha256"] == hashlib.sha256(b"gluteal_hip").hexdigest()
    assert hip["bytes"] == len(b"gluteal_hip")
    assert hip["classes"]["3"] == "gluteus_minimus"
    assert told["gluteal_locator"]["spacing_mm"] == 5.0
    assert all({"licence", "credit"} <= d.keys() for d in hip["training_data"])


def test_info_as_a_table(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metadata = models / "gluteal_hip" / "configs" / "metadata.json"
    metadata.write_text(json.dumps(json.loads(metadata.read_text()) | {"eval_metrics": {"Dice maximus": 0.91}}))
    assert run("model", "info", models / "gluteal_hip") == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in ("gluteal_hip 0.", "CC BY 4.0", "Research use", "Dice maximus: 0.91", "Apache-2.0"):
        assert words in text
    assert "gluteal_locator" not in text


def test_a_network_without_weights_is_told_and_ends_with_2(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / "gluteal_hip" / "models" / "model.pt").unlink()
    assert run("model", "info", models) == 2
    assert "cannot be used" in capsys.readouterr().out


def test_no_bundle_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("model", "info", tmp_path) == 2
    assert "bundle_unreadable" in capsys.readouterr().err


def test_the_shipped_ones_are_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("model", "info", "--json") in (0, 2)
    assert len(json.loads(capsys.readouterr().out)["models"]) == 2


def test_grade_with_a_labs_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the command line to the label map on disk: the bundle's channels become our values, on the image's grid."""
    volume = image()
    nib.save(nib.Nifti1Image(volume.array, volume.affine), tmp_path / "x.nii.gz")  # permille
    bundle = write(tmp_path / "lab")
    assert run("grade", tmp_path / "x.nii.gz", "-o", tmp_path / "out", "--bundle", bundle, "--kind", "ff") == 3, capsys.readouterr()
    (found,) = (tmp_path / "out").glob("*/result.json")
    assert json.loads(found.read_text())["segmentation"]["source"] == "bundle lab 7.1 on fat_fraction"
    (labels,) = (tmp_path / "out").glob("*/labels.nii.gz")
    assert {0, 11, 22} <= {v // 10 for v in np.unique(nib.load(labels).get_fdata()).tolist()}  # regions told apart or not
