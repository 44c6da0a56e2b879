"""Label maps that readers vouch for, with their images, as a data set to train on; whole subjects are kept back."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gluteal_grade import __version__
from gluteal_grade.cohort import LeftOut
from gluteal_grade.errors import GradeError, Reason, RefusedInput, not_writable
from gluteal_grade.files import write_table, write_text
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import voxels_of
from gluteal_grade.io import Series, read_volume, save_volume
from gluteal_grade.report import Place
from gluteal_grade.result import StudyResult
from gluteal_grade.review.catalogue import Catalogue
from gluteal_grade.review.correction import Table, result_folder
from gluteal_grade.review.corrections import corrected_result
from gluteal_grade.review.database import Database
from gluteal_grade.review.lessons import Lesson, Vouched, kept_back, lessons_of
from gluteal_grade.review.origin import origin_of
from gluteal_grade.review.reads import reads_of
from gluteal_grade.review.store import Store
from gluteal_grade.vocabulary import GLUTEI, Muscle, Region, SeriesKind, Side, StudyFile

TRAIN, KEPT_BACK = "train", "kept_back"
COLUMNS = ("subject", "study", "part", "vouched", "reader", "read", "at", "labels_from", "labels_sha256", "labels", "images")
_LEFT_OUT = ("study", "why")
_NAMES = {  # what BIDS calls an image, as `io` reads it
    SeriesKind.T1: "T1w",
    SeriesKind.T2: "T2w",
    SeriesKind.PD: "PDw",
    SeriesKind.STIR: "acq-stir_T2w",
    SeriesKind.DIXON_WATER: "acq-water_Dixon",
    SeriesKind.DIXON_FAT: "acq-fat_Dixon",
    SeriesKind.DIXON_IN_PHASE: "acq-inphase_Dixon",
    SeriesKind.DIXON_OPPOSED_PHASE: "acq-opposed_Dixon",
    SeriesKind.CT: "ct",
}
_SAME_PICTURE = 0.99  # correlation of an image with the picture that the reader saw
_VOLUME_OFF = 0.005  # of a muscle, relative; as much as rounding in a result may do


@dataclass(frozen=True)
class TrainingSet:
    """What was written.

    Attributes:
        folder: of the data set.
        rows: the manifest.
        left_out: studies that were read and are not in it.
    """

    folder: Path
    rows: tuple[Mapping[str, object], ...]
    left_out: tuple[LeftOut, ...]

    def of_part(self, part: str) -> tuple[Mapping[str, object], ...]:
        """Rows of one part."""
        return tuple(row for row in self.rows if row["part"] == part)


def export_training(
    out: Path, folder: Path, catalogue: Catalogue, store: Store, data: Path | None = None, *, share: float = 0.2
) -> TrainingSet:
    """Write `train/` and `kept_back/` (BIDS-like, as `scripts/train.py --labelled` reads them), `manifest.csv` and `left_out.csv`.

    Args:
        out: the output folder.
        folder: made, complete or not at all; must not be there, or be empty.
        catalogue: refreshed.
        store: of the output folder.
        data: folder of images, for studies that are not where the ledger says.
        share: of subjects that are kept back, 0-1.

    Raises:
        RefusedInput: `nothing_vouched`, `one_subject`: nothing is written.
        TransientFailure: `output_not_writable`.
    """
    lessons, left_out = _lessons(out, catalogue, store)
    scratch = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.partial")
    rows: list[Mapping[str, object]] = []
    try:
        scratch.mkdir(parents=True)
        for lesson in lessons:
            try:
                rows.append(_written(out, scratch, lesson, data, share))
            except RefusedInput as error:
                left_out.append(LeftOut("study", None, error.detail or error.advice, lesson.listed.study))
        _refuse_useless(rows, left_out, share)
        write_table(scratch / "manifest.csv", COLUMNS, rows)
        write_table(scratch / "left_out.csv", _LEFT_OUT, (one.row(_LEFT_OUT) for one in left_out))
        if folder.is_dir():
            folder.rmdir()
        scratch.replace(folder)
    except OSError as error:
        raise not_writable(error) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return TrainingSet(folder, tuple(rows), tuple(left_out))


def _lessons(out: Path, catalogue: Catalogue, store: Store) -> tuple[list[Lesson], list[LeftOut]]:
    database = Database(out)
    try:
        corrections = {one.id: one for one in Table(database).all()}
    finally:
        database.close()
    listed = {one.study: one for one in catalogue.listed}
    reads = [read for read in reads_of(store.rows()) if read.study in listed or catalogue.only is None]
    labelled = {}
    for study in {read.study for read in reads} & listed.keys():
        try:
            labelled[study] = _labelled(catalogue.load(study))
        except GradeError:  # gone, or none of this version: nobody can say what was confirmed
            continue
    return lessons_of(reads, listed, corrections, labelled)


def _labelled(result: StudyResult) -> frozenset[tuple[Muscle, Side]]:
    whole = (m for m in result.muscles if m.region is Region.WHOLE and m.muscle in GLUTEI)
    return frozenset((m.muscle, m.side) for m in whole if m.volume_ml > 0)


def _refuse_useless(rows: list[Mapping[str, object]], left_out: list[LeftOut], share: float) -> None:
    if not rows:
        why = f"; {len(left_out)} were read and cannot be used, the first: {left_out[0].detail}" if left_out else ""
        raise RefusedInput(Reason.NOTHING_VOUCHED, f"no study was corrected, or called good throughout{why}")
    subjects = {str(row["subject"]): row["part"] for row in rows}
    if len(set(subjects.values())) < 2:
        part = "for training" if TRAIN in subjects.values() else "kept back"
        people = "1 subject" if len(subjects) == 1 else f"all {len(subjects)} subjects"
        raise RefusedInput(Reason.ONE_SUBJECT, f"{people} would be {part} at a share of {share:g}")


def _written(out: Path, folder: Path, lesson: Lesson, data: Path | None, share: float) -> dict[str, object]:
    labels = _labels(out, lesson)
    images = _images(out, lesson, labels, data)
    part = KEPT_BACK if kept_back(lesson.subject, share) else TRAIN
    start = f"sub-{lesson.subject}_ses-{lesson.listed.study}"
    place = folder / part / f"sub-{lesson.subject}" / f"ses-{lesson.listed.study}" / "anat"
    place.mkdir(parents=True, exist_ok=True)
    write_text(place.parents[2] / "dataset_description.json", _description(part))
    names = []
    for name, series in _named(images):
        names.append(f"{start}_{name}.nii.gz")
        save_volume(series.load(), place / names[-1])
    path = place / f"{start}_dseg.nii.gz"
    save_volume(labels, path)
    by, session = lesson.by, lesson.by.session
    return {
        "subject": lesson.subject,
        "study": lesson.listed.study,
        "part": part,
        "vouched": lesson.vouched.value,
        "reader": session.reader,
        "read": session.read,
        "at": by.at,
        "labels_from": lesson.correction.id if lesson.correction else "program",
        "labels_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "labels": path.relative_to(folder).as_posix(),
        "images": " ".join(names),
    }


def _labels(out: Path, lesson: Lesson) -> Volume:
    """The label map, if it is the one that was measured.

    Raises:
        RefusedInput: it is gone, was changed, or lacks one of the glutei of a side.
    """
    if lesson.vouched is Vouched.CORRECTED and lesson.correction:
        result = corrected_result(out, lesson.correction)
        path = Place(lesson.correction.id).find(result_folder(out, lesson.correction).parent, StudyFile.LABELS)
        if result.segmentation is None or result.segmentation.sha256 != lesson.correction.sha256:
            raise RefusedInput(Reason.NOT_A_RESULT, "its result is of another correction")
    else:
        result = _result(out, lesson)
        path = lesson.listed.place.find(out, StudyFile.LABELS)
    if not path.is_file():
        raise RefusedInput(Reason.LABELS_NOT_FOUND, "its label map is gone")
    labels = read_volume(path).to_ras()
    labels = labels.with_array(np.ascontiguousarray(labels.array, np.uint8))
    found = {key: len(voxels) * labels.grid.voxel_volume_ml for key, voxels in voxels_of(labels).items()}
    for m in result.muscles:
        if m.region is Region.WHOLE and m.volume_ml > 0 and abs(found.get((m.muscle, m.side), 0.0) / m.volume_ml - 1) > _VOLUME_OFF:
            raise RefusedInput(Reason.LABELS_UNREADABLE, "its label map has changed since it was measured")
    for side in Side:
        missing = [muscle.words for muscle in GLUTEI if (muscle, side) not in found]
        if 0 < len(missing) < len(GLUTEI):
            raise RefusedInput(Reason.LABELS_EMPTY, f"{side}: {' and '.join(missing)} not labelled, and would be taught as background")
    return labels


def _result(out: Path, lesson: Lesson) -> StudyResult:
    try:
        return StudyResult.model_validate_json(lesson.listed.place.find(out, StudyFile.RESULT).read_bytes())
    except (OSError, ValueError) as error:
        raise RefusedInput(Reason.NOT_A_RESULT, "its result is gone") from error


def _images(out: Path, lesson: Lesson, labels: Volume, data: Path | None) -> list[Series]:
    """Images on the grid of the labels, of which one is the picture that the reader saw.

    Raises:
        RefusedInput: they are gone or have changed.
    """
    try:
        study = origin_of(out, lesson.listed.study, data).study
    except RefusedInput as error:
        raise RefusedInput(error.reason, error.detail or "its images are not where they were, or not the same") from error
    fitting = [s for s in study.series if s.refusal is None and s.kind in _NAMES and s.grid is not None and s.grid.matches(labels.grid)]
    shown = lesson.listed.place.find(out, StudyFile.IMAGE)
    if not fitting or not shown.is_file():
        raise RefusedInput(Reason.IMAGES_NOT_FOUND, "no image of a known contrast on the grid of its labels")
    picture = read_volume(shown).to_ras()
    if not picture.grid.matches(labels.grid) or not any(_alike(picture, series.load()) for series in fitting):
        raise RefusedInput(Reason.IMAGES_NOT_FOUND, "its images are not those that the reader saw")
    return fitting


def _alike(one: Volume, other: Volume) -> bool:
    a, b = (np.nan_to_num(volume.array[::2, ::2]).astype(np.float64).ravel() for volume in (one, other))
    if not (a.std() > 0 and b.std() > 0):
        return False
    return float(np.corrcoef(a, b)[0, 1]) > _SAME_PICTURE


def _named(images: Iterable[Series]) -> list[tuple[str, Series]]:
    """With a run where there are several of a kind."""
    by_kind: dict[SeriesKind, list[Series]] = {}
    for series in images:
        by_kind.setdefault(series.kind, []).append(series)
    found = []
    for kind, some in by_kind.items():
        *entities, suffix = _NAMES[kind].split("_")
        for number, series in enumerate(some, start=1):
            run = [f"run-{number}"] if len(some) > 1 else []
            found.append(("_".join((*entities, *run, suffix)), series))
    return found


def _description(part: str) -> str:
    made_by = [{"Name": "gluteal-grade", "Version": __version__}]
    name = f"Label maps that readers corrected or confirmed ({part})"
    return json.dumps({"Name": name, "BIDSVersion": "1.10.0", "GeneratedBy": made_by}, indent=2) + "\n"
