"""A lab's own MONAI bundle as the source of labels (`--bundle`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gluteal_grade.config import ChecksSettings, SegmentationSettings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import glutei_of
from gluteal_grade.io import Series, Study
from gluteal_grade.segmentation.channels import numbering_of
from gluteal_grade.segmentation.checks import clean
from gluteal_grade.segmentation.contrast import first_readable, images_of
from gluteal_grade.segmentation.fullest import fullest
from gluteal_grade.segmentation.numbering import Numbering
from gluteal_grade.segmentation.protocol import Segmentation

if TYPE_CHECKING:
    from gluteal_grade.segmentation.labrun import Lab


@dataclass(frozen=True)
class LabBundleSegmenter:
    """Labels from any bundle that reads one image and gives a label map or class probabilities.

    Attributes:
        root: the bundle's folder.
        numbering: what its values mean; None: as `channel_def` in its metadata names them.
        settings: which contrast of a Dixon acquisition it is given, and where its network runs.
        checks: what is a speck.
    """

    root: Path
    numbering: Numbering | None
    settings: SegmentationSettings
    checks: ChecksSettings

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        """Labels on the first preferred series; of stations on the one that holds most of the hips.

        Raises:
            RefusedInput: `bundle_unreadable`, `bundle_failed`, `labels_numbering`, `labels_empty`, or why the image cannot be read.
            TransientFailure: `device_missing`.
        """
        from gluteal_grade.segmentation.device import recorded
        from gluteal_grade.segmentation.labrun import open_lab

        lab = open_lab(self.root)
        numbering = self.numbering or _own_numbering(_metadata(lab))
        lacking: dict[str, RefusedInput] = {}
        with recorded() as ran:

            def look(one: Series) -> Segmentation:
                return self._on(one, study, lab, numbering)

            for reference in preferred if preferred[0].stations or preferred[0].apart else preferred[:1]:
                try:
                    found = fullest(look(reference), preferred, look)
                except RefusedInput as error:
                    lacking[reference.id] = error
                else:
                    return replace(found, notes=(*found.notes, *ran.notes), device=ran.words)
        raise next(iter(lacking.values()))

    def _on(self, reference: Series, study: Study, lab: Lab, numbering: Numbering) -> Segmentation:
        from gluteal_grade.segmentation.device import device_of
        from gluteal_grade.segmentation.labrun import predict

        series, image = first_readable(images_of(reference, study, self.settings.dixon_contrast))
        image = Volume(image.array, reference.grid.affine if reference.grid else image.affine)
        found = predict(lab, image, device_of(self.settings))
        labels = found.with_array(numbering.translate(found.array)).resampled(image.grid, labels=True)
        labels, notes = clean(labels, self.checks)
        if not glutei_of(labels).array.any():
            raise RefusedInput(Reason.LABELS_EMPTY, "the bundle found no gluteal muscle, or its values mean something else")
        source = f"bundle {lab.root.name} {_metadata(lab).get('version', '')}".strip()
        return Segmentation(
            labels,
            reference,
            f"{source} on {series.kind}",
            lab.sha256,
            notes,
            automatic=True,
            tells=frozenset(part.muscle for part in numbering.parts().values() if part.muscle.optional),
        )


def _metadata(lab: Lab) -> dict[str, Any]:
    try:
        found = json.loads((lab.root / "configs" / "metadata.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _own_numbering(metadata: dict[str, Any]) -> Numbering:
    named: Any = metadata
    for key in ("network_data_format", "outputs", "pred", "channel_def"):
        named = named.get(key, {}) if isinstance(named, dict) else {}
    channels = {int(channel): str(name) for channel, name in named.items() if str(channel).isdigit()} if isinstance(named, dict) else {}
    numbering = numbering_of(channels, "channel_def")
    if numbering is None:
        names = ", ".join(list(channels.values())[:8]) or "none"
        raise RefusedInput(Reason.LABELS_NUMBERING, f"no channel of the bundle is named as a gluteal muscle of a side; its names: {names}")
    return numbering
