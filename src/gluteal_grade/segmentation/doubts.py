"""What may be wrong with a label map, check by check; `checks.check` calls them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from gluteal_grade.config import ChecksSettings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Box, Coverage, Key, Mask, muscles_of, pieces
from gluteal_grade.segmentation.fan import Points
from gluteal_grade.segmentation.order import backward_normal, outward_normal, share_in_order
from gluteal_grade.segmentation.trust import outline_trust
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Side

_MANY_POINTS = 20_000  # enough to tell where a muscle lies
_DEEP_FIRST = sorted((m for m in Muscle if m.facts.layer), key=lambda m: -(m.facts.layer or 0))
_HALF = 0.5  # what `coverage` says of a muscle that the picture cuts where it is widest: half or less


@dataclass(frozen=True)
class Doubt:
    """One failed check of one muscle of one side."""

    key: Key
    reason: Reason
    detail: str


@dataclass(frozen=True, eq=False)
class Labelled:
    """A label map and what is known about it; see `checks.check`."""

    labels: Volume
    views: Mapping[Key, Coverage]
    settings: ChecksSettings

    @cached_property
    def muscles(self) -> dict[Key, tuple[Mask, Box]]:
        """Each muscle, cropped, and where it was."""
        return muscles_of(self.labels)

    @cached_property
    def voxels(self) -> dict[Key, npt.NDArray[np.intp]]:
        """(n, 3) voxel indices of each muscle."""
        return {key: np.argwhere(mask) + [s.start for s in box] for key, (mask, box) in self.muscles.items()}

    @cached_property
    def points(self) -> dict[Key, Points]:
        """(n, 3) RAS+ mm of each muscle, thinned where there are very many."""
        thin = {key: v[:: 1 + len(v) // _MANY_POINTS] for key, v in self.voxels.items()}
        return {key: np.asarray(self.labels.grid.to_world(v), np.float64) for key, v in thin.items()}

    def volume_ml(self, key: Key) -> float:
        """Volume of one muscle."""
        return len(self.voxels[key]) * self.labels.grid.voxel_volume_ml

    @property
    def both(self) -> list[Muscle]:
        """Muscles that are labelled on both sides."""
        return [m for m in Muscle if all((m, s) in self.voxels for s in Side)]

    @property
    def both_glutei(self) -> list[Muscle]:
        """Of these, the glutei."""
        return [m for m in self.both if not m.optional]


def in_pieces(given: Labelled) -> Iterator[Doubt]:
    """A second piece of some size, some way off."""
    grid = given.labels.grid
    for key, (mask, _) in given.muscles.items():
        numbers, counts = pieces(mask)
        largest = int(counts.argmax())
        others = np.flatnonzero(counts > given.settings.piece_share * counts[largest])
        if len(others) == 1:
            continue
        away_mm = distance_transform_edt(numbers != largest + 1, sampling=grid.spacing_mm)
        allowed_mm = given.settings.piece_gap_mm + max(grid.spacing_mm)  # between centres, not surfaces
        far = [n for n in others if n != largest and away_mm[numbers == n + 1].min() > allowed_mm]
        if far:
            count = int(max(counts[n] for n in far))
            ml = count * grid.voxel_volume_ml
            yield Doubt(key, Reason.LABEL_IN_PIECES, f"a separate piece of {ml:.1f} ml, {count / counts[largest]:.0%} of the largest")


def across_the_midline(given: Labelled) -> Iterator[Doubt]:
    """Voxels on the other side of the plane half-way between the two sides' glutei; needs both sides."""
    ends = [[given.points[m, s].mean(axis=0) for m in given.both_glutei] for s in (Side.LEFT, Side.RIGHT)]
    if not ends[0]:
        return
    left, right = (np.mean(e, axis=0) for e in ends)
    for key, points in given.points.items():
        beyond = (points - (left + right) / 2) @ (right - left)
        share = float(np.mean(beyond < 0 if key[1] is Side.RIGHT else beyond > 0))
        if share > given.settings.max_stray_share:
            yield Doubt(key, Reason.LABEL_OTHER_SIDE, f"{share:.0%} of it lies across the midline")


