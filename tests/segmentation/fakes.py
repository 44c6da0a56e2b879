"""Networks that threshold instead of having learnt anything, so that the truth is known, and bundles on disk with random weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.networks import nets
from torch import Tensor, nn

from gluteal_grade.config import load_settings, shipped
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.segmentation import hip, locate
from gluteal_grade.segmentation.bundle import HIP, LOCATOR, BundleSegmenter
from gluteal_grade.segmentation.weights import Model

SETTINGS = load_settings()
HIP_MM = 2.5  # coarser than the shipped network's: the same code, a fifth of the voxels
_SHARP = 40.0

# centre and semi-axes (mm) of a right and a left "muscle"; unlike on purpose, so that a swap or a flip shows
RIGHT = ((85.0, -30.0, 10.0), (42.0, 55.0, 62.0))
LEFT = ((-75.0, -40.0, -25.0), (36.0, 48.0, 40.0))


class _Threshold(nn.Module):
    """Bright is muscle. Which one: by the first array index, so that the frame the network sees is tested too."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes, self.split = classes, True
        self.seen: list[tuple[int, ...]] = []

    def forward(self, image: Tensor) -> Tensor:
        self.seen.append(tuple(image.shape[2:]))
        logits = torch.full((1, self.classes, *image.shape[2:]), -2 * _SHARP)
        bright = _SHARP * (image[0, 0] - 0.5)
        logits[0, 0] = -bright
        middle = image.shape[2] // 2 if self.split else 0
        low, high = (4, 1) if self.classes == 7 else (2, 1)
        logits[0, low, :middle] = bright[:middle]
        logits[0, high, middle:] = bright[middle:]
        return logits


def fake_models() -> dict[str, Model]:
    """A locator that calls the right half of its array right maximus and the left half left maximus; a hip network that calls what is
    lateral maximus and what is medial medius."""
    return {
        LOCATOR: Model(LOCATOR, "0", "a" * 64, _Threshold(7), 7, 6.0, 16, ("background", *locate.CHANNELS)),
        HIP: Model(HIP, "0", "b" * 64, _Threshold(4), 4, HIP_MM, 16, ("background", *(m.value for m in hip.CHANNELS))),
    }


def fake_segmenter(monkeypatch: pytest.MonkeyPatch, **changes: object) -> tuple[BundleSegmenter, dict[str, Model]]:
    """The segmenter with these networks in the place of the shipped ones."""
    models = fake_models()
    monkeypatch.setattr("gluteal_grade.segmentation.weights.load_model", lambda root, needed, settings: models[root.name])
    return BundleSegmenter(SETTINGS.segmentation.model_copy(update=changes), SETTINGS.checks), models


def level(points: np.ndarray, blob: tuple[tuple[float, ...], tuple[float, ...]]) -> np.ndarray:
    """About the distance in mm to the surface of an ellipsoid, negative inside."""
    centre, radii = (np.array(v) for v in blob)
    scaled = np.linalg.norm((points - centre) / radii, axis=-1)
    away = np.linalg.norm((points - centre) / radii**2, axis=-1)
    return np.where(away > 0, (scaled - 1) * scaled / np.maximum(away, 1e-9), -radii.min())


def points_of(grid: Grid) -> np.ndarray:
    """(i, j, k, 3) RAS+ mm of every voxel centre."""
    return grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))


def blobs(grid: Grid, *which: tuple[tuple[float, ...], tuple[float, ...]]) -> Volume:
    """Bright ellipsoids on dark ground with soft edges, 0.5 on their surface."""
    points = points_of(grid)
    bright = sum((1 / (1 + np.exp(level(points, blob) / 1.5)) for blob in which), np.zeros(grid.shape))
    return Volume((1000 * bright).astype(np.float32), grid.affine)


def centred(shape: tuple[int, int, int], matrix: np.ndarray) -> Grid:
    """A grid whose middle is the origin."""
    affine = np.eye(4)
    affine[:3, :3] = matrix
    affine[:3, 3] = -matrix @ ((np.array(shape) - 1) / 2)
    return Grid(shape, affine)


def random_bundles(folder: Path, seed: int = 3) -> Path:
    """The shipped bundles' configs with random weights, half precision."""
    for name in (LOCATOR, HIP):
        shutil.copytree(shipped("models", name, "configs"), folder / name / "configs")
        definition = json.loads((folder / name / "configs" / "inference.json").read_text())["network_def"]
        torch.manual_seed(seed)
        network = getattr(nets, definition.pop("_target_").rsplit(".", 1)[-1])(**definition)
        (folder / name / "models").mkdir()
        torch.save({k: v.half() for k, v in network.state_dict().items()}, folder / name / "models" / "model.pt")
    return folder
