"""Checks that guard the numbers of a label map: what looks wrong is measured, but never graded in silence.

    cleaned, notes = clean(labels, settings.checks)                       # a network's labels, before they are handed out
    flags = check(labels, views, settings.checks, automatic=True, uncertainty=..., located=...)

`clean` is for a segmenter's own labels; labels that a user gave are never changed. `check` runs in the pipeline on every label map,
regions or not: a flag belongs to one muscle of one side, carries a reason code, and says whether the muscle needs review
(automatic labels) or is only remarked on (labels given by a user, who has looked at them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gluteal_grade.config import ChecksSettings
from gluteal_grade.errors import Note, Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Coverage, Key, muscles_of, pieces
from gluteal_grade.segmentation import doubts as doubt
from gluteal_grade.segmentation.doubts import Labelled
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.vocabulary import Muscle, Side


@dataclass(frozen=True)
class Flag:
    """Something doubtful about one muscle.

    Attributes:
        muscle: which.
        side: of the patient.
        reason: the code.
        detail: what exactly, without patient data.
        review: the muscle's numbers should not be used before somebody has looked at its labels.
    """

    muscle: Muscle
    side: Side
    reason: Reason
    detail: str
    review: bool

    @property
    def key(self) -> Key:
        """Muscle and side."""
        return self.muscle, self.side


def clean(labels: Volume, settings: ChecksSettings) -> tuple[Volume, tuple[Note, ...]]:
    """Labels without specks: of each muscle and side the largest piece, and every other piece that is no speck.

    Args:
        labels: uint8 RAS+, values of `anatomy.LABEL_VALUES`, with or without regions.
        settings: what is a speck.

    Returns:
        the cleaned labels, and a note for each muscle that lost more than `note_removed_ml`.
    """
    cleaned, notes = labels.array.copy(), []
    for (muscle, side), (mask, box) in muscles_of(labels).items():
        numbers, counts = pieces(mask)
        sizes_ml = counts * labels.grid.voxel_volume_ml
        specks = sizes_ml < max(settings.speck_ml, settings.speck_share * float(sizes_ml.max()))
        specks[sizes_ml.argmax()] = False
        cleaned[box][np.isin(numbers, 1 + np.flatnonzero(specks))] = 0
        removed_ml = float(sizes_ml[specks].sum())
        if removed_ml > settings.note_removed_ml:
            detail = f"{side} {muscle.value}: {int(specks.sum())} separate pieces, {removed_ml:.1f} ml together, were dropped"
            notes.append(Note(Reason.LABEL_SPECKS, detail))
    return labels.with_array(cleaned), tuple(notes)


def check(
    labels: Volume,
    views: Mapping[Key, Coverage],
    settings: ChecksSettings,
    *,
    automatic: bool,
    uncertainty: Volume | None = None,
    uncertainty_beside: Volume | None = None,
    located: Volume | None = None,
) -> tuple[Flag, ...]:
    """Everything doubtful about a label map.

    Args:
        labels: uint8 RAS+, values of `anatomy.LABEL_VALUES`.
        views: `coverage.views_of` of the same labels.
        settings: thresholds.
        automatic: a network made the labels, so a failed check asks for review; else it is only remarked on.
        uncertainty, uncertainty_beside: float32 on the labels' grid, 0 (sure) to 1, where the segmenter gives one; see `Segmentation`.
        located: labels of a first, coarse look (values as `labels`, whole muscles, any grid of the same space).

    Returns:
        right before left, in the order of `Muscle`.
    """
    given = Labelled(labels, views, settings)
    doubts = [
        *doubt.in_pieces(given),
        *doubt.across_the_midline(given),
        *(doubt.not_located(given, located) if located is not None else ()),
        *doubt.implausible_volume(given),
        *doubt.out_of_order(given),
        *doubt.unequal_sides(given),
        *(doubt.little_trust(given, uncertainty, located) if uncertainty is not None else ()),
        *(doubt.uncertain_beside(given, uncertainty_beside) if uncertainty_beside is not None else ()),
        *doubt.little_in_view(given),
        *(doubt.unproven(given) if automatic else ()),
    ]
    order = list(given.voxels)
    return tuple(Flag(d.key[0], d.key[1], d.reason, d.detail, automatic) for d in sorted(doubts, key=lambda d: order.index(d.key)))


def check_labels(segmentation: Segmentation, views: Mapping[Key, Coverage], settings: ChecksSettings) -> tuple[Flag, ...]:
    """`check` of a segmenter's answer."""
    return check(
        segmentation.labels,
        views,
        settings,
        automatic=segmentation.automatic,
        uncertainty=segmentation.uncertainty,
        uncertainty_beside=segmentation.uncertainty_beside,
        located=segmentation.located,
    )
