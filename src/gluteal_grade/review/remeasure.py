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
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from gluteal_grade.config import Settings, load_settings, with_metal_sides
from gluteal_grade.errors import GradeError, Reason, RefusedInput, place_of
from gluteal_grade.files import write_text
from gluteal_grade.io import Series, Study
from gluteal_grade.pipeline import Graded
from gluteal_grade.report import Place
from gluteal_grade.report.dicom import mapped
from gluteal_grade.result import FatReport, StudyResult
from gluteal_grade.review.correction import CORRECTED, CorrectionState, Remeasurement, numbers_file
from gluteal_grade.review.database import FOLDER
from gluteal_grade.review.origin import Origin, origin_of
from gluteal_grade.segmentation import Segmentation, Segmenter, segmenter_of
from gluteal_grade.system import step_back
from gluteal_grade.vocabulary import StudyFile
from gluteal_grade.workflow import Job, Output, grade, write

_LEFT_S = 3600.0  # unfinished folders older than this were left behind
OTHER_SETTINGS = "measured with other settings, or another version of them, than the first result"


@dataclass(frozen=True)
class Answer:
    """How it ended, see `Correction`."""

    state: CorrectionState
    reason: str = ""
    detail: str = ""


def remeasure(asked: Remeasurement) -> Answer:
    """Measure and write `OUT/review/corrected/<study>/<id>/`; the first result stays as it is.

    Sex, contrasts, sides with metal, the user's mask and the series are those of the first result.

    Raises:
        GradeError: it cannot be measured, or not now.
        ValueError: the settings file is none.
    """
    out = Path(asked.out)
    origin = origin_of(out, asked.study, Path(asked.data) if asked.data else None)
    settings = load_settings(Path(asked.config) if asked.config else None)
    job = _job(origin, settings, asked)
    graded = _graded(origin, job)
    if (refusal := graded.result.refusal) is not None:
        return Answer(CorrectionState.REFUSED, refusal.reason, refusal.detail)
    folder = out / FOLDER / CORRECTED / asked.study
    _sweep(folder)
    with nullcontext() if origin.deidentified else _told_early(numbers_file(out, asked.study, asked.correction), graded):
        write(graded, job, Output(folder, Place(asked.correction), deidentify=origin.deidentified))
    return Answer(CorrectionState.DONE, detail="" if _same_settings(settings, origin.result) else OTHER_SETTINGS)


@contextmanager
def _told_early(path: Path, graded: Graded) -> Iterator[None]:
    """A reader who waits sees the numbers while pictures and files are made."""
    with suppress(GradeError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, graded.result.to_json())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _OfMapped:
    """Labels that refer to the images, or to the UIDs that a de-identified result has for them."""

    labels: Segmenter

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        """The corrected labels, see `Segmenter.segment`."""
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


def _job(origin: Origin, settings: Settings, asked: Remeasurement) -> Job:
    labels = segmenter_of(settings, Path(asked.labels))
    masked = any(note.reason is Reason.EXCLUDED_BY_MASK for note in origin.result.notes)
    return Job(
        origin.study,
        settings,
        labels=Path(asked.labels),
        segmenter=_OfMapped(labels) if origin.deidentified else labels,
        exclude=origin.place.find(Path(asked.out), StudyFile.EXCLUDED) if masked else None,
        metal=origin.metal,
    )


def _graded(origin: Origin, job: Job) -> Graded:
    graded = grade(job)
    before, after = _series(origin.result.fat), _series(graded.result.fat)
    if before and before != after and origin.result.fat_beside_metal is None:
        # the user had named a series then (--series)
        return grade(replace(job, series=before[0]))
    return graded


def _series(fat: FatReport | None) -> tuple[str, ...]:
    return fat.series if fat else ()


def _same_settings(base: Settings, result: StudyResult) -> bool:
    """Whatever was shown of the patient; `grade` of 0.1 gave the hash of the settings with `--metal`."""
    said = (base, *(with_metal_sides(base, sides) for sides in ("right", "left", "both", "none")))
    return result.provenance.config_hash.partition("-")[0] in {one.hash() for one in said}


def _sweep(folder: Path) -> None:
    """What processes that were killed have left."""
    for path in folder.glob(".*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _LEFT_S:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()


def _answer(asked: Remeasurement) -> Answer:
    try:
        return remeasure(asked)
    except RefusedInput as error:
        return Answer(CorrectionState.REFUSED, error.reason, error.detail)
    except GradeError as error:
        return Answer(CorrectionState.FAILED, error.reason, error.detail)
    except MemoryError:
        return Answer(CorrectionState.FAILED, Reason.OUT_OF_MEMORY)
    except Exception as error:  # a defect must be reported, without anything of the patient
        return Answer(CorrectionState.FAILED, Reason.DEFECT, f"{type(error).__name__} in {place_of(error)}")


def _end_with_server() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """One job, one answer on stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server decides
    step_back(5)  # pages come first
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    asked = Remeasurement(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_server, daemon=True).start()
    with answers:
        json.dump(asdict(_answer(asked)), answers)
    os._exit(0)


if __name__ == "__main__":
    main()
