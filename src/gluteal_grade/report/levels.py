"""Which slices a reader is shown: a few that matter, chosen from the labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from gluteal_grade.geometry import Array, Volume
from gluteal_grade.imaging import glutei_of
from gluteal_grade.report.landmarks import Profile, landmarks_mm
from gluteal_grade.report.view import View, view_of
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Side

MOST_LEVELS = 5
_MIN_GAP_MM = 8.0  # nearer slices show the same anatomy
_EXTENT_SHARE = 0.05  # of the largest section: less is a tip or stray voxels
_SMOOTH_SLICES = 0.8
_SHOWN = 0.5  # of a muscle's largest section, in a slice chosen already: it needs none of its own
_LANDMARKS = {
    "femoral_head": "Femoral head",
    "joint_top": "Hip-joint top",
    "trochanter": "Greater trochanter",
    "crest_third": "Iliac crest third",
}


@dataclass(frozen=True)
class Level:
    """One slice to show.

    Attributes:
        index: plane along the slice axis, from 0.
        slug: for file names.
        title: for readers.
        estimated: where its bone lies was judged by the muscles.
    """

    index: int
    slug: str
    title: str
    estimated: bool = False


def choose_levels(labels: Volume, slice_axis: int) -> tuple[Level, ...]:
    """One to five distinct slices.

    Axial: iliac crest third, largest section of medius, top of the hip joint, femoral head and greater trochanter, as far as they are in
    view; where that leaves room, the largest sections of muscles not well shown, the upper medius and the lower maximus. Levels that fall
    on one slice share it. Coronal: the largest section of each muscle, the anterior medius and the posterior maximus; sagittal: the largest
    sections of either side.

    Args:
        labels: our own values.
        slice_axis: array axis across the slices.

    Returns:
        superior to inferior (coronal: anterior to posterior; sagittal: right to left); the middle slice if there is no label.
    """
    view = view_of(labels.grid, slice_axis)
    profiles = _profiles(glutei_of(labels).array, slice_axis)
    upwards = view.ends[1] in "RAS"
    gap = max(1, round(_MIN_GAP_MM / view.step_mm))
    chosen: list[Level] = []
    if view.plane == "axial":
        _add_all(chosen, _by_bones(profiles, view, upwards), gap)
        _add_all(chosen, _not_shown(profiles, chosen, upwards), gap)
    else:
        _add_all(chosen, _by_side(profiles) if view.plane == "sagittal" else _by_muscle(profiles, upwards), gap)
    if not chosen:
        # where muscles beside the glutei are all that is labelled, their largest section
        beside = np.count_nonzero(labels.array, axis=tuple({0, 1, 2} - {slice_axis}))
        middle = int(beside.argmax()) if beside.any() else labels.shape[slice_axis] // 2
        chosen = [Level(middle, "middle", "Middle slice")]
    return tuple(sorted(chosen, key=lambda c: -c.index if upwards else c.index))


def _add_all(chosen: list[Level], offered: Iterable[Level], gap: int) -> None:
    """Add what is offered, the most telling first; what lies too near one chosen before is named with it, if it matters as much."""
    for level in offered:
        near = next((n for n, c in enumerate(chosen) if abs(c.index - level.index) < gap), None)
        if near is None and len(chosen) < MOST_LEVELS:
            chosen.append(level)
        elif near is not None and _named(level) and _named(chosen[near]):
            chosen[near] = _merged(chosen[near], level)


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


def _by_bones(profiles: dict[tuple[Muscle, Side], Profile], view: View, upwards: bool) -> Iterator[Level]:
    """The standard levels of axial slices, the most telling first; bones are judged by the muscles."""
    both = _both(profiles)
    if Muscle.GLUTEUS_MEDIUS in both:
        yield Level(_peak(both[Muscle.GLUTEUS_MEDIUS]), "medius", "Largest medius section")
    lowest_first = {key: p if upwards else p[::-1] for key, p in profiles.items()}
    heights = landmarks_mm(lowest_first, view.step_mm)
    labelled = sum(lowest_first.values(), np.zeros(1, np.int64))
    for slug, title in _LANDMARKS.items():
        place = round(heights[slug] / view.step_mm) if slug in heights else -1
        if 0 <= place < labelled.size and labelled[place]:
            yield Level(place if upwards else labelled.size - 1 - place, slug, title, estimated=True)


def _not_shown(profiles: dict[tuple[Muscle, Side], Profile], chosen: list[Level], upwards: bool) -> Iterator[Level]:
    """Levels for what the standard ones leave out: another muscle, or an end of one where no bone could be told."""
    both, slugs = _both(profiles), {level.slug for level in chosen}
    for muscle in (Muscle.GLUTEUS_MINIMUS, Muscle.GLUTEUS_MAXIMUS):
        if muscle in both and max((both[muscle][level.index] for level in chosen), default=0) < _SHOWN * both[muscle].max():
            yield Level(_peak(both[muscle]), muscle.short, f"Largest {muscle.short} section")
    for muscle, word, end, bone in (
        (Muscle.GLUTEUS_MEDIUS, "upper", upwards, "crest_third"),
        (Muscle.GLUTEUS_MAXIMUS, "lower", not upwards, "trochanter"),
    ):
        if muscle in both and bone not in slugs:
            yield Level(_towards(both[muscle], end), f"{word}_{muscle.short}", f"{word.capitalize()} {muscle.short}")


def _by_muscle(profiles: dict[tuple[Muscle, Side], Profile], upwards: bool) -> Iterator[Level]:
    """Levels of coronal slices over both sides, the most telling first."""
    both = _both(profiles)
    for muscle in (Muscle.GLUTEUS_MEDIUS, Muscle.GLUTEUS_MINIMUS, Muscle.GLUTEUS_MAXIMUS):
        if muscle in both:
            yield Level(_peak(both[muscle]), muscle.short, f"Largest {muscle.short} section")
    for muscle, word, end in ((Muscle.GLUTEUS_MEDIUS, "anterior", upwards), (Muscle.GLUTEUS_MAXIMUS, "posterior", not upwards)):
        if muscle in both:
            yield Level(_towards(both[muscle], end), f"{word}_{muscle.short}", f"{word.capitalize()} {muscle.short}")


def _by_side(profiles: dict[tuple[Muscle, Side], Profile]) -> Iterator[Level]:
    for muscle in (Muscle.GLUTEUS_MEDIUS, Muscle.GLUTEUS_MAXIMUS, Muscle.GLUTEUS_MINIMUS):
        for side in (Side.RIGHT, Side.LEFT):
            if (muscle, side) in profiles:
                name = f"{side} {muscle.short}"
                yield Level(_peak(profiles[muscle, side]), name.replace(" ", "_"), f"Largest {name} section")


def _both(profiles: dict[tuple[Muscle, Side], Profile]) -> dict[Muscle, Profile]:
    """Voxels a slice on both sides together."""
    return {m: np.sum([p for (muscle, _), p in profiles.items() if muscle is m], axis=0) for m, _ in profiles}


def _peak(profile: Profile) -> int:
    """The slice with the largest section, of a profile smoothed a little so that one ragged slice does not win."""
    smooth = gaussian_filter1d(profile.astype(np.float64), _SMOOTH_SLICES, mode="nearest")
    return int(np.argmax(np.where(profile > 0, smooth, -1)))


def _towards(profile: Profile, last: bool) -> int:
    """The labelled slice half-way from the largest section to the muscle's end."""
    body = np.flatnonzero(profile >= _EXTENT_SHARE * profile.max())
    middle = (_peak(profile) + int(body[-1 if last else 0])) / 2
    return int(body[np.argmin(np.abs(body - middle))])


def _named(level: Level) -> bool:
    """Whether it shares its slice with another level by name."""
    return level.estimated or level.title.startswith("Largest")


def _merged(a: Level, b: Level) -> Level:
    """One slice for two levels; sections of several muscles in one phrase, anything else with a comma."""
    sections = [level.title.removeprefix("Largest ").removesuffix(" section").removesuffix(" sections") for level in (a, b)]
    if not (a.estimated or b.estimated):
        return Level(a.index, f"{a.slug}_{b.slug}", f"Largest {' and '.join(sections)} sections")
    return Level(a.index, f"{a.slug}_{b.slug}", f"{a.title}, {b.title[0].lower()}{b.title[1:]}", estimated=True)
