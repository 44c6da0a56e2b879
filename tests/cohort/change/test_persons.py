"""Results of two people are not compared in silence."""

from pathlib import Path

import pytest

from gluteal_grade.cohort.change.cautions import Caution
from gluteal_grade.cohort.change.compare import compare_results
from gluteal_grade.result.models import NormReport
from tests import dicom_factory as make
from tests.cohort.change.makers import muscle, result


def of_sex(sex: str | None, study: str):
    made = result([muscle()], study)
    return made.model_copy(update={"norms": NormReport(sex=sex, primary="x", sources={})})


def said(folders: tuple[Path, Path] | None, *sexes: str | None) -> str:
    prior, current = (of_sex(sex, letter * 12) for sex, letter in zip(sexes, "ab", strict=True))
    found = compare_results(prior, current, folders=folders).cautions
    return next((c.detail for c in found if c.code is Caution.DIFFERENT_PATIENT), "")


@pytest.mark.parametrize(("sexes", "differ"), [(("M", "F"), True), (("M", "M"), False), (("M", None), False), ((None, None), False)])
def test_sex(sexes: tuple[str | None, str | None], differ: bool) -> None:
    assert ("(sex)" in said(None, *sexes)) is differ


def folder(path: Path, **elements: str) -> Path:
    make.write(path / "dicom" / "seg.dcm", make.image(make.voxels(1)[0], (0, 0, 0), **elements))
    return path


def test_birth_date_and_id_of_dicom_results(tmp_path: Path) -> None:
    one = folder(tmp_path / "a", PatientBirthDate="19500101", PatientID="1", PatientSex="F")
    other = folder(tmp_path / "b", PatientBirthDate="19600202", PatientID="1", PatientSex="F")
    detail = said((one, other), "F", "F")
    assert detail.endswith("(birth date)")
    assert "19500101" not in detail
    assert said((one, one), "F", "F") == ""
    assert said((one, tmp_path / "nothing"), "F", "F") == ""


def test_pseudonyms_are_no_contradiction(tmp_path: Path) -> None:
    one = folder(tmp_path / "a", PatientBirthDate="19500101", PatientID="1")
    other = folder(tmp_path / "b", PatientBirthDate="", PatientID="x7", PatientIdentityRemoved="YES")
    assert said((one, other), "F", "F") == ""
