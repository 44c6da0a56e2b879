"""A study measured again on corrected label maps, in a process of its own: `python -m gluteal_grade.review.remeasure`, jobs on stdin.

While the reader draws, the study is measured on the labels that it has, so that all that does not depend on labels is there when new ones
come. The process ends when its stdin does, so that it never outlives the server.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from gluteal_grade.config import Settings, with_metal_sides
from gluteal_grade.errors import GradeError, Reason, RefusedInput, place_of
from gluteal_grade.files import write_text
from gluteal_grade.imaging import keeping
from gluteal_grade.io import Series, Study
from gluteal_grade.pipeline import Graded
from gluteal_grade.report import Place
from gluteal_grade.report.dicom import deidentified_result, mapped
from gluteal_grade.result import FatReport, StudyResult
from gluteal_grade.review.correction import CORRECTED, CorrectionState, Remeasurement, numbers_file
from gluteal_grade.review.database import FOLDER
from gluteal_grade.review.measurer import PREPARE
from gluteal_grade.review.origin import Origin
from gluteal_grade.review.readiness import Ready, made_ready
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


def remeasure(asked: Remeasurement, ready: Ready | None = None) -> Answer:
    """Measure and write `OUT/review/corrected/<study>/<id>/`; the first result stays as it is.

    Sex, contrasts, sides with metal, the user's mask and the series are those of the first result.

    Args:
        asked: what.
        ready: the study, where it is known already and none of its files has changed.

    Raises:
        GradeError: it cannot be measured, or not now.
        ValueError: the settings file is none.
    """
    out = Path(asked.out)
    ready = ready or made_ready(asked)
    origin, settings = ready.origin, ready.settings
    job = _job(origin, settings, asked)
    with keeping(ready.kept) if ready.kept else nullcontext():
        graded = _graded(origin, job)
    if (refusal := graded.result.refusal) is not None:
        return Answer(CorrectionState.REFUSED, refusal.reason, refusal.detail)
    folder = out / FOLDER / CORRECTED / asked.study
    _sweep(folder)
    early = deidentified_result(graded.result) if origin.deidentified else graded.result
    with _told_early(numbers_file(out, asked.study, asked.correction), early):
        write(graded, job, Output(folder, Place(asked.correction), deidentify=origin.deidentified))
    return Answer(CorrectionState.DONE, detail="" if _same_settings(settings, origin.result) else OTHER_SETTINGS)


@contextmanager
def _told_early(path: Path, result: StudyResult) -> Iterator[None]:
    """A reader who waits sees the numbers while pictures and files are made."""
    with suppress(GradeError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, result.to_json())
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


class _Awaited(Exception):
    """A correction has come while the study was being prepared."""


class _Measuring:
    """Jobs of one study, one after another.

    Args:
        awaited: whether another job waits.
    """

    def __init__(self, awaited: Callable[[], bool]) -> None:
        self._awaited, self._preparing = awaited, False
        self._ready: Ready | None = None

    def prepare(self, asked: Remeasurement) -> None:
        """Measure the study on the labels that it has. What goes wrong will go wrong again where there is somebody to tell."""
        ready = self._known(asked)
        labels = ready.origin.place.find(Path(asked.out), StudyFile.LABELS)
        if ready.kept is None or not labels.is_file():
            return
        self._preparing = True
        try:
            with keeping(ready.kept):
                _graded(ready.origin, _job(ready.origin, ready.settings, replace(asked, labels=str(labels))))
        finally:
            self._preparing = False

    def measure(self, asked: Remeasurement) -> Answer:
        """Measure and write; see `remeasure`."""
        return remeasure(asked, self._known(asked))

    def forget(self) -> None:
        """There is not enough memory, or something is not as it should be."""
        self._ready = None

    def _known(self, asked: Remeasurement) -> Ready:
        if self._ready is None or not self._ready.holds(asked):
            self._ready = None
            self._ready = made_ready(asked, self._look_up)
        return self._ready

    def _look_up(self) -> None:
        if self._preparing and self._awaited():
            raise _Awaited


def _prepared(measuring: _Measuring, asked: Remeasurement) -> None:
    try:
        measuring.prepare(asked)
    except _Awaited:
        pass  # what was made until now serves
    except Exception:  # told, with its reason, once there are labels
        measuring.forget()


def _answer(measuring: _Measuring, asked: Remeasurement) -> Answer:
    try:
        return measuring.measure(asked)
    except RefusedInput as error:
        return Answer(CorrectionState.REFUSED, error.reason, error.detail)
    except GradeError as error:
        return Answer(CorrectionState.FAILED, error.reason, error.detail)
    except MemoryError:
        measuring.forget()
        return Answer(CorrectionState.FAILED, Reason.OUT_OF_MEMORY)
    except Exception as error:  # a defect must be reported, without anything of the patient
        measuring.forget()
        return Answer(CorrectionState.FAILED, Reason.DEFECT, f"{type(error).__name__} in {place_of(error)}")


def _listen(jobs: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        jobs.put(line)
    os._exit(0)  # the server is gone, or wants no more


def main() -> None:
    """Jobs on stdin, a line of JSON each; an answer on stdout for each that is measured."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server decides
    step_back(5)  # pages come first
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    jobs: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    measuring = _Measuring(lambda: not jobs.empty())
    while True:
        job = json.loads(jobs.get())
        what, asked = job.pop("do"), Remeasurement(**job)
        if what == PREPARE:
            _prepared(measuring, asked)
            continue
        answers.write(json.dumps(asdict(_answer(measuring, asked))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
