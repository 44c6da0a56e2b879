"""The shipped segmenter: two looks, coarse and fine, by two MONAI bundles.

The coarse look finds the hips; each is then segmented in one frame that both sides share, and the probabilities are read off at the
image's own voxels. Everything goes through patient space, so the image may lie in any orientation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gluteal_grade.config import ChecksSettings, SegmentationSettings, shipped
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Turn, glutei_of
from gluteal_grade.io import Series, Study
from gluteal_grade.segmentation.checks import clean
from gluteal_grade.segmentation.contrast import first_readable, images_of
from gluteal_grade.segmentation.fullest import fullest
from gluteal_grade.segmentation.islands import without_islands
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.segmentation.recognised import why_no_hip
from gluteal_grade.segmentation.upright import NOTHING, Reading, better_way_round, reading
from gluteal_grade.vocabulary import Muscle, SeriesKind

if TYPE_CHECKING:
    from gluteal_grade.segmentation.weights import Model

LOCATOR, HIP = "gluteal_locator", "gluteal_hip"


@dataclass(frozen=True)
class Found:
    """What the networks found in one image.

    Attributes:
        labels: uint8, values of `anatomy.LABEL_VALUES`, on the image's grid.
        uncertainty: float32 on the same grid, see `Canvas.uncertainty`.
        located: what the coarse look saw, on its own grid.
        notes: what was dropped.
        uncertainty_beside: as `uncertainty`, see `Canvas.uncertainty_beside`.
        tells: muscles beside the glutei that the networks know.
    """

    labels: Volume
    uncertainty: Volume
    located: Volume
    notes: tuple[Note, ...]
    uncertainty_beside: Volume | None = None
    tells: frozenset[Muscle] = frozenset()


@dataclass(frozen=True)
class BundleSegmenter:
    """Labels from the shipped networks, or from others of the same make.

    Attributes:
        settings: thresholds, and where the bundles lie.
        checks: what is a speck in a network's labels, and what is no hip.
    """

    settings: SegmentationSettings
    checks: ChecksSettings

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        """Labels on the first preferred series that shows a gluteal muscle.

        Raises:
            RefusedInput: `no_segmenter` without weights, `bundle_unreadable`, `no_gluteal_muscle`, `turned_over`, or why the
                image cannot be read.
            TransientFailure: `out_of_memory`, `device_missing`.
        """
        from gluteal_grade.segmentation.device import recorded

        with recorded() as ran:
            found = self._segment(study, preferred)
        return replace(found, notes=(*found.notes, *ran.notes), device=ran.words)

    def _segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        models = self._models()
        refusals: dict[str, RefusedInput] = {}
        for reference in preferred:
            images = images_of(reference, study, self.settings.dixon_contrast)
            if images[0].id in refusals:  # the same acquisition, measured in another way
                continue
            try:
                found = self._on(reference, images, models)
            except RefusedInput as error:
                refusals[images[0].id] = error
            else:
                return fullest(found, preferred, lambda one: self._on(one, images_of(one, study, self.settings.dixon_contrast), models))
        raise next(iter(refusals.values()))

    def segment_volume(self, image: Volume, ct: bool) -> Volume:
        """Labels (values of `anatomy.LABEL_VALUES`) on the grid of an image in any orientation.

        Raises:
            RefusedInput, TransientFailure: as `segment`.
        """
        return self.find(image, ct=ct).labels

    def find(self, image: Volume, *, ct: bool) -> Found:
        """Everything the networks tell about an image in any orientation.

        Raises:
            RefusedInput, TransientFailure: as `segment`.
        """
        return self._find(image, self._models(), ct=ct)

    def _models(self) -> tuple[Model, Model]:
        from gluteal_grade.segmentation import hip, locate
        from gluteal_grade.segmentation.weights import load_model

        folder = self.settings.models or shipped_models()
        needed = {LOCATOR: locate.CHANNELS, HIP: tuple(m.value for m in hip.CHANNELS)}
        return load_model(folder / LOCATOR, needed[LOCATOR], self.settings), load_model(folder / HIP, needed[HIP], self.settings)

    def _on(self, reference: Series, images: tuple[Series, ...], models: tuple[Model, Model]) -> Segmentation:
        series, image = first_readable(images)
        found = self._find(image, models, ct=series.kind is SeriesKind.CT)
        # siblings lie within a tolerance of each other: the labels are the measured series' own
        affine = reference.grid.affine if reference.grid else image.affine
        return Segmentation(
            Volume(found.labels.array, affine),
            reference,
            f"{' + '.join(f'{m.name} {m.version}' for m in models)} on {series.kind}",
            "+".join(m.sha256 for m in models),
            found.notes,
            automatic=True,
            uncertainty=Volume(found.uncertainty.array, affine),
            uncertainty_beside=found.uncertainty_beside and Volume(found.uncertainty_beside.array, affine),
            located=found.located,
            tells=found.tells,
        )

    def _find(self, image: Volume, models: tuple[Model, Model], *, ct: bool) -> Found:
        if not np.isfinite(image.array).all():
            image = image.with_array(np.nan_to_num(image.array, posinf=0.0, neginf=0.0))
        if image.array.min() == image.array.max():
            raise RefusedInput(Reason.NO_GLUTEAL_MUSCLE, "the image is empty: all its voxels have one value")
        found, why = self._look(image, models, ct=ct)
        if why:  # whichever way round it is, it is not graded: three more looks would tell no more than that
            raise RefusedInput(Reason.NO_GLUTEAL_MUSCLE, why)
        upright = image.to_ras()

        def turned_back(turn: Turn) -> Reading:
            again = upright.with_array(np.ascontiguousarray(np.flip(upright.array, turn.axes)))
            try:
                seen, no_hip = self._look(again, models, ct=ct)
            except RefusedInput:
                return NOTHING
            return NOTHING if no_hip else reading(glutei_of(seen.labels), seen.uncertainty)

        if turned := better_way_round(reading(glutei_of(found.labels), found.uncertainty), turned_back):
            raise RefusedInput(Reason.TURNED_OVER, turned)
        return found

    def _look(self, image: Volume, models: tuple[Model, Model], *, ct: bool) -> tuple[Found, str]:
        """What both networks see, and in words why it may be no hip."""
        from gluteal_grade.segmentation.canvas import Canvas
        from gluteal_grade.segmentation.hip import BESIDE, Hip, segment_hip
        from gluteal_grade.segmentation.locate import Box, centred, locate
        from gluteal_grade.segmentation.one_hip import settled
        from gluteal_grade.segmentation.outer_side import outer_side
        from gluteal_grade.segmentation.thin_fat import with_thin_fat

        locator, hip = models
        located = locate(image, locator, self.settings.locator, ct=ct)
        canvas = Canvas(image.grid)
        plain = with_thin_fat(image, located.labels, self.settings.hip.thin_fat, ct=ct)

        def fine(box: Box) -> Hip:
            return segment_hip(plain, box, hip, self.settings.hip, ct=ct)

        def read(box: Box) -> tuple[Volume, ...]:
            return fine(box).muscles

        outer = outer_side(image, ct=ct) if located.boxes else None
        boxes, doubts = settled(located.boxes, read, self.settings.locator, outer)
        bones_ml = []
        for first_box in boxes:
            box = first_box
            seen = fine(box)
            for _ in range(self.settings.hip.looks - 1):
                box = centred(box, seen.muscles, image.grid, self.settings.locator)
                seen = fine(box)
            canvas.paint(box.side, seen.muscles, seen.beside)
            bones_ml.append(seen.bone_ml)
        joined, uncertainty = without_islands(canvas.labels, canvas.uncertainty, self.checks.island_share)
        labels, notes = clean(joined, self.checks)
        glutei = glutei_of(labels)
        if not glutei.array.any():
            sides = " and ".join(box.side for box in boxes)
            raise RefusedInput(Reason.NO_GLUTEAL_MUSCLE, f"a {sides} hip was suspected, without a muscle" if sides else "no hip in view")
        why = why_no_hip(glutei, uncertainty, located.labels, self.checks, bones_ml)
        slivers = tuple(Note(Reason.SIDE_BARELY_IN_VIEW, f"{side} side: only its edge is in view") for side in located.slivers)
        tells = frozenset(muscle for muscle in BESIDE if muscle.value in hip.channels)
        return Found(labels, uncertainty, located.labels, (*slivers, *doubts, *notes), canvas.uncertainty_beside, tells), why


def shipped_models() -> Path:
    """Where the shipped bundles lie; raises `RefusedInput` (`no_segmenter`)."""
    try:
        return shipped("models")
    except FileNotFoundError:
        raise RefusedInput(Reason.NO_SEGMENTER, "there is no folder of models") from None
