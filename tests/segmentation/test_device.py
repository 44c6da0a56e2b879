"""On which device the networks run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from gluteal_grade.config import Settings, with_device
from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.segmentation import weights
from gluteal_grade.segmentation.bundle import HIP
from gluteal_grade.segmentation.device import Elsewhere, device_of, recorded
from gluteal_grade.segmentation.network import probabilities
from gluteal_grade.segmentation.weights import load_model
from gluteal_grade.vocabulary import GLUTEI
from tests.segmentation.fakes import SETTINGS, random_bundles

MUSCLES = tuple(muscle.value for muscle in GLUTEI)
NETWORKS = SETTINGS.segmentation


def cuda_devices(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:-1", "cuda:0 ", "mps:0", "", None])
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


def test_an_apple_gpu_is_taken_by_name_only(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda_devices(monkeypatch, 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert device_of(NETWORKS.model_copy(update={"device": "mps"})) == torch.device("mps")
    assert device_of(NETWORKS.model_copy(update={"device": "auto"})) == torch.device("cpu")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(TransientFailure, match="no Apple GPU"):
        device_of(NETWORKS.model_copy(update={"device": "mps"}))


def test_a_word_lies_over_the_settings() -> None:
    assert with_device(SETTINGS, None) is SETTINGS
    assert with_device(SETTINGS, "cuda:3").segmentation.device == "cuda:3"
    assert with_device(SETTINGS, "cuda:3").segmentation.locator == NETWORKS.locator
    with pytest.raises(ValueError, match=r"auto, cpu, cuda, cuda:N or mps"):
        with_device(SETTINGS, "gpu")


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


OTHER = torch.device("cpu", 0)  # not `CPU` itself: takes the way of another device, and computes here


class Small(torch.nn.Module):
    """A device with room for so many voxels at once; where not, it raises what that device would."""

    def __init__(self, network: torch.nn.Module, room: int, error: RuntimeError) -> None:
        super().__init__()
        self.network, self.room, self.error = network, room, error
        self.taken: list[int] = []

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        if image.numel() > self.room:
            raise self.error
        self.taken.append(image.numel())
        return self.network(image)


ERRORS = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("MPS backend out of memory (MPS allocated: 8 GB, max allowed: 9 GB)."),
)


def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch, room: int, error: RuntimeError) -> tuple[weights.Model, Small]:
    """The hip network on a device with little memory."""
    monkeypatch.setattr(weights, "device_of", lambda settings: OTHER)
    model = load_model(folder / HIP, MUSCLES, NETWORKS)
    assert isinstance(model.network, Elsewhere)
    network = Elsewhere(model.network.here, OTHER)
    small = Small(network.there, room, error)
    network.there = small
    return replace(model, network=network), small


def picture() -> np.ndarray:
    return np.random.default_rng(0).random((64, 32, 32), dtype=np.float32)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_bundles(tmp_path_factory.mktemp("models"))


def test_what_fits_is_what_the_processor_says(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = probabilities(load_model(bundles / HIP, MUSCLES, NETWORKS), picture(), 10**6)
    model, small = elsewhere(bundles, monkeypatch, 10**6, ERRORS[0])
    with recorded() as ran:
        found = probabilities(model, picture(), 10**6)
    assert np.array_equal(found, expected)
    assert (small.taken, ran.words, ran.notes) == ([65536], "cpu:0", ())


@pytest.mark.parametrize("error", ERRORS, ids=["cuda", "cudnn", "mps"])
def test_what_does_not_fit_goes_in_smaller_pieces_and_says_so(bundles: Path, monkeypatch: pytest.MonkeyPatch, error: RuntimeError) -> None:
    expected = probabilities(load_model(bundles / HIP, MUSCLES, NETWORKS), picture(), 40_000)
    model, small = elsewhere(bundles, monkeypatch, 40_000, error)
    with recorded() as ran:
        found = probabilities(model, picture(), 10**6)
    assert np.array_equal(found, expected)  # as any image that is too large for one pass
    assert set(small.taken) == {32768}
    assert ran.words == "cpu:0"
    (note,) = ran.notes
    assert (note.reason, note.detail.split(": ")[1]) == (Reason.DEVICE_MEMORY, "in smaller pieces")


def test_where_nothing_fits_the_processor_does_it_and_says_so(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = probabilities(load_model(bundles / HIP, MUSCLES, NETWORKS), picture(), 10**6)
    model, small = elsewhere(bundles, monkeypatch, 100, ERRORS[0])
    with recorded() as ran:
        found = probabilities(model, picture(), 10**6)
    assert np.array_equal(found, expected)
    assert (small.taken, ran.words) == ([], "cpu")
    assert [note.detail for note in ran.notes] == ["gluteal_hip needs more memory than cpu:0 has free: on the CPU"]


def test_other_errors_of_a_device_are_not_taken_for_memory(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = elsewhere(bundles, monkeypatch, 100, RuntimeError("CUDA error: an illegal address was encountered"))
    with pytest.raises(RuntimeError, match="illegal address"):
        probabilities(model, picture(), 10**6)


def full(network: torch.nn.Module, device: torch.device) -> Elsewhere:
    raise ERRORS[0]


def test_a_network_that_does_not_fit_at_all_runs_on_the_processor(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "device_of", lambda settings: torch.device("cpu", 1))
    monkeypatch.setattr(weights, "Elsewhere", full)
    with recorded() as ran:
        model = load_model(bundles / HIP, MUSCLES, NETWORKS)
    assert model is load_model(bundles / HIP, MUSCLES, NETWORKS.model_copy(update={"device": "cpu"}))
    assert [note.reason for note in ran.notes] == [Reason.DEVICE_MEMORY]


def test_a_device_that_cannot_run_the_network_is_named(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torch's device without memory or arithmetic: nothing can come back from it."""
    monkeypatch.setattr(weights, "device_of", lambda settings: torch.device("meta"))
    with pytest.raises(TransientFailure, match="gluteal_hip does not run on meta") as caught:
        load_model(bundles / HIP, MUSCLES, NETWORKS)
    assert caught.value.reason is Reason.DEVICE_MISSING


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
