"""Regions of whole-muscle labels by rule: minimus anterior/(middle/)posterior, medius anterior/middle/posterior, maximus upper/lower.

No study gives an exact border (see docs/explanation/regions.md), so the rule is ours, named in every result, and a setting:

- minimus, medius `by: angle`: the muscle is a fan of fibres seen from the trochanter (`fan.Fan`). A border lies at a share of the angle
  between its front and its back edge; `cuts: [0.5]` is half way, `[0.667]` gives the anterior two thirds, `[0.333, 0.667]` thirds.
- maximus `by: width`: its fibres run parallel, down and outwards by `fibre_deg`. A border runs along them at a share of the muscle's
  width across them.
- `by: volume`: the same directions, but the border lies where that share of the *volume* is in front of it (above it).

Angle and width are the defaults because a border by volume moves with the disease: where one part shrinks the border wanders into the
other, both volumes stay what the rule says, and fat of one part is counted in the other. An angle depends on the edges of the muscle only.
Edges are percentiles, so that a ragged voxel does not move them, of what lies farther than half of the fan's reach from its apex, where
a voxel is wide enough in angle to be trusted.

A user's labels that tell regions apart are left as they are. What cannot be told is not guessed: a muscle that leaves the picture, that
is too small, or whose end at the trochanter is out of view stays whole, with a note.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gluteal_grade.config import RegionRule, RegionSettings
from gluteal_grade.errors import Note, Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Coverage, Key, voxels_of
from gluteal_grade.segmentation.fan import Fan, Points, fan_of, in_plane, sheet_normal
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Part, Region, Side, division, label_value

GIVEN = "given with the labels"
_EDGES = (2.0, 98.0)  # percentiles
_FAR = 0.5  # of the reach of the farthest voxels
_LEAST_PLANES = 3  # along each axis: fewer have no direction
_LEVEL = 0.9  # cosine between a muscle's sheet and the horizontal; upright and turned by 30 degrees the glutei stay below 0.7
_UP = np.array([0.0, 0.0, 1.0])
_FACES = {"left": (0, 0), "right": (0, 1), "posterior": (1, 0), "anterior": (1, 1), "inferior": (2, 0), "superior": (2, 1)}


@dataclass(frozen=True)
class Split:
    """Labels with regions.

    Attributes:
        labels: as given, voxels of split muscles with their region's value.
        rules: for each muscle that has regions, e.g. ``"right gluteus_minimus"``, where they come from.
        notes: muscles that stay whole, and why.
    """

    labels: Volume
    rules: dict[str, str]
    notes: tuple[Note, ...]


@dataclass(frozen=True, eq=False)
class _Whole:
    """One muscle of one side: (n, 3) voxel indices and RAS+ mm, whether its regions were given, and why it may not be split.

    `faces_mm2` are the areas of a voxel's face across each array axis.
    """

    voxels: npt.NDArray[np.intp]
    points: Points
    faces_mm2: Points
    view: Coverage
    given: bool
    doubt: str


def split(labels: Volume, views: Mapping[Key, Coverage], settings: RegionSettings) -> Split:
    """Give every whole muscle its regions, where they can be told.

    Args:
        labels: uint8 RAS+, values of `anatomy.LABEL_VALUES`.
        views: `coverage.views_of` of the same labels.
        settings: rules.
    """
    array, notes = labels.array.copy(), []
    rules: dict[str, str] = {}
    muscles = {key: _whole(labels, voxels, views[key], settings) for key, voxels in voxels_of(labels).items()}
    fans = {side: _fan(muscles, side, settings) for side in Side}
    for (muscle, side), whole in muscles.items():
        rule, fan = settings.rule(muscle), fans[side]
        name = f"{side} {muscle}"
        if whole.given:
            rules[name] = GIVEN
        elif rule.cuts:
            number = _numbers(muscle, side, whole, fan, settings)
            if isinstance(number, str):
                notes.append(Note(Reason.REGIONS_NOT_SPLIT, f"{side} {muscle.words}: not split into regions, {number}"))
                continue
            array[tuple(whole.voxels.T)] = _values(muscle, side, len(rule.cuts))[number]
            axes = "the muscles" if isinstance(fan, Fan) and fan.own else "the image header"
            rules[name] = f"by rule: {rule.by}, borders at {', '.join(f'{c:.3g}' for c in rule.cuts)}; vertical from {axes}"
    return Split(labels.with_array(array), rules, tuple(notes))


def _whole(labels: Volume, voxels: npt.NDArray[np.intp], view: Coverage, settings: RegionSettings) -> _Whole:
    given = any(LABEL_VALUES[int(v)].region is not Region.WHOLE for v in np.unique(labels.array[tuple(voxels.T)]))
    points = np.asarray(labels.grid.to_world(voxels), np.float64)
    volume_ml = len(voxels) * labels.grid.voxel_volume_ml
    doubt = ""
    if volume_ml < settings.min_ml:
        doubt = f"{volume_ml:.1f} ml, {settings.min_ml:g} ml needed"
    elif view.share < settings.min_view:
        doubt = f"about {view.share:.0%} in view, {settings.min_view:.0%} needed"
    elif np.ptp(voxels, axis=0).min() < _LEAST_PLANES - 1:
        doubt = f"labelled in fewer than {_LEAST_PLANES} slices"
    elif abs(sheet_normal(points) @ _UP) > _LEVEL:
        doubt = "it lies level: neither front nor top can be told"
    faces_mm2 = 1000 * labels.grid.voxel_volume_ml / np.array(labels.spacing_mm)
    return _Whole(voxels, points, faces_mm2, view, given, doubt)


def _fan(muscles: Mapping[Key, _Whole], side: Side, settings: RegionSettings) -> Fan | str:
    """The frame of a hip, or why there is none."""
    minimus, medius = (muscles.get((m, side)) for m in (Muscle.GLUTEUS_MINIMUS, Muscle.GLUTEUS_MEDIUS))
    if minimus is not None and minimus.doubt:
        minimus = None  # its plane would not be the blade's
    if medius is not None and medius.doubt and minimus is None:
        medius = None
    parts = [m for m in (minimus, medius) if m is not None]
    if not parts:
        return "neither minimus nor medius is whole enough to tell the hip's axes"
    empty = np.zeros((0, 3))
    whole = len(parts) == 2 and not any(m.doubt for m in parts)
    fan = fan_of(minimus.points if minimus else empty, medius.points if medius else empty, side, own=whole, lean_deg=settings.lean_deg)
    tips = np.split(np.sort(fan.tip), [np.searchsorted(np.sort(fan.tip), len(parts[0].points))])
    for part, tip in zip(parts, (tips[0], tips[1] - len(parts[0].points)), strict=False):
        if _cut_mm2(part, tip) > settings.max_tip_cut_mm2:
            return "the end at the trochanter is out of view"
    return fan


def _cut_mm2(part: _Whole, voxels: npt.NDArray[np.intp]) -> float:
    """Area of some of a muscle's voxels on the borders of the picture that cut it."""
    area = 0.0
    for border in part.view.borders:
        axis, end = _FACES[border]
        plane = part.voxels[:, axis].max() if end else part.voxels[:, axis].min()
        area += float(np.count_nonzero(part.voxels[voxels, axis] == plane) * part.faces_mm2[axis])
    return area


