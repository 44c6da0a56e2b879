"""Do labels lie where these muscles can lie? Certain contradictions only: they speak of another numbering, never of a patient.

Limits are half-way between 40 hips whose muscles are known (11 people of public label maps, raters' labels of four MRI, whole and cut at
every height) and the same hips with muscles exchanged or read in another program's numbering.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import box_of
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Side

Points = dict[tuple[Muscle, Side], tuple[FloatArray, float]]

_FEWEST_ML = 2.0  # less tells no place
_BEHIND_MM = 10.0  # maximus lies 30-76 mm behind medius
_ABOVE_MM = 6.0  # and 40-79 mm below it; cut ones come closer
_LATERAL_MM = 7.0  # and towards the midline, -66 to +5 mm
_LEVEL_MM = -8.0
_MINIMUS_BEHIND_MM = 22.0  # minimus lies 5 mm behind to 34 mm before medius
_MINIMUS_BEFORE_MM = 44.0
_MINIMUS_ABOVE_MM = 22.0  # and 29 mm below to 6 mm above it
_MINIMUS_MEDIAL_MM = 45.0  # and at most 28 mm nearer to the midline
_LARGER = 1.5  # times medius: minimus has 0.17-0.93 of it
_OUTSIDE_MM = 4.0  # and never lies outside it


def misplaced(labels: Volume) -> str:
    """In words what cannot be; empty where nothing speaks against the labels.

    Args:
        labels: values of `anatomy.LABEL_VALUES`, RAS+.
    """
    points = points_of(labels)
    return next((f"{side} {words}" for side in Side for words in contradictions(points, side)), "")


def centre_mm(labels: Volume, *values: int) -> FloatArray | None:
    """Centre of some values of a label map, RAS+ mm; None where there is no such voxel."""
    found = [where for value in values if (where := _centre(labels, value)) is not None]
    counts = [count for _, count in found]
    return np.average([centre for centre, _ in found], axis=0, weights=counts) if found else None


def _centre(labels: Volume, value: int) -> tuple[FloatArray, int] | None:
    mask = labels.array == value
    if not mask.any():
        return None
    box = box_of(mask)
    mask = mask[box]
    along = [np.count_nonzero(mask, axis=tuple({0, 1, 2} - {axis})) for axis in range(3)]
    count = int(along[0].sum())
    return labels.grid.to_world([float(n @ np.arange(s.start, s.stop)) / count for n, s in zip(along, box, strict=True)]), count


def points_of(labels: Volume) -> Points:
    """Centre (to the side, forwards, up, in mm) and ml of each muscle of which there is enough to tell its place."""
    values: dict[tuple[Muscle, Side], list[int]] = {}
    for value in set(np.unique(labels.array).tolist()) & LABEL_VALUES.keys():
        values.setdefault((LABEL_VALUES[value].muscle, LABEL_VALUES[value].side), []).append(value)
    found: Points = {}
    for key, mine in values.items():
        there = [where for value in mine if (where := _centre(labels, value)) is not None]
        counts = [count for _, count in there]
        centre = np.average([middle for middle, _ in there], axis=0, weights=counts)
        ml = float(sum(counts)) * labels.grid.voxel_volume_ml
        if ml >= _FEWEST_ML:
            found[key] = centre * (1 if key[1] is Side.RIGHT else -1, 1, 1), ml
    return found


def contradictions(points: Points, side: Side) -> Iterator[str]:
    """What cannot be of the muscles of one side, in words."""
    maximus, medius, minimus = (points.get((m, side)) for m in (Muscle.GLUTEUS_MAXIMUS, Muscle.GLUTEUS_MEDIUS, Muscle.GLUTEUS_MINIMUS))
    if maximus and medius:
        lateral, forwards, up = maximus[0] - medius[0]
        if forwards > -_BEHIND_MM:
            yield f"gluteus maximus lies {abs(forwards):.0f} mm {'before' if forwards > 0 else 'behind'} medius, where it is the hindmost"
        elif up > _ABOVE_MM or (up > _LEVEL_MM and lateral > _LATERAL_MM):
            yield "gluteus maximus lies no lower than medius and no nearer to the midline"
    if medius and minimus:
        lateral, forwards, up = minimus[0] - medius[0]
        if forwards < -_MINIMUS_BEHIND_MM:
            yield f"gluteus minimus lies {-forwards:.0f} mm behind medius, where it lies deep to its front"
        elif up > _MINIMUS_ABOVE_MM or forwards > _MINIMUS_BEFORE_MM:
            yield f"gluteus minimus lies {forwards:.0f} mm before medius and {up:.0f} mm above it"
        elif lateral < -_MINIMUS_MEDIAL_MM:
            yield f"gluteus minimus lies {-lateral:.0f} mm nearer to the midline than medius"
        elif minimus[1] > _LARGER * medius[1] and lateral > _OUTSIDE_MM:
            yield f"gluteus minimus is {minimus[1] / medius[1]:.1f} times as large as medius and lies outside it"
