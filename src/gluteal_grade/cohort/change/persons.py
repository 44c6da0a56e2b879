"""Are two results of one patient? What results and the DICOM objects beside them say of it; never a name, an ID or a date in the answer."""

from __future__ import annotations

from pathlib import Path

import pydicom

from gluteal_grade.cohort.change.cautions import MEANING, Caution
from gluteal_grade.cohort.change.models import StudyCaution
from gluteal_grade.io import quiet_pydicom, text
from gluteal_grade.result import StudyResult

_SAID = {"PatientSex": "sex", "PatientBirthDate": "birth date", "PatientID": "patient ID"}


def patient_cautions(prior: StudyResult, current: StudyResult, folders: tuple[Path, Path] | None = None) -> tuple[StudyCaution, ...]:
    """One caution that names in what the patients differ; empty where nothing says that they do.

    Args:
        prior, current: results; they hold the sex that norms were taken of.
        folders: of the two results. Results hold no birth date and no ID; DICOM objects beside them do, unless they are de-identified.
    """
    before, now = (_said(folder) for folder in folders) if folders else ({}, {})
    differs = [word for key, word in _SAID.items() if before.get(key) and now.get(key) and before[key] != now[key]]
    sexes = {one.norms.sex for one in (prior, current) if one.norms and one.norms.sex}
    if len(sexes) > 1 and "sex" not in differs:
        differs.insert(0, "sex")
    code = Caution.DIFFERENT_PATIENT
    return (StudyCaution(code=code, detail=f"{MEANING[code]} ({', '.join(differs)})"),) if differs else ()


def _said(path: Path) -> dict[str, str]:
    """What the first readable DICOM object of a result's folder says of the patient."""
    folder = path if path.is_dir() else path.parent
    for file in sorted((folder / "dicom").glob("*.dcm")):
        try:
            with quiet_pydicom():
                data = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=[*_SAID, "PatientIdentityRemoved"])
                if text(data, "PatientIdentityRemoved").upper() == "YES":
                    return {}
                return {key: text(data, key).upper() for key in _SAID}
        except Exception:  # damaged headers raise anything, and a comparison does not depend on them
            continue
    return {}
