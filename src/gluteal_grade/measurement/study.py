"""A plan and labels in, everything measured out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gluteal_grade.config import FatBeyondSettings, Settings
from gluteal_grade.errors import Note, Reason
from gluteal_grade.fat import FatMap, OedemaMap, oedema_map
from gluteal_grade.imaging import Key, glutei_of, views_of
from gluteal_grade.measurement.behind import OF_WATER_AND_FAT, exchanged_behind
from gluteal_grade.measurement.focal import find_focal, left_out
from gluteal_grade.measurement.interval import Uncertainty
from gluteal_grade.measurement.measure import Measurement, measure, with_oedema
from gluteal_grade.measurement.plan import Plan
from gluteal_grade.measurement.sides import SideFats, measure_sides
from gluteal_grade.measurement.unseen import slices_without_picture
from gluteal_grade.segmentation import Flag, Segmentation, Split, check_labels, check_outlines, check_sides, outline_trust, split
from gluteal_grade.stopwatch import Step, Stopwatch
from gluteal_grade.vocabulary import Muscle, Region

_LEAST_FAT_FRACTION = -0.03  # of a whole muscle: noise, rounding and a corrected noise floor make less


@dataclass(frozen=True, eq=False)
class Measured:
    """One study, measured.

    Attributes:
        plan: what was to be done.
        segmentation: where the labels come from.
        parts: the labels with regions.
        fats: how fat was measured on each side.
        measurements: numbers of each muscle and region.
        flags: what is doubtful about the labels.
        trust: of automatic outlines of the glutei, see `segmentation.outline_trust`.
        oedema: where a fat-suppressed series is bright; None where none gave a map.
        notes: limits that the reader should know.
    """

    plan: Plan
    segmentation: Segmentation
    parts: Split
    fats: SideFats
    measurements: tuple[Measurement, ...]
    flags: tuple[Flag, ...]
    trust: Mapping[Key, float]
    oedema: OedemaMap | None
    notes: tuple[Note, ...]

    @property
    def shown(self) -> FatMap:
        """The map whose picture goes behind the labels."""
        return self.fats.shown(self.segmentation.reference)


def measure_study(plan: Plan, segmentation: Segmentation, settings: Settings, watch: Stopwatch) -> Measured:
    """Carry a plan out where the labels are.

    Args:
        plan: of this study.
        segmentation: its labels.
        settings: all of them.
        watch: times the stages `fat`, `check` and `measure`.

    Raises:
        RefusedInput: no candidate can be measured (the refusal of the best one); `mask_unreadable`, `labels_sides_swapped`, `turned_over`.
    """
    with watch.stage("fat", Step.MEASURE):
        fats = measure_sides(plan, segmentation, settings)
    fat, labels, axis = fats.shown(segmentation.reference), segmentation.labels, segmentation.reference.slice_axis
    glutei = glutei_of(labels)
    side_notes = check_sides(glutei, fat.body)
    if not segmentation.automatic:
        check_outlines(glutei, segmentation.reference.load(), axis)
    with watch.stage("check"):
        views = views_of(labels, fat.image, settings.measure.min_view_area_mm2)
        flags = check_labels(segmentation, views, settings.checks)
        doubt = segmentation.uncertainty if segmentation.automatic else None
        trust = outline_trust(labels, doubt, segmentation.located, settings.checks.trust)
        parts = split(labels, views, settings.regions)
        focal = find_focal(glutei, fats, axis, settings.measure.focal) if settings.measure.focal.look else {}
        flags = (*flags, *(Flag(*key, Reason.FOCAL_REGION, one.words, review=True) for key, (one, _) in focal.items()))
        flags = (*flags, *_unlikely_brightness(fats), *exchanged_behind(glutei, fats.maps()))
        if settings.measure.focal.leave_out:
            told = (
                Note(Reason.FOCAL_REGION, f"{side} {muscle.words}: {one.words}; left out") for (muscle, side), (one, _) in focal.items()
            )
            fats = fats.without(left_out(focal, labels.shape), Reason.FOCAL_REGION, *told)
    with watch.stage("measure"):
        uncertainty = Uncertainty(settings.uncertainty, segmentation.automatic, segmentation.uncertainty, segmentation.uncertainty_beside)
        measurements = measure(parts.labels, fats.maps(), axis, settings.measure, views, uncertainty, tells=segmentation.tells)
        flags = (*flags, *_fat_in_outlines(measurements, settings.measure.core.fat_beyond), *_below_zero(measurements, fats))
        oedema, oedema_notes = oedema_map(plan.oedema, fat, segmentation.reference, settings.fat)
        measurements = with_oedema(measurements, parts.labels, oedema, settings.measure)
    unseen = slices_without_picture(labels, fats.maps().values())
    read = dict.fromkeys((segmentation.reference, *(s for one in fats.maps().values() for s in one.series)))
    of_reading = dict.fromkeys(note for one in read for note in one.notes_read())
    notes = (*of_reading, *segmentation.notes, *side_notes, *parts.notes, *fats.notes, *unseen, *oedema_notes)
    return Measured(plan, segmentation, parts, fats, measurements, flags, trust, oedema, notes)


def _fat_in_outlines(measurements: tuple[Measurement, ...], settings: FatBeyondSettings) -> tuple[Flag, ...]:
    """Outlines that take fat for muscle: it is not in the core value, but in volume and mean."""
    return tuple(
        Flag(
            m.part.muscle,
            m.part.side,
            Reason.FAT_IN_OUTLINE,
            f"{m.fat_beyond:.0%} of what lies inside its outline is plain fat that goes on outside: not in fat_fraction_core",
            review=m.fat_beyond > settings.review,
        )
        for m in measurements
        if m.fat_beyond >= settings.say or m.fat_beyond > settings.review
    )


def _below_zero(measurements: tuple[Measurement, ...], fats: SideFats) -> tuple[Flag, ...]:
    """Muscles with less fat than none, by a method that needs no reference tissue: its images are no plain magnitudes on one scale."""
    maps = fats.maps()
    words = "less than none: what was read are no plain magnitudes on one scale, or no map of fat"
    return tuple(
        Flag(m.part.muscle, m.part.side, Reason.RESCALE_CONTRADICTS, f"its fat fraction is {m.fat_fraction:.0%}, {words}", review=True)
        for m in measurements
        if m.part.region is Region.WHOLE
        and m.part.side in maps
        and maps[m.part.side].method in OF_WATER_AND_FAT
        and m.fat_fraction < _LEAST_FAT_FRACTION
    )


def _unlikely_brightness(fats: SideFats) -> tuple[Flag, ...]:
    """Muscles of a side whose fat is not as bright as its acquisition makes it: their fractions may be far off."""
    return tuple(
        Flag(muscle, side, note.reason, note.detail, review=True)
        for side, fat in fats.maps().items()
        for note in fat.notes
        if note.reason is Reason.FAT_BRIGHTNESS
        for muscle in Muscle
    )
