"""The shipped bundles: their descriptions keep MONAI's form, and MONAI alone runs them."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from monai.bundle import run

from gluteal_grade.config import shipped
from gluteal_grade.geometry import Volume
from gluteal_grade.io.nifti import read_volume, save_volume
from gluteal_grade.segmentation import hip, locate
from gluteal_grade.segmentation.bundle import HIP, LOCATOR
from gluteal_grade.segmentation.card import read_card
from gluteal_grade.segmentation.channels import part_named
from gluteal_grade.segmentation.intensity import normalise
from gluteal_grade.segmentation.network import probabilities
from gluteal_grade.segmentation.weights import load_model
from tests.segmentation.fakes import SETTINGS, random_bundles

TEXT = {"type": "string", "minLength": 1}
TENSOR = {
    "type": "object",
    "required": ["type", "format", "num_channels", "spatial_shape", "dtype", "value_range", "is_patch_data", "channel_def"],
    "properties": {
        "type": TEXT,
        "format": TEXT,
        "num_channels": {"type": "integer"},
        "spatial_shape": {"type": "array", "items": {"type": ["string", "integer"]}},
        "dtype": TEXT,
        "value_range": {"type": "array", "items": {"type": "number"}},
        "is_patch_data": {"type": "boolean"},
        "channel_def": {"type": "object"},
    },
}
IO = {"type": "object", "additionalProperties": TENSOR, "minProperties": 1}
# what MONAI's own schema (meta_schema_20240725) asks for; that one is only to be had from the network
METADATA = {
    "type": "object",
    "required": [
        *("schema", "version", "monai_version", "pytorch_version", "numpy_version", "required_packages_version", "task"),
        *("description", "authors", "copyright", "network_data_format", "license", "training_data", "spacing_mm"),
    ],
    "properties": {
        **dict.fromkeys(("schema", "version", "monai_version", "pytorch_version", "numpy_version", "task", "description", "authors"), TEXT),
        **dict.fromkeys(("copyright", "data_source", "data_type", "image_classes", "pred_classes", "intended_use"), TEXT),
        **{k: {"type": "object"} for k in ("changelog", "required_packages_version", "eval_metrics")},
        "references": {"type": "array", "items": TEXT},
        "network_data_format": {"type": "object", "required": ["inputs", "outputs"], "properties": {"inputs": IO, "outputs": IO}},
    },
}


@pytest.mark.parametrize("name", [LOCATOR, HIP])
def test_metadata_has_the_form_monai_asks_for(name: str) -> None:
    card = read_card(shipped("models", name))
    jsonschema.validate(card.metadata, METADATA)
    assert card.version in card.metadata["changelog"]
    assert all(d["licence"] and d["credit"] for d in card.metadata["training_data"])
    assert card.inference["network_def"]["out_channels"] == len(card.channels)
    assert card.bytes < 25e6


def test_channels_are_what_the_program_takes_them_for() -> None:
    told = read_card(shipped("models", LOCATOR)).channels.values()
    assert [part_named(name) for name in locate.CHANNELS] == list(locate.PARTS)
    assert set(locate.CHANNELS) <= set(told)
    assert {m.value for m in hip.CHANNELS} <= set(read_card(shipped("models", HIP)).channels.values())


@pytest.mark.parametrize("name", [LOCATOR, HIP])
def test_every_file_says_the_same_spacing(name: str) -> None:
    card = read_card(shipped("models", name))
    spacing = card.metadata["spacing_mm"]
    plan = json.loads(shipped("models", name, "configs", "train.json").read_text())
    assert plan.get("spacing_mm", spacing) == spacing
    assert all(f" {spacing:g} mm" in card.metadata[text] for text in ("description", "image_classes"))


@pytest.mark.parametrize("name", [LOCATOR, HIP])
def test_training_plan_and_card_are_there(name: str) -> None:
    plan = json.loads(shipped("models", name, "configs", "train.json").read_text())
    assert {"patch", "learning_rate", "ema", "seed"} <= plan.keys()
    assert all(side % 16 == 0 for side in plan["patch"])
    assert "Research use" in shipped("models", name, "docs", "README.md").read_text()


@pytest.mark.parametrize("name", [HIP, LOCATOR])
@pytest.mark.filterwarnings("ignore")
def test_monai_alone_runs_it_and_gives_our_labels(name: str, tmp_path: Path) -> None:
    """On an image that needs no resampling the bundle's own pipeline and ours agree voxel by voxel."""
    root = random_bundles(tmp_path / "models") / name
    card = read_card(root)
    spacing = card.metadata["spacing_mm"]
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = [-20, 30, -40]
    image = Volume(np.random.default_rng(1).random((32, 48, 32), dtype=np.float32), affine)
    save_volume(image, tmp_path / "x.nii.gz")
    run(
        config_file=str(root / "configs" / "inference.json"),
        bundle_root=str(root),
        datalist=[str(tmp_path / "x.nii.gz")],
        output_dir=str(tmp_path / "out"),
        device="$torch.device('cpu')",
    )
    labels = read_volume(tmp_path / "out" / "x_labels.nii.gz")
    assert labels.grid.matches(image.grid, 1e-3)
    ours = probabilities(
        load_model(root, tuple(card.channels.values()), SETTINGS.segmentation), normalise(image.array, ct=False), 1_000_000
    ).argmax(axis=0)
    assert np.mean(labels.array != ours) < 1e-3
    assert len(np.unique(ours)) > 1, "a network that says nothing would agree with anything"


def test_weights_where_they_have_landed() -> None:
    """Until then the program refuses (`no_segmenter`); from then on they must load."""
    for name, needed in ((LOCATOR, locate.CHANNELS), (HIP, tuple(m.value for m in hip.CHANNELS))):
        if read_card(shipped("models", name)).sha256 is None:
            pytest.skip(f"{name} has no weights yet")
        model = load_model(shipped("models", name), needed, SETTINGS.segmentation)
        assert all(torch.isfinite(p).all() for p in model.network.parameters())