def not_located(given: Labelled, located: Volume) -> Iterator[Doubt]:
    """The coarse look, which looks for the glutei, saw none of this side there."""
    seen = np.zeros(256, np.uint8)
    for value, part in LABEL_VALUES.items():
        seen[value] = 1 if part.side is Side.RIGHT else 2
    for key, points in given.points.items():
        if key[0].optional:
            continue
        at = np.rint(located.grid.to_voxel(points)).astype(np.intp)
        inside = ((at >= 0) & (at < located.shape)).all(axis=1)
        sides = seen[located.array[tuple(at[inside].T)]]
        share = np.count_nonzero(sides == (1 if key[1] is Side.RIGHT else 2)) / len(points)
        if share < given.settings.min_located_share:
            yield Doubt(key, Reason.LABEL_NOT_LOCATED, f"the coarse look saw gluteal muscle of this side in {share:.0%} of it")


def unproven(given: Labelled) -> Iterator[Doubt]:
    """A muscle whose automatic outline is not good enough on real images, however sure the network is."""
    for key in given.voxels:
        if key[0] in given.settings.always_review:
            yield Doubt(key, Reason.OUTLINE_UNPROVEN, "a network's outline of this muscle is an estimate")


def implausible_volume(given: Labelled) -> Iterator[Doubt]:
    """Larger than in any adult; or smaller, the part out of view allowed for."""
    for key in given.voxels:
        volume, view = given.volume_ml(key), given.views[key]
        low, high = given.settings.volume_ml.of(key[0])
        if volume > high:
            yield Doubt(key, Reason.VOLUME_IMPLAUSIBLE, f"{volume:.0f} ml, more than {high:g} ml")
        elif volume < low * view.share and view.share > _HALF:
            part = f" with about {view.share:.0%} in view" if view.borders else ""
            yield Doubt(key, Reason.VOLUME_IMPLAUSIBLE, f"{volume:.1f} ml{part}, less than {low:g} ml")


def out_of_order(given: Labelled) -> Iterator[Doubt]:
    """Minimus must lie deep to medius, medius deep to maximus; a pair out of order throws doubt on both."""
    for side in Side:
        for deep, superficial in pairwise(_DEEP_FIRST):
            one, other = (given.points.get((m, side)) for m in (deep, superficial))
            if one is None or other is None or min(len(one), len(other)) < given.settings.min_voxels:
                continue
            normal = backward_normal(other) if superficial is Muscle.GLUTEUS_MAXIMUS else outward_normal(one, side)
            share = share_in_order(one, other, normal)
            if share is not None and share < given.settings.min_in_order:
                for muscle, word, partner in ((superficial, "covers", deep), (deep, "lies deep to", superficial)):
                    yield Doubt((muscle, side), Reason.MUSCLE_ORDER, f"it {word} {partner.words} in {share:.0%} of where they overlap")


def unequal_sides(given: Labelled) -> Iterator[Doubt]:
    """One side a fraction of the other, both whole in view."""
    for muscle in given.both:
        keys = [(muscle, s) for s in Side]
        volumes = [given.volume_ml(k) for k in keys]
        whole = not any(given.views[k].borders for k in keys)
        if whole and min(volumes) < given.settings.min_side_ratio * max(volumes):
            for key in keys:
                yield Doubt(key, Reason.SIDES_UNEQUAL, f"{volumes[0]:.0f} ml right, {volumes[1]:.0f} ml left")


def little_trust(given: Labelled, uncertainty: Volume, located: Volume | None) -> Iterator[Doubt]:
    """Outlines of glutei that are more likely bad than good."""
    settings = given.settings.trust
    for key, trust in outline_trust(given.labels, uncertainty, located, settings).items():
        if trust < settings.least:
            yield Doubt(key, Reason.LABEL_UNCERTAIN, f"outline trust {trust:.2f}, {settings.least:g} asked")


def uncertain_beside(given: Labelled, beside: Volume) -> Iterator[Doubt]:
    """The segmenter's own doubt, averaged over a muscle beside the glutei."""
    for key, voxels in given.voxels.items():
        if not key[0].optional:
            continue
        mean = float(beside.array[tuple(voxels.T)].mean(dtype=np.float64))
        if mean > given.settings.max_uncertainty:
            yield Doubt(key, Reason.LABEL_UNCERTAIN, f"mean uncertainty {mean:.2f}, {given.settings.max_uncertainty:g} allowed")


def little_in_view(given: Labelled) -> Iterator[Doubt]:
    """Most of the muscle is out of view, or at least half and what is left is less than any adult's muscle."""
    for key in given.voxels:
        share, volume = given.views[key].share, given.volume_ml(key)
        if share < given.settings.min_view:
            yield Doubt(key, Reason.LITTLE_IN_VIEW, f"about {share:.0%} in view")
        elif share <= _HALF and volume < given.settings.volume_ml.of(key[0])[0]:
            yield Doubt(key, Reason.LITTLE_IN_VIEW, f"{volume:.0f} ml, cut where it is widest")
