"""On which device the networks run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from gluteal_grade.config import Settings
from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.segmentation.bundle import HIP
from gluteal_grade.segmentation.weights import device_of, load_model
from gluteal_grade.vocabulary import Muscle
from tests.segmentation.fakes import SETTINGS, random_bundles

MUSCLES = tuple(muscle.value for muscle in Muscle)
NETWORKS = SETTINGS.segmentation


def cuda_devices(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:-1", "cuda:0 ", "mps", "", None])
def test_words_that_are_no_device(device: str | None) -> None:
    with pytest.raises(ValidationError, match="device"):
        Settings.model_validate(SETTINGS.model_dump(by_alias=True) | {"segmentation": NETWORKS.model_dump() | {"device": device}})


@pytest.mark.parametrize(
    ("device", "there", "taken"),
    [("cpu", 2, "cpu"), ("auto", 0, "cpu"), ("auto", 2, "cuda:0"), ("cuda", 1, "cuda"), ("cuda:1", 2, "cuda:1")],
)
def test_the_device_that_is_taken(device: str, there: int, taken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cuda_devices(monkeypatch, there)
    assert device_of(NETWORKS.model_copy(update={"device": device})) == torch.device(taken)


@pytest.mark.parametrize(("device", "there"), [("cuda", 0), ("cuda:0", 0), ("cuda:1", 1)])
def test_a_device_that_is_not_there(device: str, there: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cuda_devices(monkeypatch, there)
    with pytest.raises(TransientFailure) as caught:
        load_model(random_bundles(tmp_path) / HIP, MUSCLES, NETWORKS.model_copy(update={"device": device}))
    assert caught.value.reason is Reason.DEVICE_MISSING
    assert device in caught.value.detail


def test_the_shipped_setting_is_the_processor(tmp_path: Path) -> None:
    """Results do not depend on whether the machine has a GPU."""
    assert NETWORKS.device == "cpu"
    model = load_model(random_bundles(tmp_path) / HIP, MUSCLES, NETWORKS)
    assert {p.device.type for p in model.network.parameters()} == {"cpu"}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_says_what_the_processor_says(tmp_path: Path) -> None:
    root = random_bundles(tmp_path) / HIP
    image = torch.rand((1, 1, 32, 48, 32), generator=torch.Generator().manual_seed(1))
    models = [load_model(root, MUSCLES, NETWORKS.model_copy(update={"device": device})) for device in ("cpu", "cuda", "cuda")]
    with torch.inference_mode():
        cpu, gpu, again = (model.network(image) for model in models)
    assert gpu.device.type == "cpu"
    assert torch.equal(gpu, again)
    assert torch.allclose(cpu, gpu, atol=1e-3)
