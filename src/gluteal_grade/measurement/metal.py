"""Metal as the pictures of a study show it, weighed with what its headers and the user say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gluteal_grade.config import MetalSettings
from gluteal_grade.errors import Note, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import once
from gluteal_grade.measurement.maps import Maps, check_space, map_key
from gluteal_grade.measurement.plan import Candidate, Plan
from gluteal_grade.metal import Mask, Picture, PictureEvidence, SideMetal, metal_in_picture, notes_on, weigh, zone_of
from gluteal_grade.segmentation import Segmentation
from gluteal_grade.vocabulary import Side


@dataclass(frozen=True, eq=False)
class Metal:
    """What is known of metal in a study.

    Attributes:
        sides: of each hip.
        pictures: what was seen on the image of each candidate with a map.
        notes: for the reader.
    """

    sides: Mapping[Side, SideMetal]
    pictures: Mapping[Candidate, PictureEvidence]
    notes: tuple[Note, ...]

    def zone(self, side: Side, candidate: Candidate, labels: Volume, settings: MetalSettings) -> tuple[Mask | None, float]:
        """Voxels beside the metal of one hip that are not measured on a candidate, and how far they reach, mm; see `zone_of`."""
        if not (self.sides[side].present and settings.own_zone):
            return None, 0.0
        return zone_of(side, self.pictures[candidate], labels, settings)


def find_metal(plan: Plan, maps: Maps, segmentation: Segmentation, settings: MetalSettings) -> Metal:
    """Look for metal on the best candidate of each order, and on one that piles signal up if none of these does.

    Sequences differ in how metal shows: a spin echo piles signal up where a noisy gradient echo has a void no darker than its noise.

    Args:
        plan: its orders.
        maps: of the candidates.
        segmentation: the labels tell where the hips are.
        settings: thresholds, and the user's word.
    """
    labels = segmentation.labels
    best = dict.fromkeys(maps.best(order) for order in plan.orders)
    seen = {c: metal_in_picture(_picture_of(c, maps), labels, settings) for c in best}
    pictures = list(seen.values())
    if not any(c.how.shows_pile_up for c in best):
        others = (c for order in plan.orders for c in order if c.how.shows_pile_up)
        pictures += [metal_in_picture(p, labels, settings) for c in [next(others, None)] if c and (p := _unmeasured(c, segmentation))]
    sides = weigh(plan.header, pictures, settings)
    return Metal(sides, seen, notes_on(sides, plan.header, settings))


def _picture_of(candidate: Candidate, maps: Maps) -> Picture:
    fat = maps.made[candidate]
    body = None if fat.body.array.all() else np.asarray(fat.body.array)
    image = once(("magnitude", *map_key(candidate, fat.volume.grid)), lambda: candidate.how.magnitude(fat))
    return Picture(candidate.series[0].id, image, body, candidate.zone)


def _unmeasured(candidate: Candidate, segmentation: Segmentation) -> Picture | None:
    """The image of a candidate whose fat nobody asks for; None where it cannot be read or lies elsewhere."""
    series = candidate.series[0]
    try:
        check_space(series, segmentation)
        return Picture(series.id, series.load().resampled(segmentation.labels.grid), None, candidate.zone)
    except RefusedInput:
        return None
