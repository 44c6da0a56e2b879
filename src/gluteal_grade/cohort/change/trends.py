"""Changes of every patient of a cohort with two studies or more: one table, and pictures of those who changed most."""

from __future__ import annotations

import heapq
import math
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gluteal_grade.cohort.change.cautions import Caution
from gluteal_grade.cohort.change.compare import compare_results
from gluteal_grade.cohort.change.course import Course, draw_course, edges_of, points_of, sdc_note
from gluteal_grade.cohort.change.models import Comparison
from gluteal_grade.cohort.change.output import columns as pair_columns
from gluteal_grade.cohort.change.output import notes_of, rows
from gluteal_grade.cohort.change.patients import PatientStudy, by_patient, picture_name
from gluteal_grade.cohort.change.results import usable
from gluteal_grade.cohort.repeatability.site_file import Site
from gluteal_grade.errors import not_writable
from gluteal_grade.files import table_writer
from gluteal_grade.grading import known_scales
from gluteal_grade.result import StudyResult, primary_of
from gluteal_grade.vocabulary import Region, Scale

_PAIR = ("patient", "days_prior", "days_current", "consecutive", "first_to_last")
LEFT_OUT_COLUMNS = ("patient", "days", "reason")
_REVIEW = {Caution.PRIOR_NEEDS_REVIEW, Caution.CURRENT_NEEDS_REVIEW}


@dataclass
class Trends:
    """What became of a cohort.

    Attributes:
        patients: with at least one comparison.
        comparisons: pairs of studies compared.
        pictures: files written, relative to the output folder, largest changes first.
        left_out: studies of patients with several that could not be compared, by reason code.
    """

    patients: int = 0
    comparisons: int = 0
    pictures: list[Path] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Pair:
    comparison: Comparison
    days: tuple[float, float]
    consecutive: bool
    first_to_last: bool


Read = tuple[PatientStudy, StudyResult]


