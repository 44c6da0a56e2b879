"""A folder of pictures, one a patient: `trends/<patient>.png`."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from gluteal_grade.cohort.change.compare import compare_results
from gluteal_grade.cohort.change.course import Course, joined, points_of
from gluteal_grade.cohort.change.patients import PatientStudy, picture_name
from gluteal_grade.cohort.change.readable import usable
from gluteal_grade.cohort.change.write import notes_of
from gluteal_grade.errors import not_writable
from gluteal_grade.report.readings import quartile_edges
from gluteal_grade.result.models import StudyResult

FOLDER = "trends"


def write_pictures(patients: Sequence[tuple[str, tuple[PatientStudy, ...]]], out: Path) -> list[Path]:
    """One picture a patient, in a folder that replaces that of an earlier run; no folder where there is no patient.

    Args:
        patients: pseudonym and all studies in order of time.
        out: the folder that holds `trends/`.

    Returns:
        the pictures, relative to `out`.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    scratch = out / f".{FOLDER}.{uuid.uuid4().hex[:8]}.partial"
    final = out / FOLDER
    try:
        scratch.mkdir(parents=True)
        try:
            names = [name for patient, studies in patients if (name := _picture(patient, studies, scratch))]
            if final.exists():
                shutil.rmtree(final)
            if names:
                scratch.rename(final)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise not_writable(error) from error
    return [Path(FOLDER) / name for name in names]


def _picture(patient: str, studies: tuple[PatientStudy, ...], folder: Path) -> str | None:
    from gluteal_grade.cohort.change.picture import draw_course

    results = [(study.days, result) for study, result, _ in usable(studies) if result is not None]
    if len(results) < 2:  # gone since the table was written
        return None
    name = picture_name(patient)
    draw_course(course_of_patient(name.removesuffix(".png"), results), folder / name)
    return name


def course_of_patient(name: str, results: Sequence[tuple[float, StudyResult]]) -> Course:
    """The picture of one patient.

    Args:
        name: for its title.
        results: days and result of each study, in order of time; at least two.
    """
    (_, first), (_, last) = results[0], results[-1]
    return Course(
        points=joined([points_of(result, days) for days, result in results]),
        notes=notes_of(compare_results(first, last).changes),
        x_label="days since the first study",
        ticks=(),
        edges=tuple(100 * edge for edge in quartile_edges(*(result for _, result in results))),
        title=f"Patient {name}: fat fraction; first to last study above the panels",
    )
