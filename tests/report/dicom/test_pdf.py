"""The report as a PDF object: two pages that say what the result says, and whom they name."""

import hashlib
from io import BytesIO
from pathlib import Path

import pydicom
import pypdfium2
import pytest

from gluteal_grade.report.dicom.write import DicomOptions, write_dicom
from gluteal_grade.report.html import printed_report
from gluteal_grade.result import StudyResult
from gluteal_grade.vocabulary import Region
from tests.report.dicom.scanner import HAS_DCIODVFY, complaints, examined, slim


def pages(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(BytesIO(pdf))
    return [page.get_textpage().get_text_range() for page in document]


@pytest.fixture(scope="module")
def printed() -> bytes:
    one = examined("siemens")
    return printed_report(one.graded.result, one.overlay.read_bytes())


def test_two_pages_with_every_grade_and_the_disclaimer(printed: bytes) -> None:
    result = examined("siemens").graded.result
    first, second = pages(printed)
    for page in (first, second):
        assert "Research use. Not a medical device." in page
        assert result.study in page
    for m in result.muscles:
        assert f"{100 * m.fat_shown.value:.1f}" in first
        assert m.region is not Region.WHOLE or m.muscle.words.capitalize() in first
    for statement in result.statements:
        assert statement.text.split(";")[0].split(".")[0][:40] in first.replace("\r\n", " ")
    assert "How fat was measured" in second


def test_the_same_result_gives_the_same_bytes_and_another_others(printed: bytes) -> None:
    one = examined("siemens")
    picture = one.overlay.read_bytes()
    assert hashlib.sha256(printed_report(one.graded.result, picture)).digest() == hashlib.sha256(printed).digest()
    assert printed_report(one.graded.result, picture, ("Doe^Jane",)) != printed


def test_it_names_the_patient_only_where_asked_whatever_the_name(printed: bytes) -> None:
    assert "Doe" not in "".join(pages(printed))
    result = examined("siemens").graded.result
    told = "".join(pages(printed_report(result, identity=("Doe $x^2$ \u202eJane",))))
    assert "Doe $x^2$" in told


def test_many_failed_checks_go_on_another_page(printed: bytes) -> None:
    result = examined("siemens").graded.result
    many = tuple(s.model_copy(update={"text": f"{s.text} {n} " + "word " * 200}) for s in result.statements for n in range(9))
    assert many
    longer = pages(printed_report(result.model_copy(update={"statements": many})))
    assert len(longer) > 2
    assert f"Page 1 of {len(longer)}" in longer[0]


def test_a_refused_study_tells_why(tmp_path: Path) -> None:
    from gluteal_grade.config import load_settings
    from gluteal_grade.errors import Reason, RefusedInput
    from gluteal_grade.pipeline import grade_study

    class Refusing:
        def segment(self, study: object, preferred: object) -> None:
            raise RefusedInput(Reason.NO_GLUTEAL_MUSCLE, "no hip in view")

    result: StudyResult = grade_study(examined("siemens").study, load_settings(), Refusing()).result  # type: ignore[arg-type]
    (page,) = pages(printed_report(result))
    assert "no_gluteal_muscle" in page


@pytest.mark.skipif(not HAS_DCIODVFY, reason="needs dicom3tools")
def test_the_object_holds_it_conforms_and_keeps_the_rule_of_the_picture(printed: bytes, tmp_path: Path) -> None:
    one = slim(examined("siemens"))

    def written(folder: str, **options: object) -> Path:
        (tmp_path / folder).mkdir()
        found = write_dicom(one.graded, one.study, tmp_path / folder, overlay=None, options=DicomOptions(pdf=printed, **options))
        assert [path.name for path in found] == ["seg.dcm", "sr.dcm", "pdf.dcm"]
        return found[-1]

    plain, again, named, hidden = written("a"), written("b"), written("c", identified=True), written("d", deidentify=True)
    assert plain.read_bytes() == again.read_bytes()
    assert [complaints(path) for path in (plain, named, hidden)] == [[], [], []]
    data = pydicom.dcmread(plain)
    assert data.EncapsulatedDocument[: data.EncapsulatedDocumentLength] == printed
    assert (data.BurnedInAnnotation, pydicom.dcmread(named).BurnedInAnnotation) == ("NO", "YES")
    assert data.PatientName == pydicom.dcmread(one.study.files[0].open()).PatientName
    without = pydicom.dcmread(hidden)
    assert without.EncapsulatedDocument[: len(printed)] == printed
    assert (without.PatientName, without.PatientIdentityRemoved) == ("", "YES")
