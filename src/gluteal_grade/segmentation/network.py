"""One image through a network, whole where memory allows."""

from __future__ import annotations

import torch
from monai.inferers.utils import sliding_window_inference

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.geometry import Array
from gluteal_grade.segmentation.weights import Model

_OVERLAP = 0.25


def probabilities(model: Model, image: Array, max_voxels: int) -> Array:
    """Probability of each class at each voxel.

    The forward pass on a CPU is deterministic for a given number of threads, so nothing is forced here.

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
    try:
        with torch.inference_mode():
            if image.size <= max_voxels:
                logits = model.network(whole)
            else:
                tile = _tile(image.shape, model.multiple, max_voxels)
                logits = sliding_window_inference(whole, tile, 1, model.network, overlap=_OVERLAP, mode="gaussian")
            return torch.softmax(torch.as_tensor(logits)[0], 0).numpy()
    except RuntimeError as error:
        if "memory" in str(error).lower():  # torch's allocator has no type of its own
            raise TransientFailure(Reason.OUT_OF_MEMORY, f"the network needs more memory for {image.size} voxels") from error
        raise


def _tile(shape: tuple[int, ...], multiple: int, max_voxels: int) -> tuple[int, ...]:
    """The largest tile of at most `max_voxels`: the longest side is halved until it fits."""
    sides = list(shape)
    while sides[0] * sides[1] * sides[2] > max_voxels and max(sides) > 2 * multiple:
        longest = sides.index(max(sides))
        sides[longest] = -(-sides[longest] // (2 * multiple)) * multiple
    return tuple(sides)
