"""The public MRI set of TotalSegmentator, for whoever has it: six glutei in images of every kind and field of view.

Form of the set (its README; D'Antonoli et al., Radiology 2025, 10.1148/radiol.241613): a folder an image with ``mri.nii.gz`` and
``segmentations/gluteus_maximus_left.nii.gz`` and so on. Licence CC BY-NC-SA: never trained on for shipped weights. Its labels were made
by networks and corrected by readers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.segmentation.classfolder import merged
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import MUSCLES, SLIVER_ML, markdown, numbers, score_table, scored, short
from gluteal_grade_lab.training.evaluate.workbench import Workbench
from gluteal_grade_lab.training.metrics import Unscored, scores, side_errors

NAME = "totalsegmentator-mr"
_IMAGE, _MASKS = "mri.nii.gz", "segmentations"
_UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Subject:
    """One image of the set.

    Attributes:
        folder: that holds it.
    """

    folder: Path

    @property
    def key(self) -> str:
        """The folder's name, which is the subject's number."""
        return self.folder.name


def subjects(root: Path) -> list[Subject]:
    """Every folder with an image and masks, by name."""
    return [Subject(image.parent) for image in sorted(root.glob(f"*/{_IMAGE}")) if (image.parent / _MASKS).is_dir()]


def table(root: Path | None) -> Table:
    """One row per muscle, side and image."""
    return Table(NAME, "TotalSegmentator's public MRI", lambda _: subjects(root) if root else [], measure, partial(render))


def measure(subject: Subject, bench: Workbench) -> list[Row]:
    """Segment; score every muscle that the masks hold. An image without glutei should be refused."""
    head = {"draw": subject.key}
    try:
        image = read_volume(subject.folder / _IMAGE, as_float=True)
        truth = _truth(subject.folder / _MASKS, image)
    except RefusedInput as error:
        return [head | {"refused": _UNREADABLE, "why": error.reason.value, "holds": None}]
    holds = bool(truth.array.any())
    found = bench.find(image)
    facts = head | {"refused": found.reason, "why": found.reason, "holds": holds}
    wrong = {(e.muscle, e.side): e.share for e in side_errors(found.labels, truth) if e.swapped}
    rows = [facts | asdict(score) | {"wrong_side": (score.muscle, score.side) in wrong} for score in scores(found.labels, truth)]
    return [row for row in rows if row["truth_ml"] or row["predicted_ml"]] or [facts]


def _truth(masks: Path, image: Volume) -> Volume:
    """Empty where there is no gluteal mask."""
    try:
        labels, _, _ = merged(masks)
    except RefusedInput as error:
        if error.reason is not Reason.LABELS_EMPTY:
            raise
        return image.with_array(np.zeros(image.shape, np.uint8))
    if not labels.grid.matches(image.grid):
        raise RefusedInput(Reason.LABELS_GEOMETRY, "the masks lie on another grid than the image")
    return labels


def render(rows: list[Row]) -> str:
    """Dice, distance and volume over muscles in view; what was refused, missed, invented or on the wrong side."""
    images = {row["draw"]: row for row in rows}.values()
    measured = [row for row in rows if "muscle" in row and not row["refused"]]
    seen = [row for row in scored(measured) if row["reason"] != Unscored.MISSED]
    lines = [
        ("images", len(images)),
        ("unreadable", sum(row["refused"] == _UNREADABLE for row in images)),
        ("with a gluteus, refused", sum(bool(row["holds"]) and bool(row["refused"]) for row in images)),
        ("without a gluteus, refused", sum(row["holds"] is False and bool(row["refused"]) for row in images)),
        ("without a gluteus, labelled", sum(row["holds"] is False and not row["refused"] for row in images)),
        (f"muscles of {SLIVER_ML:.0f} ml or more missed in graded images", sum(r["reason"] == Unscored.MISSED for r in scored(measured))),
        ("muscles labelled where there is none", sum(row["reason"] == Unscored.INVENTED for row in measured)),
        ("muscles on the wrong side", sum(bool(row["wrong_side"]) for row in measured)),
    ]
    means = [
        [short(m), len(some), f"{values.mean():.3f}" if values.size else "-"]
        for m in MUSCLES
        for some in [[row for row in scored(measured) if row["muscle"] == m]]
        for values in [numbers(some, "dice")]
    ]
    return "\n\n".join(
        (
            markdown(["what", "count"], lines),
            markdown(["muscle", "in view", "Dice, mean (missed ones 0)"], means),
            score_table(seen, lambda _: "all images", "Found muscles") if seen else "No muscle was found.",
        )
    )
