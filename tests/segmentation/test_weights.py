"""Bundles on disk: read, held in memory, refused when broken; nothing in them runs as code."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.segmentation.bundle import HIP, LOCATOR
from gluteal_grade.segmentation.card import read_card
from gluteal_grade.segmentation.network import probabilities
from gluteal_grade.segmentation.weights import load_model
from gluteal_grade.vocabulary import GLUTEI
from tests.segmentation.fakes import SETTINGS, random_bundles

MUSCLES = tuple(muscle.value for muscle in GLUTEI)
NETWORKS = SETTINGS.segmentation


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_bundles(tmp_path_factory.mktemp("models"))


@pytest.fixture
def hip(bundles: Path, tmp_path: Path) -> Path:
    return shutil.copytree(bundles / HIP, tmp_path / HIP)


def edit(root: Path, file: str, /, **changes: object) -> None:
    path = root / "configs" / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(root: Path, needed: tuple[str, ...] = MUSCLES) -> RefusedInput:
    with pytest.raises(RefusedInput) as caught:
        load_model(root, needed, NETWORKS)
    return caught.value


def test_a_model_is_loaded_once_until_its_files_change(hip: Path) -> None:
    first = load_model(hip, MUSCLES, NETWORKS)
    assert load_model(hip, MUSCLES, NETWORKS) is first
    card = read_card(hip)
    assert (first.spacing_mm, first.multiple, first.sha256) == (card.metadata["spacing_mm"], 16, card.sha256)
    state = torch.load(hip / "models" / "model.pt", weights_only=True)
    torch.save({k: v * 0.5 for k, v in state.items()}, hip / "models" / "model.pt")
    second = load_model(hip, MUSCLES, NETWORKS)
    assert second.sha256 != first.sha256
    edit(hip, "metadata.json", spacing_mm=3.25)
    assert load_model(hip, MUSCLES, NETWORKS).spacing_mm == 3.25


def test_half_precision_on_disk_single_precision_in_use(hip: Path) -> None:
    state = torch.load(hip / "models" / "model.pt", weights_only=True)
    assert {v.dtype for v in state.values()} == {torch.float16}
    model = load_model(hip, MUSCLES, NETWORKS)
    assert {p.dtype for p in model.network.parameters()} == {torch.float32}
    assert not model.network.training
    image = np.random.default_rng(0).random((32, 16, 48), dtype=np.float32)
    found = probabilities(model, image, 1_000_000)
    assert found.shape == (model.classes, 32, 16, 48)
    assert np.allclose(found.sum(axis=0), 1, atol=1e-5)
    assert np.array_equal(found, probabilities(model, image, 1_000_000))


def test_tiles_cover_the_whole(hip: Path) -> None:
    model = load_model(hip, MUSCLES, NETWORKS)
    image = np.random.default_rng(0).random((48, 32, 32), dtype=np.float32)
    tiled = probabilities(model, image, 20_000)
    assert tiled.shape == (model.classes, *image.shape)
    assert np.allclose(tiled.sum(axis=0), 1, atol=1e-5)


def test_without_weights_there_is_no_segmenter(hip: Path) -> None:
    (hip / "models" / "model.pt").unlink()
    assert refused(hip).reason is Reason.NO_SEGMENTER
    assert refused(hip.parent / "nothing").reason is Reason.NO_SEGMENTER


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 broken zip"])
def test_damaged_weights(hip: Path, content: bytes) -> None:
    (hip / "models" / "model.pt").write_bytes(content)
    assert refused(hip).reason is Reason.BUNDLE_UNREADABLE


def test_weights_of_another_network(hip: Path, bundles: Path) -> None:
    other = bundles / LOCATOR / "models" / "model.pt"
    (hip / "models" / "model.pt").write_bytes(other.read_bytes())
    assert "does not hold this network's weights" in refused(hip).detail


def test_weights_that_are_not_finite(hip: Path) -> None:
    state = torch.load(hip / "models" / "model.pt", weights_only=True)
    state[next(iter(state))].fill_(float("nan"))
    torch.save(state, hip / "models" / "model.pt")
    assert "not finite" in refused(hip).detail


def test_a_pickle_in_the_place_of_weights_does_not_run(hip: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple:
            return (Path.touch, (marker,))

    torch.save({"a": Evil()}, hip / "models" / "model.pt")
    assert refused(hip).reason is Reason.BUNDLE_UNREADABLE
    assert not marker.exists()


def test_a_config_cannot_call_anything_but_a_network(hip: Path, tmp_path: Path) -> None:
    for target in ("pathlib.Path.touch", "monai.networks.nets.os", "monai.networks.nets.unet.warnings", "UNet", 3, None):
        edit(hip, "inference.json", network_def={"_target_": target, "self": str(tmp_path / "ran")})
        assert refused(hip).reason is Reason.BUNDLE_UNREADABLE
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("metadata.json", {"spacing_mm": "1.5"}),
        ("metadata.json", {"spacing_mm": 0}),
        ("metadata.json", {"network_data_format": {}}),
        ("metadata.json", {"network_data_format": {"inputs": {"image": {"spatial_shape": [16, 16, 16]}}}}),
        ("metadata.json", {"network_data_format": {"inputs": {"image": {"spatial_shape": ["2*n", "2*n", "2*n"]}}}}),
        ("inference.json", {"network_def": {"_target_": "monai.networks.nets.UNet", "nonsense": 1}}),
        ("inference.json", {"network_def": "$__import__('os').getcwd()"}),
    ],
)
def test_wrong_descriptions(hip: Path, name: str, changes: dict) -> None:
    edit(hip, name, **changes)
    assert refused(hip).reason is Reason.BUNDLE_UNREADABLE


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_configs_that_are_no_json_objects(hip: Path, text: str) -> None:
    (hip / "configs" / "metadata.json").write_text(text)
    assert refused(hip).reason is Reason.BUNDLE_UNREADABLE


def test_a_structure_that_is_not_told(hip: Path) -> None:
    assert "has no gluteus_quartus" in refused(hip, ("gluteus_quartus", *MUSCLES)).detail


def test_channels_are_found_by_their_names(hip: Path) -> None:
    first = load_model(hip, MUSCLES, NETWORKS)
    assert first.channels[0] == "background"
    names = list(read_card(hip).channels.values())
    turned = [names[0], *names[:0:-1]]
    rename(hip, turned)
    assert [load_model(hip, MUSCLES, NETWORKS).channel(name) for name in turned] == list(range(len(turned)))


@pytest.mark.parametrize("change", [{"0": "gluteus_maximus"}, {"12": "femur"}])
def test_channels_that_do_not_add_up(hip: Path, change: dict[str, str]) -> None:
    named = {str(number): name for number, name in read_card(hip).channels.items()} | change
    metadata = json.loads((hip / "configs" / "metadata.json").read_text())
    metadata["network_data_format"]["outputs"]["pred"]["channel_def"] = named
    edit(hip, "metadata.json", **metadata)
    assert refused(hip).reason is Reason.BUNDLE_UNREADABLE


def test_more_names_than_the_network_has_channels(hip: Path) -> None:
    rename(hip, [*read_card(hip).channels.values(), "one_more"])
    assert "channel_def names" in refused(hip).detail


def rename(root: Path, names: list[str]) -> None:
    metadata = json.loads((root / "configs" / "metadata.json").read_text())
    metadata["network_data_format"]["outputs"]["pred"]["channel_def"] = {str(i): name for i, name in enumerate(names)}
    edit(root, "metadata.json", **metadata)


def test_the_shipped_settings_name_no_folder() -> None:
    assert SETTINGS.segmentation.models is None
