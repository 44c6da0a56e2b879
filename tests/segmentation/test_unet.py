"""The network built of torch alone is MONAI's to the last bit; what it cannot build is MONAI's to build."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from monai.networks import nets

from gluteal_grade.config import shipped
from gluteal_grade.segmentation.bundle import HIP, LOCATOR
from gluteal_grade.segmentation.unet import TARGET, plain_unet

DEFINITION = {
    "_target_": TARGET,
    "spatial_dims": 3,
    "in_channels": 1,
    "out_channels": 4,
    "channels": [4, 6, 8],
    "strides": [2, 1],
    "num_res_units": 0,
    "norm": "INSTANCE",
}


def of_monai(definition: dict[str, object]) -> torch.nn.Module:
    return nets.UNet(**{key: value for key, value in definition.items() if key != "_target_"})


def shipped_definition(name: str) -> dict[str, object]:
    return json.loads((shipped("models") / name / "configs" / "inference.json").read_text())["network_def"]


CASES = {
    LOCATOR: shipped_definition(LOCATOR),
    HIP: shipped_definition(HIP),
    "two levels": DEFINITION | {"channels": [4, 6], "strides": [2]},
    "no stride": DEFINITION | {"strides": [1, 1]},
    "leaky": DEFINITION | {"act": ["LEAKYRELU", {"negative_slope": 0.2, "inplace": True}]},
}


@pytest.mark.parametrize("definition", CASES.values(), ids=CASES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
def test_the_same_bits_as_monai(definition: dict[str, object], layout: torch.memory_format) -> None:
    torch.manual_seed(1)
    reference = of_monai(definition).eval()
    ours = plain_unet(definition)
    assert ours is not None
    assert list(ours.state_dict()) == list(reference.state_dict())
    ours.load_state_dict(reference.state_dict())
    ours.eval()
    image = torch.rand(1, 1, 32, 48, 16).contiguous(memory_format=layout)
    with torch.inference_mode():
        assert torch.equal(ours.to(memory_format=layout)(image), reference.to(memory_format=layout)(image))


@pytest.mark.parametrize(
    "change",
    [
        {"_target_": "monai.networks.nets.SegResNet"},
        {"spatial_dims": 2},
        {"num_res_units": 2},
        {"norm": "BATCH"},
        {"norm": ["INSTANCE", {"affine": True}]},
        {"act": "RELU"},
        {"act": ["LEAKYRELU", {"negative_slope": 0.2, "inplace": False}]},
        {"act": ["LEAKYRELU", {"negative_slope": 0.2, "inplace": True, "more": 1}]},
        {"act": "$print('code')"},
        {"kernel_size": 5},
        {"dropout": 0.1},
        {"strides": [2]},
        {"strides": [2, 2, 2]},
        {"channels": [4]},
        {"channels": "468"},
        {"channels": [4, 6, True]},
        {"in_channels": 0},
        {"out_channels": 1e3},
    ],
)
def test_anything_else_is_left_to_monai(change: dict[str, object]) -> None:
    assert plain_unet(DEFINITION | change) is None


def test_a_missing_option_is_left_to_monai() -> None:
    for key in DEFINITION:
        assert plain_unet({name: value for name, value in DEFINITION.items() if name != key}) is None


@pytest.mark.long
def test_grading_with_the_shipped_networks_imports_no_monai(tmp_path: Path) -> None:
    code = """
import sys
import numpy as np
from gluteal_grade.config import load_settings, shipped
from gluteal_grade.segmentation.bundle import HIP, LOCATOR
from gluteal_grade.segmentation.network import probabilities
from gluteal_grade.segmentation.weights import load_model
for name in (LOCATOR, HIP):
    model = load_model(shipped("models") / name, (), load_settings().segmentation)
    print(probabilities(model, np.zeros((32, 32, 32), np.float32), 10**7).shape[0] == model.classes)
print("monai" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.split() == ["True", "True", "False"]
