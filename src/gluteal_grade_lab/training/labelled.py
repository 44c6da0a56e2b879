"""Real images with labels, BIDS-like, as training samples: what a lab fine-tunes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import distance_transform_edt

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import FloatArray, Grid, Volume, upright_grid
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.segmentation.look import field_of_view
from gluteal_grade.segmentation.look import look as seen_on
from gluteal_grade.segmentation.numbering import Numbering
from gluteal_grade.segmentation.thin_fat import with_thin_fat
from gluteal_grade.vocabulary import GLUTEI, SeriesKind, Side
from gluteal_grade_lab.training.classes import beside_the_muscles
from gluteal_grade_lab.training.deform import turn as rotation
from gluteal_grade_lab.training.metrics import muscle_value, whole_muscles
from gluteal_grade_lab.training.pairs import Pair, find_pairs
from gluteal_grade_lab.training.patches import Sample

_RUN = 8  # samples in a row from one image, so that reading it is not the cost
_HELD = 4
_POINTS = 3000
_FAR_MM = 1000.0
_COARSE_MM = 5.0  # as the locator's labels, which tell where fat is looked for
_CENTRED = 0.7  # in use the locator hands a hip over centred
_OFF_CENTRE_MM = (8.0, 25.0)


@dataclass(frozen=True, eq=False)
class _Loaded:
    """A pair in memory.

    Attributes:
        image: as the look gets it.
        shapes: see `_shapes`.
        places: per side that is labelled, some of its voxels, RAS+ mm (n, 3).
    """

    image: Volume
    shapes: dict[Side, dict[int, Volume]]
    places: dict[Side, FloatArray]


class LabelledSampler:
    """Draws samples from labelled images, as `patches.Sampler` does from bodies.

    Args:
        pairs: see `find_pairs`.
        numbering: of their label maps.
        look: "hip" (one hip, left ones mirrored) or "locator" (both sides).
        patch: voxels of a sample.
        spacing_mm: their size.
        seed: sample `i` depends on (seed, i) alone.

    Raises:
        ValueError: no pairs, or no such look.
    """

    def __init__(
        self, pairs: tuple[Pair, ...], numbering: Numbering, look: str, patch: tuple[int, int, int], spacing_mm: float, seed: int = 0
    ) -> None:
        if not pairs or look not in ("hip", "locator"):
            raise ValueError("labelled samples need a pair of image and labels, and a look: hip or locator")
        self.pairs, self.numbering, self.look = pairs, numbering, look
        self.patch, self.spacing_mm, self.seed = patch, spacing_mm, seed
        self._held: dict[int, _Loaded] = {}

    def __call__(self, index: int) -> Sample:
        """Sample number `index`."""
        pair = int(np.random.default_rng((self.seed, 1, index // _RUN)).integers(len(self.pairs)))
        rng = np.random.default_rng((self.seed, 0, index))
        loaded = self._load(pair)
        sides = tuple(loaded.places)
        side = sides[int(rng.integers(len(sides)))]
        grid = _grid(loaded.places[side], self.patch, self.spacing_mm, self.look == "hip" and side is Side.LEFT, rng)
        ct = self.pairs[pair].image.kind is SeriesKind.CT
        image = _vary(seen_on(loaded.image, grid, ct=ct), rng)
        labels = _classes(loaded.shapes, grid, _order(self.look, side))
        return Sample(torch.from_numpy(image), torch.from_numpy(labels), self.pairs[pair].image.kind.value, beside_the_muscles(self.look))

    def _load(self, number: int) -> _Loaded:
        if number not in self._held:
            while len(self._held) >= _HELD:
                del self._held[next(iter(self._held))]
            self._held[number] = self._read(number)
        return self._held[number]

    def _read(self, number: int) -> _Loaded:
        pair = self.pairs[number]
        values = np.asarray(np.rint(read_volume(pair.labels).array), np.int64)
        image = pair.image.load()
        labels = Volume(whole_muscles(self.numbering.translate(values)), image.affine)
        places = {}
        for side in Side:
            inside = np.argwhere(np.isin(labels.array, [muscle_value(m, side) for m in GLUTEI]))
            if inside.size:
                places[side] = labels.grid.to_world(inside[:: max(len(inside) // _POINTS, 1)])
        if not places:
            raise RefusedInput(Reason.LABELS_EMPTY, f"{pair.name}: no value of the numbering in the label map")
        if self.look == "hip":
            coarse = labels.resampled(upright_grid(*field_of_view(labels.grid), _COARSE_MM), labels=True)
            image = with_thin_fat(image, coarse, load_settings().segmentation.hip.thin_fat, ct=pair.image.kind is SeriesKind.CT)
        return _Loaded(image, _shapes(labels), places)


def _order(look: str, side: Side) -> tuple[int, ...]:
    """Label values of the classes 1, 2, ..."""
    sides = (side,) if look == "hip" else (Side.RIGHT, Side.LEFT)
    return tuple(muscle_value(muscle, one) for one in sides for muscle in GLUTEI)


def _grid(places: FloatArray, patch: tuple[int, int, int], spacing_mm: float, mirrored: bool, rng: np.random.Generator) -> Grid:
    """A patch on a hip or, less often, somewhere near a muscle; turned by some degrees, a little larger or smaller."""
    if rng.random() < _CENTRED:
        centre = (places.min(axis=0) + places.max(axis=0)) / 2 + rng.normal(0, _OFF_CENTRE_MM[0], 3)
    else:
        centre = places[int(rng.integers(len(places)))] + rng.normal(0, _OFF_CENTRE_MM[1], 3)
    turn = rotation(np.radians(rng.normal(0, (6.0, 4.0, 4.0))))
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-1.0 if mirrored else 1.0, 1.0, 1.0]) * (spacing_mm * float(np.exp(rng.normal(0, 0.07))))
    affine[:3, 3] = centre - affine[:3, :3] @ ((np.array(patch) - 1) / 2)
    return Grid(patch, affine)


def _signed_mm(mask: npt.NDArray[np.bool_], image: Volume) -> Volume:
    """Distance to the mask's surface, positive inside, in a box around it.

    Interpolated between thick slices it moves the outline gradually (Raya & Udupa 1990), where masks would leave stairs.
    """
    used = np.argwhere(mask)
    start, stop = np.maximum(used.min(axis=0) - 2, 0), np.minimum(used.max(axis=0) + 3, mask.shape)
    box = mask[tuple(slice(i, j) for i, j in zip(start, stop, strict=True))]
    distance = distance_transform_edt(box, sampling=image.spacing_mm) - distance_transform_edt(~box, sampling=image.spacing_mm)
    affine = image.affine.copy()
    affine[:3, 3] = image.grid.to_world(start)
    return Volume(distance.astype(np.float32), affine)


def _shapes(labels: Volume) -> dict[Side, dict[int, Volume]]:
    """Per side that is labelled: label value to signed distance; 0 to that of all three together."""
    shapes: dict[Side, dict[int, Volume]] = {}
    for side in Side:
        masks = {value: labels.array == value for value in (muscle_value(m, side) for m in GLUTEI)}
        there = {value: mask for value, mask in masks.items() if mask.any()}
        if there:
            everything = np.logical_or.reduce(list(there.values()))
            shapes[side] = {value: _signed_mm(mask, labels) for value, mask in {0: everything, **there}.items()}
    return shapes


def _classes(shapes: dict[Side, dict[int, Volume]], grid: Grid, order: tuple[int, ...]) -> np.ndarray:
    """Class numbers on the patch: whichever of the muscles and the rest a voxel lies deepest in. uint8."""
    classes = np.zeros(grid.shape, np.uint8)
    deepest = np.full(grid.shape, _FAR_MM, np.float32)
    for shape in shapes.values():
        if set(shape) & set(order):
            deepest = np.minimum(deepest, -shape[0].resampled(grid, fill=-_FAR_MM).array)
    for shape in shapes.values():
        for value in set(shape) & set(order):
            depth = shape[value].resampled(grid, fill=-_FAR_MM).array
            deeper = depth > deepest
            classes[deeper] = order.index(value) + 1
            deepest = np.where(deeper, depth, deepest)
    return classes


def _vary(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another scale and some noise inside the field of view; float32, 0-1."""
    inside = image > 0
    bent = image ** np.float32(np.exp(rng.normal(0, 0.2))) * np.float32(rng.uniform(0.85, 1.1))
    noisy = bent + np.float32(rng.uniform(0, 0.03)) * rng.standard_normal(image.shape, np.float32)
    return np.where(inside, np.clip(noisy, 0, 1), np.float32(0)).astype(np.float32)


def labelled_patches(
    folder: Path, numbering: Numbering, patch: tuple[int, int, int], rng: np.random.Generator, spacing_mm: float = 1.5, look: str = "hip"
) -> Iterator[Sample]:
    """Samples without end from a BIDS-like folder; see `find_pairs` and `LabelledSampler`, whose errors it raises."""
    sampler = LabelledSampler(find_pairs(folder, numbering), numbering, look, patch, spacing_mm, int(rng.integers(2**31)))
    index = 0
    while True:
        yield sampler(index)
        index += 1


@dataclass(frozen=True)
class Mixed:
    """Two samplers in one, as the trainer wants it: sample `i` depends on `i` and `seed` alone.

    Attributes:
        usual: takes the rest.
        other: takes `share` of the samples.
        share: 0-1.
        seed: which sample comes from which.
    """

    usual: Callable[[int], Sample]
    other: Callable[[int], Sample]
    share: float
    seed: int = 0

    def __call__(self, index: int) -> Sample:
        """Sample number `index`."""
        takes = np.random.default_rng((self.seed, 2, index)).random() < self.share
        return self.other(index) if takes else self.usual(index)
