"""Series numbers: no two kinds of series that the program writes share one, however often a study is graded anew."""

from __future__ import annotations

from pathlib import Path

import pydicom

from gluteal_grade.report.dicom.rejection import header_of, rejection_note
from gluteal_grade.report.dicom.stamp import SERIES_NUMBERS
from gluteal_grade.report.dicom.write import DicomOptions, write_dicom
from gluteal_grade.review import sr
from tests.report.dicom.scanner import examined, slim
from tests.report.dicom.test_stitched import case_of, scan


def test_every_kind_has_its_own_within_a_step_of_ten() -> None:
    numbers = SERIES_NUMBERS.values()
    assert len(set(numbers)) == len(SERIES_NUMBERS)
    assert {number // 10 for number in numbers} == {900}  # ten more is the next writing of the same kind, never another kind
    assert sr._SERIES_NUMBER % 10 == 0
    assert max(numbers) + 10 * 9 < sr._SERIES_NUMBER


def test_the_objects_that_are_written_have_them(tmp_path: Path) -> None:
    plain = slim(examined("siemens"))
    (tmp_path / "plain").mkdir()
    options = DicomOptions(pdf=b"%PDF-1.4\n%%EOF\n", fat_map=True)
    files = list(write_dicom(plain.graded, plain.study, tmp_path / "plain", overlay=plain.overlay, options=options))
    note = rejection_note([header_of(files[0])], header_of(files[0]), header_of(files[0]))
    files += case_of(scan(tmp_path / "in"), tmp_path / "out").folder.glob("stitched_*.dcm")
    kinds: dict[int, set[str]] = {int(note.SeriesNumber): {"note"}}
    for path in files:
        kinds.setdefault(int(pydicom.dcmread(path, stop_before_pixels=True).SeriesNumber), set()).add(path.name.split("_")[0])
    assert sorted(map(sorted, kinds.values())) == [["fat"], ["note"], ["pdf.dcm"], ["sc.dcm"], ["seg.dcm"], ["sr.dcm"], ["stitched"]]
    assert set(kinds) == set(SERIES_NUMBERS.values())
