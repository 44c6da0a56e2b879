"""Reports with what changed since the patient's earlier study, for one study or for a whole output folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from gluteal_grade.cohort.change.cautions import MEANING, Caution
from gluteal_grade.cohort.change.compare import compare_results
from gluteal_grade.cohort.change.models import Change
from gluteal_grade.cohort.change.patients import PatientStudy, by_patient, from_studies_csv
from gluteal_grade.cohort.change.results import read_result, usable
from gluteal_grade.cohort.lock import locked
from gluteal_grade.cohort.repeatability.site_file import Site, keep_site, read_site, site_of_folder
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.report import DICOM, REPORT, RESULT, SUMMARY_PICTURE, Place, places
from gluteal_grade.report.html import Prior, PriorRow, renewed, write_report
from gluteal_grade.result import SCHEMA_VERSION, StudyResult, primary_of
from gluteal_grade.vocabulary import Scale

_REVIEW = {Caution.PRIOR_NEEDS_REVIEW, Caution.CURRENT_NEEDS_REVIEW}


def prior_of(earlier: StudyResult, later: StudyResult, days: int | None = None, site: Site | None = None) -> Prior:
    """What changed, by the rules of `compare`.

    Args:
        earlier, later: results of two studies of one patient, with something measured in both.
        days: between the two.
        site: repeatability to judge changes by; None: the stated uncertainty.

    Raises:
        RefusedInput: `study_twice`.
    """
    comparison = compare_results(earlier, later, days, site=site)
    of_study = {c.code for c in comparison.cautions}
    return Prior(
        study=earlier.study,
        days=days,
        rows=tuple(_row(c, of_study, primary_of(later)) for c in comparison.changes),
        cautions=tuple(c.detail for c in comparison.cautions),
        assumptions=comparison.assumptions,
        site=comparison.site.words if comparison.site else "",
    )


def _row(c: Change, of_study: set[Caution], scale: Scale) -> PriorRow:
    graded = next((g for g in c.grades if g.scale == scale.key), None)
    return PriorRow(
        side=c.side,
        muscle=c.muscle,
        region=c.region,
        fat_then=c.prior.fat(c.fat_measure),
        fat_now=c.current.fat(c.fat_measure),
        grade_then=graded.prior if graded else None,
        grade_now=graded.current if graded else None,
        change_points=c.fat_change_points,
        change_low=c.fat_change_low,
        change_high=c.fat_change_high,
        sdc_points=c.sdc_points,
        beyond=c.beyond_sdc,
        volume_change_ml=c.volume_change_ml,
        volume_change_percent=c.volume_change_percent,
        volume_sdc_ml=c.volume_sdc_ml,
        volume_beyond=c.volume_beyond_sdc,
        words=c.words,
        review=bool(_REVIEW & set(c.cautions)),
        cautions=tuple(MEANING[code] for code in c.cautions if code not in of_study | _REVIEW),
    )


def priors(out: Path) -> dict[str, Prior]:
    """For each study of a batch that has an earlier one of the same patient: the comparison with the last before it.

    Args:
        out: a batch's output, with `studies.csv`; without it the patient of a study is not known, and there are none.

    Returns:
        by hash of the later study.
    """
    try:
        studies = from_studies_csv(out)
    except RefusedInput:
        return {}
    found: dict[str, Prior] = {}
    site = site_of_folder(out)
    for _, own in by_patient(studies):
        if len(own) > 1:
            found |= _of_patient(own, site)
    return found


def _of_patient(studies: Sequence[PatientStudy], site: Site | None) -> dict[str, Prior]:
    """Each study against the last of an earlier day; what cannot be read, or has no date, is passed over."""
    found: dict[str, Prior] = {}
    before: tuple[float, StudyResult] | None = None
    last: tuple[float, StudyResult] | None = None
    for study, result, _ in usable(studies):
        if result is None:
            continue
        if last is not None and last[0] < study.days:
            before = last
        if before is not None:
            found[result.study] = prior_of(before[1], result, round(study.days - before[0]), site)
        last = study.days, result
    return found


def renew_reports(out: Path, only: str | None = None) -> int:
    """Write `report.html` of every study whose report differs from what its result, picture and prior give now.

    Nothing is parsed or drawn for a report that is made of the same.
    Where a study has DICOM objects its `sr_prior.dcm` follows. A result of another schema keeps the report it has.

    Args:
        out: of a batch, or of several runs of `grade`; the caller holds its lock.
        only: hash of one study.

    Returns:
        how many were written.

    Raises:
        RefusedInput: `no_results`: no study there; `study_not_found`: not this one; `not_a_result`: a result that is damaged.
        TransientFailure: `output_not_writable`, `read_failed`.
    """
    known = priors(out)
    return sum(_renewed(out, *stored, known) for stored in _stored(list(places(out)) if out.is_dir() else [], out, only))


def renew_with_priors(out: Path) -> int:
    """The same for the studies that have a prior; a damaged result is passed over: a batch tells of it elsewhere.

    Raises:
        TransientFailure: `output_not_writable`, `read_failed`.
    """
    known = priors(out)
    count = 0
    for place in places(out) if known else ():
        if place.prefix or place.folder in known:  # a BIDS folder does not tell the hash
            with contextlib.suppress(RefusedInput):
                count += sum(_renewed(out, *stored, known) for stored in _stored([place], out, None) if stored[2].get("study") in known)
    return count


def _renewed(out: Path, place: Place, text: bytes, data: dict[str, Any], known: dict[str, Prior]) -> bool:
    if data.get("schema_version") != SCHEMA_VERSION:
        return False
    prior = known.get(str(data.get("study")))
    try:
        made = renewed(place.find(out, REPORT), text, place.find(out, SUMMARY_PICTURE), prior, place.identity(out))
        _renew_dicom(out, place, text, prior)
        return made
    except ValidationError as error:
        raise _broken(f"breaks schema {SCHEMA_VERSION} in {error.error_count()} places") from None


def _renew_dicom(out: Path, place: Place, result: bytes, prior: Prior | None) -> None:
    """The change in the DICOM report, where the study has one."""
    if place.has_dicom(out):
        from gluteal_grade.report.dicom import renew_prior_sr

        renew_prior_sr(out / place.folder / DICOM, result, prior)


def renew_unlocked(out: Path, only: str | None = None, site: Path | None = None) -> int:
    """The same on a folder that a batch may be writing to: refused with `output_in_use` while it does; `site` is kept there."""
    _exists(out)
    with locked(out):
        keep_site(out, site)
        return renew_reports(out, only)


def report_with_prior(out: Path, earlier: Path, only: str | None = None, site: Path | None = None) -> Path:
    """Write the report of one study, and its `sr_prior.dcm` where it has DICOM objects, with the change from a prior that the user names.

    Args:
        out: as in `renew_reports`.
        earlier: result folder of the earlier study of this patient, or its `result.json`.
        only: hash of the later study; needed where there are several.
        site: site file to judge changes by; None: that of the folder, if there is one.

    Returns:
        the report.

    Raises:
        RefusedInput: as `renew_reports` and `read_result`; `several_studies`; `study_twice`.
        TransientFailure: `output_not_writable`, `read_failed`, `output_in_use`.
    """
    _exists(out)
    before = read_result(earlier, "prior")
    judged = site_of_folder(out) if site is None else read_site(site)
    with locked(out):
        found = list(_stored(list(places(out)), out, only))
        if len(found) > 1:
            raise RefusedInput(Reason.SEVERAL_STUDIES, f"{len(found)} studies in the folder; a prior belongs to one")
        ((place, stored, _),) = found
        now = read_result(place.find(out, RESULT), "current")
        prior = prior_of(before, now, site=judged)
        _renew_dicom(out, place, stored, prior)
        return write_report(now, place.find(out, SUMMARY_PICTURE), place.find(out, REPORT), prior, place.identity(out))


def _exists(out: Path) -> None:
    if not out.is_dir():
        raise RefusedInput(Reason.NO_RESULTS, "no such folder")


def _stored(found: Sequence[Place], out: Path, only: str | None) -> Iterator[tuple[Place, bytes, dict[str, Any]]]:
    """Every one of these results, or the one of this study: where it lies, its bytes and its JSON."""
    told = 0
    if not found:
        raise RefusedInput(Reason.NO_RESULTS, "no study with a result.json")
    for place in found:
        text = _bytes(place.find(out, RESULT))
        try:
            data = from_json(text)
        except ValueError:
            raise _broken("is no JSON") from None
        if not isinstance(data, dict):
            raise _broken("is no result")
        if only in (None, data.get("study")):
            told += 1
            yield place, text, data
    if not told:
        raise RefusedInput(Reason.STUDY_NOT_FOUND, "no result of this study in the folder")


def _broken(what: str) -> RefusedInput:
    return RefusedInput(Reason.NOT_A_RESULT, f"a result.json of the folder {what}")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        detail = os.strerror(error.errno) if error.errno else type(error).__name__
        raise TransientFailure(Reason.READ_FAILED, f"a result.json of the folder: {detail}") from error
