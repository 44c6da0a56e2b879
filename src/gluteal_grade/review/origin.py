"""Where the images of a result are now, and what was said of them when it was made: enough to measure them again alike."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from gluteal_grade.cohort import NAME, Entry, index_folder
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.io import NAMED_BY_USER, Person, Series, Study, discover, single, walk
from gluteal_grade.report import RESULT, Place, places
from gluteal_grade.report.dicom import mapped
from gluteal_grade.result import StudyResult
from gluteal_grade.review._imageindex import ImageIndex

_LEDGER = "ledger"
_HASH = re.compile(r"[0-9a-f]{12}")
_HEAD = 200  # characters of a result.json in which its study stands
_UP = 2  # folders above the place in the ledger: a study may lie in several


@dataclass(frozen=True)
class Origin:
    """The images of a result.

    Attributes:
        study: with sex and contrasts as the result has them.
        result: the result.
        place: of the result in the output.
        deidentified: the result holds mapped UIDs.
    """

    study: Study
    result: StudyResult
    place: Place
    deidentified: bool

    @property
    def metal(self) -> str:
        """What to say of metal so that the result's own sides hold it: auto where a picture or the header told."""
        if not self.result.metal:
            return "auto"
        present = [one for one in self.result.metal if one.present]
        if not present:
            return "none"
        if not any("user" in one.sources for one in present):
            return "auto"
        return "both" if len(present) == 2 else present[0].side.value


def find_study(out: Path, study: str, data: Path | None = None) -> Study:
    """The study of a result, as `origin_of` finds it; same errors."""
    return origin_of(out, study, data).study


def origin_of(out: Path, study: str, data: Path | None = None) -> Origin:
    """The images of a result: where the batch's ledger says, else below a folder that the user names.

    The files are the same ones by content or UID, wherever they lie; a study of which a part is missing does not count.

    Args:
        out: the output folder.
        study: hash.
        data: folder, zip or file of images.

    Raises:
        RefusedInput: `study_not_found`, `not_a_result`, `images_not_found`; no path is told.
        TransientFailure: `read_failed`.
    """
    place, result = result_of(out, study)
    trouble: TransientFailure | None = None
    index = ImageIndex(out, data) if data is not None else None
    for entry in chain(_in_ledger(out, study), index.entries(study) if index else ()):
        try:
            found = _found(entry, result)
        except TransientFailure as error:
            trouble = error
            continue
        if found is not None:
            if index and entry.source != _LEDGER:
                index.remember(study, entry)
            return Origin(_as_said(found, result, out), result, place, deidentified=_mapped(found, result))
    raise trouble or RefusedInput(Reason.IMAGES_NOT_FOUND)


def result_of(out: Path, study: str) -> tuple[Place, StudyResult]:
    """A result, and where it lies; same errors as `origin_of` but for the images."""
    try:
        for place in _places(out, study):
            path = place.find(out, RESULT)
            if path.is_file() and f'"{study}"' in (text := path.read_text(encoding="utf-8"))[:_HEAD]:
                return place, StudyResult.model_validate_json(text)
    except OSError as error:
        raise TransientFailure(Reason.READ_FAILED, error.strerror or "cannot be read") from error
    except ValueError:
        raise RefusedInput(Reason.NOT_A_RESULT, "its result.json is none of this version") from None
    raise RefusedInput(Reason.STUDY_NOT_FOUND, "no result of it in the output folder")


def _places(out: Path, study: str) -> Iterator[Place]:
    """The flat layout's own, then those that are called otherwise."""
    if _HASH.fullmatch(study):
        yield Place(study)
        yield from (place for place in places(out) if place.prefix)


def _rows(out: Path, study: str, column: str) -> list[str]:
    """A column of the ledger for the study, newest first; nothing where there is no ledger. It is only read."""
    path = out / NAME
    if not path.is_file():
        return []
    query = f"SELECT {column} AS found FROM attempts JOIN entries USING (entry) WHERE study = ? AND found IS NOT NULL ORDER BY id DESC"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=20)) as db:
            return list(dict.fromkeys(str(row[0]) for row in db.execute(query, (study,))))
    except sqlite3.Error:
        return []


def _in_ledger(out: Path, study: str) -> Iterator[Entry]:
    """What lies where a batch found it, then what belongs together with it in the folders above."""
    for text in _rows(out, study, "place"):
        place = Path(text)
        if not place.exists():
            continue
        yield Entry(_LEDGER, place)
        for above in list(place.absolute().parents)[:_UP]:
            with suppress(TransientFailure, OSError):
                for entry in index_folder(above, _LEDGER, out):
                    if entry.parts and any((above / part).is_relative_to(place) for part in entry.parts):
                        yield entry


def _told(out: Path, study: str, column: str) -> str | None:
    return next(iter(_rows(out, study, column)), None)


def _found(entry: Entry, result: StudyResult) -> Study | None:
    """The whole study, if it is among these files."""
    labels = result.segmentation.sha256 if result.segmentation and not result.segmentation.automatic else ""
    found = _discovered(entry, result, ())
    if found is None and labels and (drawn := _labels(entry, labels)):
        # a label map among the images makes them another study
        found = _discovered(entry, result, (drawn,))
    return found


def _discovered(entry: Entry, result: StudyResult, leave_out: tuple[Path, ...]) -> Study | None:
    try:
        studies = discover(entry.root, None, leave_out, entry.parts).studies
    except RefusedInput:
        return None
    return next((study for study in studies if study.id == result.study and _whole(study, result)), None)


def _labels(entry: Entry, sha256: str) -> Path | None:
    if entry.root.is_file():
        return None
    some = entry.files() if entry.parts is not None else [file.path for file in walk(entry.root)]
    nifti = [path for path in some if path.name.lower().endswith((".nii", ".nii.gz"))]
    return next((path for path in nifti if single(path).sha256() == sha256), None)


def _whole(study: Study, result: StudyResult) -> bool:
    there = {source for series in study.series for source in series.sources}
    wanted = {source for series in result.series for source in series.sources}
    return wanted <= there or wanted <= {mapped(source) for source in there}


def _mapped(study: Study, result: StudyResult) -> bool:
    there = {source for series in study.series for source in series.sources}
    return not {source for series in result.series for source in series.sources} <= there


def _as_said(study: Study, result: StudyResult, out: Path) -> Study:
    """With what the user said of it then."""
    named = {one.id: one.kind for one in result.series if one.kind_reason == NAMED_BY_USER}

    def kind(series: Series) -> Series:
        if series.id not in named:
            return series
        return replace(series, kind=type(series.kind)(named[series.id]), kind_reason=NAMED_BY_USER)

    sex = (result.norms.sex if result.norms else None) or _told(out, result.study, "sex") or study.patient_sex
    age, height, weight, lean = (_number(_told(out, result.study, name)) for name in ("age", "height_m", "weight_kg", "lean_kg"))
    person = study.person.told(Person(age_years=age, height_m=height, weight_kg=weight, lean_kg=lean))
    return replace(study, series=tuple(kind(series) for series in study.series), patient_sex=sex, person=person)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