def _numbers(muscle: Muscle, side: Side, whole: _Whole, fan: Fan | str, settings: RegionSettings) -> npt.NDArray[np.intp] | str:
    """(n,) index of each voxel's region in the `division` of its rule, or why the muscle stays whole."""
    if whole.doubt:
        return whole.doubt
    if muscle.facts.split == "width":
        place = _height_mm(whole.points, fan.up if isinstance(fan, Fan) else _UP, side, settings.fibre_deg)
        edges = place
    elif isinstance(fan, str):
        return fan
    else:
        place, reach = fan.angle_deg(whole.points), fan.reach_mm(whole.points)
        edges = place[reach > _FAR * np.percentile(reach, _EDGES[1])]
    borders = _borders(place, edges, settings.rule(muscle))
    number = np.asarray((place[:, None] <= borders).sum(axis=1))
    smallest = np.bincount(number, minlength=len(borders) + 1).min() / len(number)
    return number if smallest >= settings.min_share else f"one of its parts would be {smallest:.0%} of it"


def _borders(place: Points, edges: Points, rule: RegionRule) -> Points:
    """(k,) values of `place` at the borders, the first region's first; `place` falls from the first region to the last."""
    if rule.by == "volume":
        return np.asarray(np.quantile(place, 1 - np.array(rule.cuts)))
    last, first = np.percentile(edges, _EDGES)
    return np.asarray(first - np.array(rule.cuts) * (first - last))


def _height_mm(points: Points, up: Points, side: Side, fibre_deg: float) -> Points:
    """(n,) how far (n, 3) points of maximus lie above one of its fibres, in its sheet and at right angles to the fibres."""
    normal = sheet_normal(points)
    up = in_plane(up, normal)
    outward = np.cross(normal, up)
    outward *= np.sign(outward[0]) * (1 if side is Side.RIGHT else -1)
    turn = np.radians(fibre_deg)
    return np.asarray(points @ (up * np.sin(turn) + outward * np.cos(turn)))


def _values(muscle: Muscle, side: Side, cuts: int) -> npt.NDArray[np.uint8]:
    return np.array([label_value(Part(muscle, region, side)) for region in division(muscle, cuts)], np.uint8)
