"""Training samples of what is no hip: without them a network that learnt on real hips finds muscle in every real-looking picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.segmentation.look import look as seen_on
from gluteal_grade_lab.training.classes import CLASSES
from gluteal_grade_lab.training.deform import turn as rotation
from gluteal_grade_lab.training.patches import Sample
from gluteal_grade_lab.training.strangers import STRANGERS

# Knees and empty fields are left for `evaluate --only refusals`, so that it sees something no network was trained on.
DRAWN = ("brain, T1", "brain, T2", "calves, T1", "water bottle", "noise", "blobs")
_RUN = 8  # samples in a row from one picture: drawing it is the cost
_IN_LIMBS = ("femur", "other_muscle")  # a calf has muscle and bone: which of the classes they are is not said
_LEVELS = 6  # of the random curve that gives a picture another contrast


class NoHipSampler:
    """Draws samples without a gluteal muscle, each labelled background throughout.

    Args:
        look: "hip" or "locator".
        patch: voxels of a sample.
        spacing_mm: their size.
        seed: sample `i` depends on (seed, i) alone.
        kinds: of `strangers.STRANGERS`.
    """

    def __init__(self, look: str, patch: tuple[int, int, int], spacing_mm: float, seed: int = 0, kinds: Sequence[str] = DRAWN) -> None:
        self.patch, self.spacing_mm, self.seed, self.kinds = patch, spacing_mm, seed, tuple(kinds)
        self._unknown = tuple(1 + i for i, name in enumerate(CLASSES[look]) if name.startswith(_IN_LIMBS))
        self._held: tuple[int, str, Volume] | None = None

    def __call__(self, index: int) -> Sample:
        """Sample number `index`."""
        kind, picture = self._picture(index // _RUN)
        rng = np.random.default_rng((self.seed, 5, index))
        image = seen_on(picture, _anywhere(picture.grid, self.patch, self.spacing_mm, rng), ct=False)
        unknown = self._unknown if kind.startswith("calves") else ()
        return Sample(torch.from_numpy(image), torch.zeros(self.patch, dtype=torch.uint8), kind, unknown)

    def _picture(self, number: int) -> tuple[str, Volume]:
        if self._held is None or self._held[0] != number:
            rng = np.random.default_rng((self.seed, 4, number))
            kind = self.kinds[int(rng.integers(len(self.kinds)))]
            self._held = number, kind, _other_contrast(STRANGERS[kind](int(rng.integers(2**31))), rng)
        return self._held[1:]


def _other_contrast(picture: Volume, rng: np.random.Generator) -> Volume:
    """The same shapes under a random curve; half the time as drawn."""
    if rng.random() < 0.5:
        return picture
    top = float(picture.array.max()) or 1.0
    levels = np.concatenate([[0.0], rng.uniform(0.05, 1.0, _LEVELS - 1)])
    return picture.with_array(np.interp(picture.array / top, np.linspace(0, 1, _LEVELS), levels).astype(np.float32) * 1000)


def _anywhere(grid: Grid, patch: tuple[int, int, int], spacing_mm: float, rng: np.random.Generator) -> Grid:
    """A patch around a point of the picture, turned by some degrees, mirrored half the time."""
    centre = grid.to_world(rng.uniform(0.2, 0.8, 3) * (np.array(grid.shape) - 1))
    turn = rotation(np.radians(rng.normal(0, (6.0, 4.0, 4.0))))
    affine = np.eye(4)
    mirror = float(rng.choice((-1.0, 1.0)))
    affine[:3, :3] = turn @ np.diag([mirror, 1.0, 1.0]) * (spacing_mm * float(np.exp(rng.normal(0, 0.1))))
    affine[:3, 3] = centre - affine[:3, :3] @ ((np.array(patch) - 1) / 2)
    return Grid(patch, affine)
