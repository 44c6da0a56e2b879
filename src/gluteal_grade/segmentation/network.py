"""One image through a network, whole where memory allows."""

from __future__ import annotations

import torch

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.geometry import Array
from gluteal_grade.segmentation.device import CPU, Elsewhere, fell, is_out_of_memory, ran_on, release
from gluteal_grade.segmentation.weights import Model

_OVERLAP = 0.25
_PIECES = (1, 2, 4, 8)  # shares of an image that are tried where the whole does not fit on a device


def probabilities(model: Model, image: Array, max_voxels: int) -> Array:
    """Probability of each class at each voxel.

    The forward pass on a CPU is deterministic for a given number of threads, so nothing is forced here. What does not fit on another
    device goes there in smaller pieces, or through the CPU, and `device.recorded` tells so.

    Args:
        model: the network.
        image: (x, y, z) float32; each side a multiple of `model.multiple`.
        max_voxels: a larger image goes through in overlapping tiles.

    Returns:
        (classes, x, y, z) float32, 0-1.

    Raises:
        TransientFailure: `out_of_memory`.
    """
    whole = torch.from_numpy(image)[None, None].contiguous(memory_format=torch.channels_last_3d)
    network = model.network
    try:
        with torch.inference_mode():
            logits = None
            if isinstance(network, Elsewhere):
                logits, network = _elsewhere(network, model, whole, max_voxels), network.here
            if logits is None:
                logits = _logits(network, whole, model.multiple, max_voxels)
                ran_on(CPU)
            return torch.softmax(torch.as_tensor(logits)[0], 0).numpy()
    except RuntimeError as error:
        if "memory" in str(error).lower():  # torch's allocator has no type of its own
            raise TransientFailure(Reason.OUT_OF_MEMORY, f"the network needs more memory for {image.size} voxels") from error
        raise


def _logits(network: torch.nn.Module, whole: torch.Tensor, multiple: int, max_voxels: int) -> torch.Tensor:
    if whole.numel() <= max_voxels:
        found: torch.Tensor = network(whole)
        return found
    from monai.inferers.utils import sliding_window_inference  # all of MONAI: seconds, for images that are rare

    tile = _tile(tuple(whole.shape[2:]), multiple, max_voxels)
    return torch.as_tensor(sliding_window_inference(whole, tile, 1, network, overlap=_OVERLAP, mode="gaussian"))


def _elsewhere(network: Elsewhere, model: Model, whole: torch.Tensor, max_voxels: int) -> torch.Tensor | None:
    """On another device, in ever smaller pieces; None where none fits."""
    size = min(whole.numel(), max_voxels)
    for pieces in _PIECES:
        try:
            found = _logits(network, whole, model.multiple, size // pieces)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        else:
            ran_on(network.device)
            if pieces > 1:
                fell(model.name, network.device, "in smaller pieces")
            return found
        release(network.device)  # not before the error is gone, which holds what the network had made
    fell(model.name, network.device, "on the CPU")
    return None


def _tile(shape: tuple[int, ...], multiple: int, max_voxels: int) -> tuple[int, ...]:
    """The largest tile of at most `max_voxels`: the longest side is halved until it fits."""
    sides = list(shape)
    while sides[0] * sides[1] * sides[2] > max_voxels and max(sides) > 2 * multiple:
        longest = sides.index(max(sides))
        sides[longest] = -(-sides[longest] // (2 * multiple)) * multiple
    return tuple(sides)
