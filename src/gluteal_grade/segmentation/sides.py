"""Are left labels on the patient's left? A flipped label map grades the wrong hip, so doubt is refused, not noted."""

from __future__ import annotations

import numpy as np

from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import boxes_of
from gluteal_grade.vocabulary import GLUTEI, LABEL_VALUES, Muscle, Side

_STRAY_SHARE = 0.10  # of a muscle's voxels beyond the midline; the glutei never cross it
_ONE_SIDED_MM = 30.0  # glutei lie 60-150 mm off the midline
_WHOLE_PELVIS_MM = 300.0  # a body this wide in view is no single hip


def check_sides(labels: Volume, body: Volume | None = None) -> tuple[Note, ...]:
    """Compare the sides of the labels with each other and with the body's midline.

    Args:
        labels: our own values, RAS+.
        body: mask of the body on the same grid; used only where one side is labelled, and only if the picture holds the whole width
            of the body, since a one-sided field of view has no midline to compare with.

    Returns:
        notes on stray voxels.

    Raises:
        RefusedInput: `labels_sides_swapped`.
    """
    right_mm = _rightness(labels)
    pairs = {m: (right_mm[m, Side.RIGHT], right_mm[m, Side.LEFT]) for m in GLUTEI if {(m, Side.RIGHT), (m, Side.LEFT)} <= right_mm.keys()}
    swapped = [m.value for m, (right, left) in pairs.items() if np.median(right) <= np.median(left)]
    if swapped:
        raise RefusedInput(Reason.LABELS_SIDES_SWAPPED, f"{', '.join(swapped)}: the right label lies to the left of the left one")
    if pairs:
        midline = float(np.mean([(np.median(right) + np.median(left)) / 2 for right, left in pairs.values()]))
        return _stray(right_mm, midline)
    if body is not None and right_mm and (middle := _midline(body)) is not None:
        for (muscle, side), x in right_mm.items():
            offset = float(np.median(x)) - middle
            if (offset < 0) == (side is Side.RIGHT) and abs(offset) > _ONE_SIDED_MM:
                raise RefusedInput(
                    Reason.LABELS_SIDES_SWAPPED, f"{side} {muscle.value} lies {abs(offset):.0f} mm across the body's midline"
                )
    return ()


def _rightness(labels: Volume) -> dict[tuple[Muscle, Side], np.ndarray]:
    """World x (mm, to the right) of every voxel of each labelled muscle."""
    x: dict[tuple[Muscle, Side], list[np.ndarray]] = {}
    for value, box in boxes_of(labels.array).items():
        part = LABEL_VALUES[value]
        voxels = np.argwhere(labels.array[box] == value) + [s.start for s in box]
        x.setdefault((part.muscle, part.side), []).append(labels.grid.to_world(voxels)[:, 0])
    return {key: np.concatenate(arrays) for key, arrays in x.items()}


def _stray(right_mm: dict[tuple[Muscle, Side], np.ndarray], midline: float) -> tuple[Note, ...]:
    notes = []
    for (muscle, side), x in right_mm.items():
        across = float(np.mean(x < midline if side is Side.RIGHT else x > midline))
        if across > 0.5:
            raise RefusedInput(Reason.LABELS_SIDES_SWAPPED, f"{side} {muscle.value}: {across:.0%} of it lies across the midline")
        if across > _STRAY_SHARE:
            notes.append(Note(Reason.LABELS_SIDES_SWAPPED, f"{side} {muscle.value}: {across:.0%} of its voxels lie across the midline"))
    return tuple(notes)


def _midline(body: Volume) -> float | None:
    """World x of the body's middle; None where one hip alone may be in view."""
    columns = np.flatnonzero(body.array.any(axis=(1, 2)))
    if not columns.size:
        return None
    cut = columns[0] == 0 or columns[-1] == body.shape[0] - 1
    if cut and len(columns) * body.spacing_mm[0] < _WHOLE_PELVIS_MM:
        return None
    return float(body.grid.to_world([(columns[0] + columns[-1]) / 2, body.shape[1] / 2, body.shape[2] / 2])[0])
