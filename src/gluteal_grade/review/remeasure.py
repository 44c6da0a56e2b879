"""A study measured again on a corrected label map, in a process of its own: `python -m gluteal_grade.review.remeasure`, the job on stdin.

The process ends when its stdin does, so that it never outlives the server.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from gluteal_grade.config import Settings, load_settings, with_metal_sides
from gluteal_grade.errors import GradeError, Reason, RefusedInput, place_of
from gluteal_grade.io.study import Series, Study
from gluteal_grade.metal.mask import read_mask
from gluteal_grade.pipeline import Graded, grade_study
from gluteal_grade.report.dicom.deidentify import deidentified_result, mapped
from gluteal_grade.report.layout import Place
from gluteal_grade.report.writer import write_study
from gluteal_grade.result.models import FatReport, StudyResult
from gluteal_grade.review.correction import CORRECTED, CorrectionState
from gluteal_grade.review.database import FOLDER
from gluteal_grade.review.origin import Origin, origin_of
from gluteal_grade.segmentation.protocol import Segmentation, Segmenter
from gluteal_grade.segmentation.source import segmenter_of

_LEFT_S = 3600.0  # unfinished folders older than this are nobody's
OTHER_SETTINGS = "measured with other settings, or another version of them, than the first result"


@dataclass(frozen=True)
class Job:
    """What to measure.

    Attributes:
        out: the output folder.
        study: hash.
        correction: id.
        labels: the corrected label map.
        data: folder of images, empty without.
        config: settings file, empty for the default.
    """

    out: str
    study: str
    correction: str
    labels: str
    data: str = ""
    config: str = ""


@dataclass(frozen=True)
class Answer:
    """How it ended, see `Correction`."""

    state: CorrectionState
    reason: str = ""
    detail: str = ""


def remeasure(job: Job) -> Answer:
    """Measure and write `OUT/review/corrected/<study>/<id>/`; the first result stays as it is.

    Sex, contrasts, sides with metal, the user's mask and the series are those of the first result.

    Raises:
        GradeError: it cannot be measured, or not now.
        ValueError: the settings file is none.
    """
    origin = origin_of(Path(job.out), job.study, Path(job.data) if job.data else None)
    base = load_settings(Path(job.config) if job.config else None)
    graded = _graded(origin, with_metal_sides(base, origin.metal), job)
    if graded.result.refusal is not None:
        return Answer(CorrectionState.REFUSED, graded.result.refusal.reason, graded.result.refusal.detail)
    made_by = graded.result.provenance.model_copy(update={"config_hash": base.hash()})
    result = graded.result.model_copy(update={"provenance": made_by})
    result = deidentified_result(result) if origin.deidentified else result
    folder = Path(job.out) / FOLDER / CORRECTED / job.study
    _sweep(folder)
    write_study(Graded(result, graded.images), folder, Place(job.correction))
    return Answer(CorrectionState.DONE, detail="" if _same_settings(base, origin.result) else OTHER_SETTINGS)


@dataclass(frozen=True)
class _OfMapped:
    """Labels that refer to the images, or to the UIDs that a de-identified result has for them."""

    labels: Segmenter

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        """As `Segmenter`."""
        try:
            return self.labels.segment(study, preferred)
        except RefusedInput as error:
            if error.reason is not Reason.LABELS_GEOMETRY:
                raise
        renamed = replace(study, series=tuple(map(_mapped, study.series)))
        found = self.labels.segment(renamed, tuple(map(_mapped, preferred)))
        return replace(found, reference=next(series for series in study.series if series.id == found.reference.id))


def _mapped(series: Series) -> Series:
    uid, space = series.uid, series.frame_of_reference
    return replace(series, uid=uid and mapped(uid), frame_of_reference=space and mapped(space))


def _graded(origin: Origin, settings: Settings, job: Job) -> Graded:
    labels = segmenter_of(settings, Path(job.labels))
    segmenter: Segmenter = _OfMapped(labels) if origin.deidentified else labels
    masked = any(note.reason is Reason.EXCLUDED_BY_MASK for note in origin.result.notes)
    mask = read_mask(origin.place.find(Path(job.out), "excluded.nii.gz")) if masked else None
    graded = grade_study(origin.study, settings, segmenter, None, mask)
    before, after = _series(origin.result.fat), _series(graded.result.fat)
    if before and before != after and origin.result.fat_beside_metal is None:
        # the user had named a series then (--series)
        return grade_study(origin.study, settings, segmenter, before[0], mask)
    return graded


def _series(fat: FatReport | None) -> tuple[str, ...]:
    return fat.series if fat else ()


def _same_settings(base: Settings, result: StudyResult) -> bool:
    """A batch gives the hash of the settings, `grade` that of the settings with `--metal`."""
    said = (base, *(with_metal_sides(base, sides) for sides in ("right", "left", "both", "none")))
    return result.provenance.config_hash.removesuffix("-deidentified") in {one.hash() for one in said}


def _sweep(folder: Path) -> None:
    """What processes that were killed have left."""
    for path in folder.glob(".*"):
        with suppress(OSError):
            if path.is_dir() and time.time() - path.stat().st_mtime > _LEFT_S:
                shutil.rmtree(path, ignore_errors=True)


def _answer(job: Job) -> Answer:
    try:
        return remeasure(job)
    except RefusedInput as error:
        return Answer(CorrectionState.REFUSED, error.reason, error.detail)
    except GradeError as error:
        return Answer(CorrectionState.FAILED, error.reason, error.detail)
    except MemoryError:
        return Answer(CorrectionState.FAILED, Reason.OUT_OF_MEMORY)
    except Exception as error:  # a defect must not be silent, nor tell of the patient
        return Answer(CorrectionState.FAILED, Reason.DEFECT, f"{type(error).__name__} in {place_of(error)}")


def _end_with_server() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """One job, one answer on stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server decides
    os.nice(5)  # pages come first
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    job = Job(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_server, daemon=True).start()
    with answers:
        json.dump(asdict(_answer(job)), answers)
    os._exit(0)


if __name__ == "__main__":
    main()
