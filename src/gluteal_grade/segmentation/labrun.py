"""Running a lab's own MONAI bundle on one image: its own preprocessing, network, inferer and postprocessing.

A bundle is code as well as weights: its configs name any function to call, and MONAI calls it. Only bundles that are trusted may come here.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle.config_parser import ConfigParser
from monai.data.meta_tensor import MetaTensor
from monai.inferers.inferer import SimpleInferer

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io import save_volume
from gluteal_grade.segmentation.device import CPU, fell, is_out_of_memory, ran_on, release

_CONFIGS = ("inference.json", "inference.yaml", "inference.yml")
_WEIGHTS = ("model.pt", "model.ts")
_NESTED = ("state_dict", "model_state_dict", "model", "network", "net")  # where training programs keep the weights in a checkpoint


@dataclass(frozen=True)
class Lab:
    """Where the parts of a lab's bundle lie.

    Attributes:
        root: its folder.
        config: inference configuration.
        weights: state dict or TorchScript.
        sha256: of the weights.
        config_sha256: of every file in configs/.
    """

    root: Path
    config: Path
    weights: Path
    sha256: str
    config_sha256: str


def open_lab(root: Path) -> Lab:
    """Find the parts of a bundle.

    Raises:
        RefusedInput: `bundle_unreadable`.
    """
    config = next((root / "configs" / name for name in _CONFIGS if (root / "configs" / name).is_file()), None)
    weights = next((root / "models" / name for name in _WEIGHTS if (root / "models" / name).is_file()), None)
    if config is None or weights is None:
        missing = f"configs/{_CONFIGS[0]}" if config is None else f"models/{_WEIGHTS[0]}"
        raise RefusedInput(Reason.BUNDLE_UNREADABLE, f"the bundle has no {missing}")
    digest = hashlib.sha256()
    for path in sorted(p for p in (root / "configs").iterdir() if p.is_file()):
        digest.update(path.name.encode() + path.read_bytes())
    return Lab(root.resolve(), config, weights, hashlib.sha256(weights.read_bytes()).hexdigest(), digest.hexdigest())


def predict(lab: Lab, image: Volume, device: torch.device = CPU) -> Volume:
    """The label map that the bundle makes of an image, where the bundle says it lies.

    Args:
        lab: the bundle.
        image: one channel, any orientation.
        device: where its network runs; the bundle's own `device` is not asked. What does not fit there runs on the CPU, and
            `device.recorded` tells so.

    Returns:
        whole numbers; channels are turned into the number of the largest one.

    Raises:
        RefusedInput: `bundle_unreadable`, `bundle_failed`.
    """
    try:
        found = _predict(lab, image, device)
    except torch.OutOfMemoryError:
        release(device)
        fell(lab.root.name, device, "on the CPU")
        device = CPU
        found = _predict(lab, image, CPU)
    ran_on(device)
    return found


def _predict(lab: Lab, image: Volume, device: torch.device) -> Volume:
    with tempfile.TemporaryDirectory(prefix="gluteal-grade-") as folder, _importable(lab.root), _quiet():
        path = Path(folder) / "image.nii"
        save_volume(image, path)
        with _step("network_def", lab, Reason.BUNDLE_UNREADABLE):
            network = _network(lab, device)
            parser = _parser(lab, folder, device)
        with _step("preprocessing", lab), torch.no_grad():
            data = dict(_content(parser, "preprocessing", _load_only())({"image": str(path)}))
        with _step("inferer", lab), torch.no_grad():
            inferer = _content(parser, "inferer", SimpleInferer())
            data["pred"] = inferer(inputs=data["image"][None].to(device), network=network)[0]
        with _step("postprocessing", lab), torch.no_grad():
            postprocessing = _content(parser, "postprocessing", None)
            data = postprocessing(data) if postprocessing else data
        with _step("its label map", lab):
            return _labels(data["pred"], image)


@contextmanager
def _step(name: str, lab: Lab, reason: Reason = Reason.BUNDLE_FAILED) -> Iterator[None]:
    """Foreign code may raise anything: told with the step it came from, and with no path of this machine."""
    try:
        yield
    except (GradeError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise torch.OutOfMemoryError from error
        innermost: BaseException = error
        while innermost.__cause__ is not None:
            innermost = innermost.__cause__
        text = (str(innermost).splitlines() or [""])[0].replace(str(lab.root), "BUNDLE").replace(tempfile.gettempdir(), "TMP")[:160]
        raise RefusedInput(reason, f"{name}: {type(innermost).__name__}: {text}") from error


@contextmanager
def _importable(root: Path) -> Iterator[None]:
    """Bundles import modules of their own folder, as `python -m monai.bundle` run there lets them."""
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))


@contextmanager
def _quiet() -> Iterator[None]:
    """MONAI remarks on readers that are not installed and on having been given a config."""
    logger = logging.getLogger("monai")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _parser(lab: Lab, folder: str, device: torch.device) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config(str(lab.config))
    metadata = lab.root / "configs" / "metadata.json"
    if metadata.is_file():
        parser.read_meta(str(metadata))
    # nothing is left behind, and the device is the one that was asked for
    parser.update({"bundle_root": str(lab.root), "output_dir": folder, "dataset_dir": folder, "device": f"$torch.device('{device}')"})
    return parser


def _content(parser: ConfigParser, name: str, otherwise: Any) -> Any:
    return parser.get_parsed_content(name) if name in parser else otherwise


def _load_only() -> Any:
    from monai.transforms.io.dictionary import LoadImaged

    return LoadImaged(keys="image", ensure_channel_first=True)


@lru_cache(maxsize=2)
def _network(lab: Lab, device: torch.device) -> torch.nn.Module:
    if lab.weights.suffix == ".ts":
        network: torch.nn.Module = torch.jit.load(str(lab.weights), map_location=device)
        return network.eval()
    parser = _parser(lab, str(lab.root), device)
    network = parser.get_parsed_content("network_def" if "network_def" in parser else "network")
    state = torch.load(lab.weights, map_location="cpu", weights_only=True)
    while isinstance(state, dict) and (inner := next((k for k in _NESTED if isinstance(state.get(k), dict)), None)):
        state = state[inner]
    network.load_state_dict(state)
    return network.to(device).eval().requires_grad_(False)


def _labels(prediction: Any, image: Volume) -> Volume:
    """(1 or more, x, y, z) as whole numbers in place."""
    affine = prediction.affine if isinstance(prediction, MetaTensor) else None
    values = np.asarray(torch.as_tensor(prediction).detach().cpu())
    if values.ndim != 4:
        raise ValueError(f"a label map has a channel and three axes, this has shape {values.shape}")
    whole = values.argmax(axis=0) if values.shape[0] > 1 else np.rint(values[0])
    if affine is None and whole.shape != image.shape:
        raise ValueError("the label map has another shape than the image and no affine")
    placed = image.affine if affine is None else np.asarray(affine, np.float64)
    return Volume(whole.astype(np.int64), placed)
