"""Where labels come from, and the hash that says which networks they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gluteal_grade.config import load_settings, shipped
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.segmentation.bundle import HIP, BundleSegmenter
from gluteal_grade.segmentation.labbundle import LabBundleSegmenter
from gluteal_grade.segmentation.labelmap import LabelMapSegmenter
from gluteal_grade.segmentation.source import model_hash, segmenter_of


def test_what_is_given_decides() -> None:
    settings = load_settings()
    assert isinstance(segmenter_of(settings), BundleSegmenter)
    assert isinstance(segmenter_of(settings, bundle=Path("b")), LabBundleSegmenter)
    labels = segmenter_of(settings, Path("l.nii"), Path("b"))
    assert isinstance(labels, LabelMapSegmenter)
    assert labels.assumed
    named = segmenter_of(settings, Path("l.nii"), labelmap="musclemap")
    assert isinstance(named, LabelMapSegmenter)
    assert not named.assumed
    with pytest.raises(ValueError, match="nobody"):
        segmenter_of(settings, Path("l.nii"), labelmap="nobody")


def copied(tmp_path: Path) -> Path:
    shutil.copytree(shipped("models"), tmp_path / "models")
    return tmp_path / "models"


def hash_of(models: Path) -> str:
    settings = load_settings()
    return model_hash(settings.model_copy(update={"segmentation": settings.segmentation.model_copy(update={"models": models})}))


def test_the_hash_is_of_the_networks_not_of_their_place(tmp_path: Path) -> None:
    models = copied(tmp_path)
    assert hash_of(models) == model_hash(load_settings())
    (models / HIP / "docs" / "README.md").write_text("other words")
    assert hash_of(models) == model_hash(load_settings())
    metadata = models / HIP / "configs" / "metadata.json"
    metadata.write_text(json.dumps(json.loads(metadata.read_text()) | {"version": "9"}))
    changed = hash_of(models)
    assert changed != model_hash(load_settings())
    weights = models / HIP / "models" / "model.pt"
    weights.write_bytes(weights.read_bytes() + b"\0")
    assert hash_of(models) not in (changed, model_hash(load_settings()))


def test_missing_networks_are_told_before_a_batch_begins(tmp_path: Path) -> None:
    models = copied(tmp_path)
    (models / HIP / "models" / "model.pt").unlink()
    with pytest.raises(RefusedInput) as caught:
        hash_of(models)
    assert caught.value.reason is Reason.NO_SEGMENTER
    with pytest.raises(RefusedInput) as caught:
        model_hash(load_settings(), tmp_path / "nowhere")
    assert caught.value.reason is Reason.BUNDLE_UNREADABLE


def test_the_hash_of_a_labs_bundle_is_of_all_its_files(tmp_path: Path) -> None:
    bundle = copied(tmp_path) / HIP
    before = model_hash(load_settings(), bundle)
    (bundle / "scripts").mkdir()
    (bundle / "scripts" / "x.py").write_text("pass")
    assert model_hash(load_settings(), bundle) != before
