"""The loss of a segmentation of which only some classes are known."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_NEVER = -1e4  # a score that leaves a class no probability, and no NaN


def merged(scores: Tensor, labels: Tensor, unknown: Tensor) -> tuple[Tensor, Tensor]:
    """Scores and labels in which unknown classes are background: their probabilities add up.

    Args:
        scores: (samples, classes, x, y, z).
        labels: (samples, x, y, z) class numbers.
        unknown: (samples, classes) bool; never the background.
    """
    if not bool(unknown.any()):
        return scores, labels
    parts, numbers = [], []
    for one, label, lacking in zip(scores, labels, unknown, strict=True):
        if not bool(lacking.any()):
            parts.append(one)
            numbers.append(label)
            continue
        together = lacking.clone()
        together[0] = True
        background = torch.logsumexp(one[together], 0, keepdim=True)
        rest = torch.where(lacking[1:, None, None, None], torch.full_like(one[1:], _NEVER), one[1:])
        parts.append(torch.cat([background, rest]))
        numbers.append(torch.where(lacking[label], torch.zeros_like(label), label))
    return torch.stack(parts), torch.stack(numbers)


class KnownDiceCE(nn.Module):
    """Weighted cross-entropy plus Dice over the classes that a sample holds and knows.

    Dice of a class that is not there is 1 whatever the network does and only pushes rare classes down: with small patches and few
    samples a step, minimus was never learnt. The cross-entropy keeps absent classes absent.

    Args:
        class_weights: of the cross-entropy, background first.
        main: the first so many classes after the background count fully in the Dice, the others a third.
    """

    def __init__(self, class_weights: tuple[float, ...], main: int = 3) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor(class_weights))
        shares = torch.full((len(class_weights),), 1 / 3)
        shares[: main + 1] = 1.0
        self.register_buffer("shares", shares)

    def forward(self, scores: Tensor, labels: Tensor, unknown: Tensor | None = None) -> Tensor:
        """Loss of (samples, classes, x, y, z) scores against (samples, 1, x, y, z) class numbers; `unknown` (samples, classes) bool."""
        weights: Tensor = self.get_buffer("weights")
        lacking = torch.zeros(scores.shape[:2], dtype=torch.bool, device=scores.device) if unknown is None else unknown
        scores, numbers = merged(scores, labels[:, 0], lacking)
        logs = nn.functional.log_softmax(scores, 1)
        loss = nn.functional.nll_loss(logs, numbers, weight=weights)
        overlap = self._dice(logs.exp(), numbers)
        return loss if overlap is None else loss + overlap

    def _dice(self, probabilities: Tensor, numbers: Tensor) -> Tensor | None:
        shares: Tensor = self.get_buffer("shares")
        total, used = torch.zeros((), device=probabilities.device), 0.0
        for one, label in zip(probabilities, numbers, strict=True):
            counts = torch.bincount(label.flatten(), minlength=len(shares))
            there = one.gather(0, label[None])[0].flatten()
            both = torch.zeros(len(shares), device=one.device).index_add(0, label.flatten(), there)
            sizes = one.flatten(1).sum(1) + counts
            for number in range(1, len(shares)):
                if int(counts[number]):
                    total = total + shares[number] * (1 - (2 * both[number] + 1e-5) / (sizes[number] + 1e-5))
                    used += float(shares[number])
        return total / used if used else None
