"""Dice on a fixed set of synthetic patches, to follow a run by."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from gluteal_grade_lab.training.patches import Sample


def make_validation(sampler: Callable[[int], Sample], count: int, names: tuple[str, ...]) -> Callable[[nn.Module], dict[str, float]]:
    """A function that scores a network on the samples 0..count-1.

    Args:
        sampler: samples of bodies that are not trained on.
        count: how many.
        names: of the classes 1, 2, ...

    Returns:
        Function of a network; its result is the Dice of each class, voxels of all samples pooled.
    """
    samples = [sampler(index) for index in range(count)]

    @torch.inference_mode()
    def validate(network: nn.Module) -> dict[str, float]:
        device = next(network.parameters()).device
        both, sizes = torch.zeros(len(names)), torch.zeros(len(names))
        for sample in samples:
            image = sample.image[None, None].to(device)
            found = network(image).argmax(1)[0].cpu()
            for index in range(len(names)):
                here, truth = found == index + 1, sample.labels == index + 1
                both[index] += (here & truth).sum()
                sizes[index] += here.sum() + truth.sum()
        return {name: float(2 * both[i] / sizes[i].clamp(min=1)) for i, name in enumerate(names)}

    return validate