def patient_trends(
    studies: Sequence[PatientStudy],
    out: Path,
    max_pictures: int = 200,
    scales: Sequence[Scale] | None = None,
    *,
    site: Site | None = None,
) -> Trends:
    """Compare each patient's studies: each with the next, and the first with the last.

    Writes `changes.csv`, `changes_left_out.csv` and `trends/<patient>.png` to `out`. At most three results are in memory at a time.
    A result that cannot be read leaves its study out, not the patient.

    Args:
        studies: of all patients, in any order.
        out: folder; an earlier `trends/` in it is replaced.
        max_pictures: of the patients with the largest changes beyond the smallest detectable one; labels in need of review count last.
        scales: of the cohort; None: the shipped ones.
        site: repeatability to judge changes by; None: the stated uncertainty.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    trends = Trends()
    graded = known_scales() if scales is None else tuple(scales)
    most: list[tuple[tuple[float, float], str]] = []
    own: dict[str, tuple[PatientStudy, ...]] = {}
    with (
        table_writer(out / "changes.csv", (*_PAIR, *pair_columns(graded))) as table,
        table_writer(out / "changes_left_out.csv", LEFT_OUT_COLUMNS) as left_out,
    ):
        for patient, mine in by_patient(studies):
            if len(mine) < 2:
                continue
            rank: tuple[float, float] | None = None
            for pair in _pairs(_readable(mine, trends.left_out, left_out), site):
                table.writerows(_rows(patient, pair, graded))
                trends.comparisons += 1
                rank = max(rank or (0.0, 0.0), _rank(pair.comparison))
            if rank is not None:
                trends.patients += 1
                own[patient] = mine
                heapq.heappush(most, (rank, patient))
                if len(most) > max_pictures:
                    own.pop(heapq.heappop(most)[1])
    chosen = sorted(most, key=lambda one: (-one[0][0], -one[0][1], one[1]))
    trends.pictures = write_pictures([(patient, own[patient]) for _, patient in chosen], out, site)
    return trends


def _readable(studies: Sequence[PatientStudy], counts: Counter[str], table: Any) -> Iterator[Read]:
    for study, result, reason in usable(studies):
        if result is not None:
            yield study, result
        else:
            counts[reason] += 1
            table.writerow({"patient": study.patient, "days": _days(study.days), "reason": reason})


def _pairs(studies: Iterator[Read], site: Site | None) -> Iterator[_Pair]:
    """Each study with the next, then the first with the last; one pair, if there are only two."""
    first = previous = waiting = None
    count = 0
    for study in studies:
        if previous is not None:
            if waiting is not None:
                yield waiting
            waiting = _pair(previous, study, site, consecutive=True)
        first, previous, count = first or study, study, count + 1
    if waiting is not None:
        yield replace(waiting, first_to_last=count == 2)
    if first is not None and previous is not None and count > 2:
        yield replace(_pair(first, previous, site, consecutive=False), first_to_last=True)


def _pair(prior: Read, current: Read, site: Site | None, *, consecutive: bool) -> _Pair:
    days = (prior[0].days, current[0].days)
    return _Pair(
        compare_results(prior[1], current[1], round(days[1] - days[0]), (prior[0].path, current[0].path), site=site),
        days,
        consecutive,
        first_to_last=False,
    )


def _rows(patient: str, pair: _Pair, scales: Sequence[Scale]) -> list[dict[str, str]]:
    head = {
        "patient": patient,
        "days_prior": _days(pair.days[0]),
        "days_current": _days(pair.days[1]),
        "consecutive": str(pair.consecutive).lower(),
        "first_to_last": str(pair.first_to_last).lower(),
    }
    return [head | row for row in rows(pair.comparison, scales)]


def _rank(comparison: Comparison) -> tuple[float, float]:
    """Largest change of a whole muscle beyond its SDC, points: of labels that passed their checks, and of the others."""
    beyond = [c for c in comparison.changes if c.beyond_sdc and c.region is Region.WHOLE]
    sure = [abs(c.fat_change_points) for c in beyond if not _REVIEW & set(c.cautions)]
    doubtful = [abs(c.fat_change_points) for c in beyond if _REVIEW & set(c.cautions)]
    return max(sure, default=0.0), max(doubtful, default=0.0)


def _days(days: float) -> str:
    return "NaN" if math.isnan(days) else f"{days:g}"


FOLDER = "trends"


def write_pictures(patients: Sequence[tuple[str, tuple[PatientStudy, ...]]], out: Path, site: Site | None = None) -> list[Path]:
    """One picture a patient, in a folder that replaces that of an earlier run; no folder where there is no patient.

    Args:
        patients: pseudonym and all studies in order of time.
        out: the folder that holds `trends/`.
        site: repeatability to judge changes by.

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
            names = [name for patient, studies in patients if (name := _picture(patient, studies, scratch, site))]
            if final.exists():
                shutil.rmtree(final)
            if names:
                scratch.rename(final)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise not_writable(error) from error
    return [Path(FOLDER) / name for name in names]


def _picture(patient: str, studies: tuple[PatientStudy, ...], folder: Path, site: Site | None) -> str | None:
    results = [(study.days, result) for study, result, _ in usable(studies) if result is not None]
    if len(results) < 2:  # gone since the table was written
        return None
    name = picture_name(patient)
    draw_course(course_of_patient(name.removesuffix(".png"), results, site), folder / name)
    return name


def course_of_patient(name: str, results: Sequence[tuple[float, StudyResult]], site: Site | None = None) -> Course:
    """The picture of one patient.

    Args:
        name: for its title.
        results: days and result of each study, in order of time; at least two.
        site: repeatability to judge changes by.
    """
    (_, first), (_, last) = results[0], results[-1]
    points = points_of(results)
    return Course(
        sdc_note=sdc_note(site is not None),
        points=points,
        notes=notes_of(compare_results(first, last, site=site).changes),
        x_label="days since the first study",
        ticks=(),
        edges=edges_of(points, [result for _, result in results]),
        scale=primary_of(last).title,
        title=f"Patient {name}: fat fraction; first to last study above the panels",
    )
