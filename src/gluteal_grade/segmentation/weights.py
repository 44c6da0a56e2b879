"""The networks of our own bundles: loaded once per process and held.

Nothing of such a bundle runs as code: `network_def` may only name a class of `monai.networks.nets` with plain values, and weights are read
by `torch.load(weights_only=True)`. (A lab's own bundle is another matter, see `labbundle`.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch

from gluteal_grade.config import SegmentationSettings
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.segmentation.card import Card, read_card
from gluteal_grade.segmentation.device import CPU, Elsewhere, device_of, fell, is_out_of_memory, release
from gluteal_grade.segmentation.unet import plain_unet

_NETS = "monai.networks.nets."


@dataclass(frozen=True, eq=False)
class Model:
    """A network ready to run.

    Attributes:
        name, version: of its bundle.
        sha256: of its weights file.
        network: (1, 1, x, y, z) float32, 0-1, to (1, classes, x, y, z) logits; in evaluation mode. It takes and gives tensors of the
            CPU, wherever it runs.
        classes: how many, background included.
        spacing_mm: of the isotropic grid it works on.
        multiple: each side of its input is a multiple of this many voxels.
        channels: what each channel stands for, background first (`channel_def` of its card).
    """

    name: str
    version: str
    sha256: str
    network: torch.nn.Module
    classes: int
    spacing_mm: float
    multiple: int
    channels: tuple[str, ...]

    def channel(self, name: str) -> int:
        """Where a structure is told."""
        return self.channels.index(name)


def load_model(root: Path, needed: tuple[str, ...], settings: SegmentationSettings) -> Model:
    """The network of a bundle; the same object as long as its files and the device do not change.

    Args:
        root: the bundle's folder.
        needed: structures it must tell apart, by the names of its `channel_def`; it may tell more.
        settings: on which device it runs.

    Raises:
        RefusedInput: `no_segmenter` where the weights are missing, `bundle_unreadable`.
        TransientFailure: `device_missing`: there is no such device, or the network does not run on it.
    """
    if not root.is_dir():
        raise RefusedInput(Reason.NO_SEGMENTER, f"there is no bundle {root.name}")
    card = read_card(root)
    if card.sha256 is None:
        raise RefusedInput(Reason.NO_SEGMENTER, f"{card.name} has no models/model.pt")
    device = device_of(settings)
    held = partial(_held, root.resolve(), card.sha256, card.config_sha256, needed)
    try:
        return held(device)
    except torch.OutOfMemoryError:
        fell(card.name, device, "on the CPU")
        return held(CPU)


@lru_cache(maxsize=8)
def _held(root: Path, sha256: str, config_sha256: str, needed: tuple[str, ...], device: torch.device) -> Model:  # noqa: ARG001 - the hashes are the cache's key
    card = read_card(root)
    spacing, multiple, channels = _spacing_mm(card), _multiple(card), _channels(card, needed)
    network = _network(card)
    _load_weights(network, card)
    network.eval().requires_grad_(False)
    network = network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    model = Model(card.name, card.version, sha256, network, len(channels), spacing, multiple, channels)
    _try_out(model)
    if device == CPU:
        return model
    try:
        there = replace(model, network=Elsewhere(network, device))
        _try_out(there)
    except torch.OutOfMemoryError:
        release(device)
        raise
    except (RuntimeError, RefusedInput) as error:  # it does run on the CPU
        if is_out_of_memory(error):
            raise torch.OutOfMemoryError from error
        raise TransientFailure(Reason.DEVICE_MISSING, f"{card.name} does not run on {device} ({_innermost(error)})") from error
    return there


def _innermost(error: BaseException) -> str:
    return type(error.__cause__ or error).__name__


def _unreadable(card: Card, problem: str) -> RefusedInput:
    return RefusedInput(Reason.BUNDLE_UNREADABLE, f"{card.name}: {problem}")


def _spacing_mm(card: Card) -> float:
    spacing = card.metadata.get("spacing_mm")
    if not isinstance(spacing, int | float) or not 0.1 <= spacing <= 20:
        raise _unreadable(card, "metadata.json gives no spacing_mm between 0.1 and 20")
    return float(spacing)


def _multiple(card: Card) -> int:
    """The n of MONAI's ``"16*n"`` in `spatial_shape`."""
    shape = card.input.get("spatial_shape")
    texts = {str(side).replace(" ", "") for side in shape} if isinstance(shape, list) and len(shape) == 3 else set()
    text = texts.pop() if len(texts) == 1 else ""
    factor = text.removesuffix("*n")
    if not text.endswith("*n") or not factor.isdigit() or not 1 <= int(factor) <= 128:
        raise _unreadable(card, 'metadata.json gives no input spatial_shape of the form ["16*n", "16*n", "16*n"]')
    return int(factor)


def _channels(card: Card, needed: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the channels 0, 1, ...; the first is the background."""
    named = card.channels
    if sorted(named) != list(range(len(named))) or named.get(0) != "background":
        raise _unreadable(card, "channel_def of metadata.json must name the channels 0, 1, ... and the first one background")
    if missing := sorted(set(needed) - set(named.values())):
        raise _unreadable(card, f"channel_def of metadata.json has no {', '.join(missing)}")
    return tuple(named[number] for number in range(len(named)))


def _network(card: Card) -> torch.nn.Module:
    definition: Any = card.inference.get("network_def")
    target = definition.get("_target_", "") if isinstance(definition, dict) else ""
    plain = plain_unet(definition) if isinstance(definition, dict) else None
    if plain is not None:
        return plain
    from monai.networks import nets  # all of MONAI: seconds, and our own bundles do without

    found = getattr(nets, str(target).removeprefix(_NETS), None)
    if not str(target).startswith(_NETS) or not isinstance(found, type) or not issubclass(found, torch.nn.Module):
        raise _unreadable(card, f"network_def must name a network of {_NETS[:-1]}")
    try:
        return found(**{key: value for key, value in definition.items() if not key.startswith("_")})
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError) as error:
        raise _unreadable(card, f"{found.__name__} cannot be made of network_def ({type(error).__name__})") from error


def _load_weights(network: torch.nn.Module, card: Card) -> None:
    try:
        state = torch.load(card.weights, map_location="cpu", weights_only=True)
        network.load_state_dict(state)  # half precision on disk becomes the network's float32
    except MemoryError:
        raise
    except Exception as error:  # torch raises nearly every type on a damaged file
        raise _unreadable(card, f"models/model.pt does not hold this network's weights ({type(error).__name__})") from error
    if not all(bool(torch.isfinite(value).all()) for value in network.state_dict().values()):
        raise _unreadable(card, "models/model.pt holds weights that are not finite")


def _try_out(model: Model) -> None:
    """One tiny input: tells a wrong divisor or number of classes here, not in the middle of a study."""
    shape = (2 * model.multiple, model.multiple, model.multiple)
    try:
        with torch.inference_mode():
            found = model.network(torch.zeros(1, 1, *shape))
        given = tuple(found.shape)
    except (RuntimeError, ValueError, TypeError, AttributeError) as error:
        if is_out_of_memory(error):
            raise
        raise RefusedInput(Reason.BUNDLE_UNREADABLE, f"{model.name}: the network does not run ({type(error).__name__})") from error
    if given != (1, model.classes, *shape):
        raise RefusedInput(Reason.BUNDLE_UNREADABLE, f"{model.name}: the network gives {given}, channel_def names {model.classes} classes")
