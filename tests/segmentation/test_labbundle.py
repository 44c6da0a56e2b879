"""A lab's own bundle: run as MONAI runs it, placed on the image, refused with a reason when it fails."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Study
from gluteal_grade.segmentation.labbundle import LabBundleSegmenter
from gluteal_grade.segmentation.numbering import load_numbering
from gluteal_grade.vocabulary import SeriesKind
from tests.segmentation.fakes import LEFT, RIGHT, SETTINGS, blobs, centred, level, points_of
from tests.synthetic import series

CONFIG = {
    "imports": ["$import torch"],
    "network_def": {"_target_": "monai.networks.blocks.Convolution", "spatial_dims": 3, "in_channels": 1, "out_channels": 3}
    | {"kernel_size": 1, "conv_only": True},
    "preprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "LoadImaged", "keys": "image", "ensure_channel_first": True},
            {"_target_": "Orientationd", "keys": "image", "axcodes": "LPS", "labels": None},
            {"_target_": "Spacingd", "keys": "image", "pixdim": [4.0, 4.0, 4.0]},
            {"_target_": "ScaleIntensityd", "keys": "image"},
        ],
    },
    "inferer": {"_target_": "SlidingWindowInferer", "roi_size": [32, 32, 32], "overlap": 0.25},
    "postprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "Invertd", "keys": "pred", "transform": "@preprocessing", "orig_keys": "image", "nearest_interp": False},
            {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
            {"_target_": "SaveImaged", "keys": "pred", "output_dir": "@output_dir", "print_log": False},
        ],
    },
}
NAMES = {"0": "background", "1": "gluteus medius left", "2": "right gluteus maximus"}
METADATA = {"version": "7.1", "network_data_format": {"outputs": {"pred": {"channel_def": NAMES}}}}


def write(root: Path, config: dict = CONFIG, metadata: dict | None = METADATA, ending: str = "json") -> Path:
    """A bundle whose network calls grey (a third to two thirds) channel 1 and bright channel 2."""
    (root / "configs").mkdir(parents=True)
    (root / "models").mkdir()
    text = json.dumps(config) if ending == "json" else yaml.safe_dump(config)
    (root / "configs" / f"inference.{ending}").write_text(text)
    if metadata is not None:
        (root / "configs" / "metadata.json").write_text(json.dumps(metadata))
    network = nn.Sequential()
    network.add_module("conv", nn.Conv3d(1, 3, 1))
    with torch.no_grad():  # three lines over intensity, the highest one wins: crossings at 0.3 and 0.75
        network.conv.weight.copy_(torch.tensor([0.0, 20.0, 40.0]).view(3, 1, 1, 1, 1))
        network.conv.bias.copy_(torch.tensor([0.0, -6.0, -21.0]))
    torch.save({"state_dict": network.state_dict(), "epoch": 3}, root / "models" / "model.pt")
    return root


def image() -> Volume:
    grid = centred((72, 60, 40), np.diag([4.0, 4.0, 5.0]))
    right, left = (blobs(grid, blob).array for blob in (RIGHT, LEFT))
    return Volume(right + 0.5 * left, grid.affine)


def segment(root: Path, numbering: str | None = None, volume: Volume | None = None):
    study = Study("0" * 12, (series("s1", SeriesKind.T1, volume or image()),))
    named = load_numbering(numbering) if numbering else None
    return LabBundleSegmenter(root, named, SETTINGS.segmentation, SETTINGS.checks).segment(study, study.series)


def refused(root: Path, numbering: str | None = None) -> RefusedInput:
    with pytest.raises(RefusedInput) as caught:
        segment(root, numbering)
    return caught.value


def check(labels: Volume) -> None:
    points = points_of(labels.grid)
    assert (labels.array[level(points, RIGHT) < -4] == 110).all()
    assert (labels.array[level(points, LEFT) < -4] == 220).all()
    # the rim of a bright blob is grey; away from both there is nothing
    assert not labels.array[(level(points, RIGHT) > 6) & (level(points, LEFT) > 6)].any()


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_labels_come_back_in_place_by_the_names_of_the_channels(tmp_path: Path, ending: str) -> None:
    found = segment(write(tmp_path / "gluteal_lab", ending=ending))
    check(found.labels)
    assert found.source == "bundle gluteal_lab 7.1 on t1"
    assert len(found.source_hash) == 64
    assert found.automatic
    assert found.labels.grid.matches(found.reference.grid, 1e-6)


def test_labels_on_another_grid_are_resampled(tmp_path: Path) -> None:
    """Without postprocessing the prediction stays at 4 mm in LPS; its affine brings it back."""
    config = {k: v for k, v in CONFIG.items() if k != "postprocessing"}
    check(segment(write(tmp_path / "lab", config)).labels)


def test_a_labelmap_names_the_values(tmp_path: Path) -> None:
    numbering = tmp_path / "own.yaml"
    numbering.write_text("{title: t, source: s, labels: {2: {muscle: gluteus_minimus, side: left}}}")
    found = segment(write(tmp_path / "lab", metadata=None), str(numbering))
    assert set(np.unique(found.labels.array)) == {0, 230}


def test_torchscript_weights(tmp_path: Path) -> None:
    root = write(tmp_path / "lab")
    network = nn.Conv3d(1, 3, 1)
    state = torch.load(root / "models" / "model.pt", weights_only=True)["state_dict"]
    network.load_state_dict({k.removeprefix("conv."): v for k, v in state.items()})
    (root / "models" / "model.pt").unlink()
    torch.jit.script(network).save(str(root / "models" / "model.ts"))
    check(segment(root).labels)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    root = write(tmp_path / "lab")
    before, path = sorted(root.rglob("*")), list(sys.path)
    segment(root)
    assert not list(scratch.iterdir())
    assert sorted(root.rglob("*")) == before
    assert sys.path == path


def test_monai_keeps_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder) -> None:
    segment(write(tmp_path / "lab"))
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""
    assert not [w for w in recwarn if "monai" in str(w.filename)]


def test_unreadable_bundles(tmp_path: Path) -> None:
    assert refused(tmp_path).reason is Reason.BUNDLE_UNREADABLE
    no_weights = write(tmp_path / "a")
    (no_weights / "models" / "model.pt").unlink()
    assert "models/model.pt" in refused(no_weights).detail
    damaged = write(tmp_path / "b")
    (damaged / "models" / "model.pt").write_bytes(b"nonsense")
    assert refused(damaged).reason is Reason.BUNDLE_UNREADABLE
    broken = write(tmp_path / "c")
    (broken / "configs" / "inference.json").write_text("{")
    assert refused(broken).reason is Reason.BUNDLE_UNREADABLE


def test_failing_code_is_told_with_its_step_and_without_paths(tmp_path: Path) -> None:
    four = {**CONFIG, "network_def": {**CONFIG["network_def"], "in_channels": 4}}
    assert refused(write(tmp_path / "a", four)).reason is Reason.BUNDLE_UNREADABLE
    bad = {**CONFIG, "inferer": "$lambda inputs, network: open(@bundle_root + '/nothing')"}
    error = refused(write(tmp_path / "b", bad))
    assert error.reason is Reason.BUNDLE_FAILED
    assert error.detail.startswith("inferer: FileNotFoundError")
    assert "BUNDLE/nothing" in error.detail
    assert str(tmp_path) not in error.detail


def test_channels_without_a_gluteus_need_a_numbering(tmp_path: Path) -> None:
    names = {"network_data_format": {"outputs": {"pred": {"channel_def": {"0": "background", "1": "liver"}}}}}
    error = refused(write(tmp_path / "a", metadata=names))
    assert error.reason is Reason.LABELS_NUMBERING
    assert "liver" in error.detail
    assert refused(write(tmp_path / "b", metadata=None)).reason is Reason.LABELS_NUMBERING
    assert refused(write(tmp_path / "c"), "totalsegmentator").reason is Reason.LABELS_EMPTY


def test_the_network_is_held_between_studies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "lab")
    first = segment(root)
    monkeypatch.setattr("torch.load", lambda *a, **k: pytest.fail("loaded again"))
    again = segment(root, volume=replace(image()))
    assert np.array_equal(first.labels.array, again.labels.array)


OTHER = torch.device("cpu", 0)  # not the processor as such: takes the way of another device


def on_other(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gluteal_grade.segmentation.device.device_of", lambda settings: OTHER)
    return segment(root)


def test_the_device_of_the_settings_goes_before_the_bundles_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CONFIG | {"device": "$torch.device('cuda:7')", "imports": ["$import torch"]}
    config["network"] = "$@network_def.to(@device)"
    root = write(tmp_path / "lab", config)
    here, there = segment(root), on_other(root, monkeypatch)
    assert (here.device, there.device) == ("cpu", "cpu:0")
    assert np.array_equal(here.labels.array, there.labels.array)
    assert there.notes == here.notes


def test_a_device_that_is_not_there_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    networks = SETTINGS.segmentation.model_copy(update={"device": "cuda:1"})
    study = Study("0" * 12, (series("s1", SeriesKind.T1, image()),))
    with pytest.raises(TransientFailure) as caught:
        LabBundleSegmenter(write(tmp_path / "lab"), None, networks, SETTINGS.checks).segment(study, study.series)
    assert caught.value.reason is Reason.DEVICE_MISSING


def test_a_bundle_that_does_not_fit_on_the_device_runs_on_the_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gluteal_grade.segmentation import labrun  # with all of MONAI

    class Full(nn.Module):
        def forward(self, _: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("CUDA error: out of memory")

    root = write(tmp_path / "lab")
    here = segment(root)
    original = labrun._network
    monkeypatch.setattr(labrun, "_network", lambda lab, device: Full() if device == OTHER else original(lab, device))
    there = on_other(root, monkeypatch)
    assert there.device == "cpu"
    assert np.array_equal(here.labels.array, there.labels.array)
    assert [n.reason for n in there.notes if n not in here.notes] == [Reason.DEVICE_MEMORY]
