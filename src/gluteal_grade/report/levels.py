"""Which slices a reader is shown: a few that matter, chosen from the labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from gluteal_grade.anatomy import LABEL_VALUES, Muscle, Side
from gluteal_grade.geometry import Array, Volume
from gluteal_grade.report.view import View, view_of

MOST_LEVELS = 5
_MIN_GAP_MM = 8.0  # nearer slices show the same anatomy
_EXTENT_SHARE = 0.05  # of the largest section: less is a tip or stray voxels
_SMOOTH_SLICES = 0.8

Profile = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Level:
    """One slice to show.

    Attributes:
        index: plane along the slice axis, from 0.
        slug: for file names.
        title: for readers.
    """

    index: int
    slug: str
    title: str


def choose_levels(labels: Volume, slice_axis: int) -> tuple[Level, ...]:
    """One to five distinct slices: the largest section of each muscle, the upper medius and the lower maximus.

    Coronal slices: the anterior medius and the posterior maximus instead; sagittal: the largest sections of either side.

    Args:
        labels: our own values.
        slice_axis: array axis across the slices.

    Returns:
        superior to inferior (coronal: anterior to posterior; sagittal: right to left); the middle slice if there is no label.
    """
    view = view_of(labels.grid, slice_axis)
    profiles = _profiles(labels.array, slice_axis)
    upwards = view.ends[1] in "RAS"
    offered = _by_side(profiles) if view.plane == "sagittal" else _by_muscle(profiles, view, upwards)
    gap = max(1, round(_MIN_GAP_MM / view.step_mm))
    chosen: list[Level] = []
    for level in offered:
        near = next((n for n, c in enumerate(chosen) if abs(c.index - level.index) < gap), None)
        if near is None and len(chosen) < MOST_LEVELS:
            chosen.append(level)
        elif near is not None and level.title.startswith("Largest") and chosen[near].title.startswith("Largest"):
            chosen[near] = _merged(chosen[near], level)
    if not chosen:
        chosen = [Level(labels.shape[slice_axis] // 2, "middle", "Middle slice")]
    return tuple(sorted(chosen, key=lambda c: -c.index if upwards else c.index))


def with_left_out(levels: tuple[Level, ...], labels: Volume, excluded: Volume | None, slice_axis: int) -> tuple[Level, ...]:
    """The levels and, if none is near it, the slice where most of the muscles was left out (beside metal, by the user)."""
    if excluded is None:
        return levels
    lost = ((labels.array > 0) & (excluded.array > 0)).sum(axis=tuple({0, 1, 2} - {slice_axis}))
    worst = int(np.argmax(lost))
    view = view_of(labels.grid, slice_axis)
    if not lost[worst] or any(abs(level.index - worst) < max(1, round(_MIN_GAP_MM / view.step_mm)) for level in levels):
        return levels
    upwards = view.ends[1] in "RAS"
    return tuple(sorted((*levels, Level(worst, "left_out", "Most left out")), key=lambda c: -c.index if upwards else c.index))


def _profiles(array: Array, slice_axis: int) -> dict[tuple[Muscle, Side], Profile]:
    """Voxels a slice, per muscle and side that is labelled."""
    flat = np.flatnonzero(array)
    values = array.ravel()[flat]
    slices = np.unravel_index(flat, array.shape)[slice_axis]
    profiles: dict[tuple[Muscle, Side], Profile] = {}
    for value in np.unique(values):
        part = LABEL_VALUES.get(int(value))
        if part is not None:
            counts = np.bincount(slices[values == value], minlength=array.shape[slice_axis])
            key = (part.muscle, part.side)
            profiles[key] = profiles[key] + counts if key in profiles else counts
    return profiles


def _by_muscle(profiles: dict[tuple[Muscle, Side], Profile], view: View, upwards: bool) -> Iterator[Level]:
    """Levels over both sides, the most telling first."""
    both = {m: np.sum([p for (muscle, _), p in profiles.items() if muscle is m], axis=0) for m, _ in profiles}
    for muscle in (Muscle.GLUTEUS_MEDIUS, Muscle.GLUTEUS_MINIMUS, Muscle.GLUTEUS_MAXIMUS):
        if muscle in both:
            yield Level(_peak(both[muscle]), _short(muscle), f"Largest {_short(muscle)} section")
    first, last = ("upper", "lower") if view.plane == "axial" else ("anterior", "posterior")
    for muscle, word, end in ((Muscle.GLUTEUS_MEDIUS, first, upwards), (Muscle.GLUTEUS_MAXIMUS, last, not upwards)):
        if muscle in both:
            yield Level(_towards(both[muscle], end), f"{word}_{_short(muscle)}", f"{word.capitalize()} {_short(muscle)}")


def _by_side(profiles: dict[tuple[Muscle, Side], Profile]) -> Iterator[Level]:
    for muscle in (Muscle.GLUTEUS_MEDIUS, Muscle.GLUTEUS_MAXIMUS, Muscle.GLUTEUS_MINIMUS):
        for side in (Side.RIGHT, Side.LEFT):
            if (muscle, side) in profiles:
                name = f"{side} {_short(muscle)}"
                yield Level(_peak(profiles[muscle, side]), name.replace(" ", "_"), f"Largest {name} section")


def _short(muscle: Muscle) -> str:
    return muscle.removeprefix("gluteus_")


def _peak(profile: Profile) -> int:
    """The slice with the largest section, of a profile smoothed a little so that one ragged slice does not win."""
    smooth = gaussian_filter1d(profile.astype(np.float64), _SMOOTH_SLICES, mode="nearest")
    return int(np.argmax(np.where(profile > 0, smooth, -1)))


def _towards(profile: Profile, last: bool) -> int:
    """The labelled slice half-way from the largest section to the muscle's end."""
    body = np.flatnonzero(profile >= _EXTENT_SHARE * profile.max())
    middle = (_peak(profile) + int(body[-1 if last else 0])) / 2
    return int(body[np.argmin(np.abs(body - middle))])


def _merged(a: Level, b: Level) -> Level:
    names = [level.title.removeprefix("Largest ").removesuffix(" section").removesuffix(" sections") for level in (a, b)]
    return Level(a.index, f"{a.slug}_{b.slug}", f"Largest {' and '.join(names)} sections")
