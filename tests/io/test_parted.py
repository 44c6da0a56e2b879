"""Water and fat under two StudyInstanceUIDs: one study where everything agrees, two where anything speaks against it."""

from pathlib import Path
from typing import Any

import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io.discovery import discover
from gluteal_grade.measurement.plan import plan_study
from tests import dicom_factory as make

SHARED = {
    "PatientID": "7",
    "PatientBirthDate": "19600101",
    "PatientSex": "F",
    "StudyDate": "20250102",
    "FrameOfReferenceUID": make.uid("space"),
    "AcquisitionTime": "101500",
    "SeriesDescription": "t1_vibe_dixon",
}


def write(folder: Path, **of_fat: Any) -> None:
    make.write_stack(folder, make.voxels(), prefix="w", SeriesNumber=2, ImageType=["DERIVED", "PRIMARY", "M", "WATER"], **SHARED)
    fat = {**SHARED, "StudyInstanceUID": make.uid("other study"), **of_fat}
    make.write_stack(folder, make.voxels(seed=1), prefix="f", SeriesNumber=3, ImageType=["DERIVED", "PRIMARY", "M", "FAT"], **fat)


def test_halves_of_one_acquisition_are_one_study(tmp_path: Path) -> None:
    write(tmp_path)
    (study,) = discover(tmp_path).studies
    assert [s.id for s in study.series] == ["s2", "s3"]
    assert [n.reason for n in study.notes] == [Reason.STUDIES_JOINED]
    assert len(study.files) == 8
    assert study.content()
    assert plan_study(study, load_settings()).orders


@pytest.mark.parametrize(
    "other",
    [
        {"PatientID": "8"},
        {"PatientID": None},
        {"StudyDate": "20250103"},
        {"FrameOfReferenceUID": make.uid("elsewhere")},
        {"FrameOfReferenceUID": None},
        {"AcquisitionTime": "102000"},
        {"AcquisitionTime": None},
        {"RepetitionTime": 9.0},
    ],
)
def test_anything_that_differs_or_is_not_told_keeps_them_apart(other: dict[str, Any], tmp_path: Path) -> None:
    if "RepetitionTime" in other:
        SHARED["RepetitionTime"] = 5.0
    try:
        write(tmp_path, **other)
    finally:
        SHARED.pop("RepetitionTime", None)
    studies = sorted(discover(tmp_path).studies, key=lambda study: study.series[0].id)
    assert len(studies) == 2
    with pytest.raises(RefusedInput) as caught:
        plan_study(studies[0], load_settings())
    assert caught.value.reason is Reason.PARTNER_MISSING
    assert "dixon_fat" in caught.value.detail
    assert "s2" in caught.value.detail


def test_same_series_numbers_get_other_ids(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), prefix="w", SeriesNumber=2, ImageType=["DERIVED", "PRIMARY", "M", "WATER"], **SHARED)
    fat = {**SHARED, "StudyInstanceUID": make.uid("other study"), "SeriesInstanceUID": make.uid("fat")}
    make.write_stack(tmp_path, make.voxels(seed=1), prefix="f", SeriesNumber=2, ImageType=["DERIVED", "PRIMARY", "M", "FAT"], **fat)
    (study,) = discover(tmp_path).studies
    assert len({s.id for s in study.series}) == 2


def test_stations_are_stitched_after_their_halves_were_joined(tmp_path: Path) -> None:
    places = [make.positions(8, origin=(-50.0, -60.0, 10.0 + 3 * first)) for first in (0, 6)]
    for number, at in enumerate(places):
        for n, (role, study) in enumerate((("WATER", "study"), ("FAT", "other study"))):
            facts = {**SHARED, "ImageType": ["DERIVED", "PRIMARY", "M", role], "SeriesNumber": 2 + 2 * number + n}
            make.write_stack(tmp_path, make.voxels(8), at, prefix=f"{role}{number}", StudyInstanceUID=make.uid(study), **facts)
    (study,) = discover(tmp_path).studies
    assert [(s.id, s.stations) for s in study.series if s.stations] == [("s2.stitched", ("s2", "s4")), ("s3.stitched", ("s3", "s5"))]
    assert [n.reason for n in study.notes] == [Reason.STUDIES_JOINED, Reason.STATIONS_STITCHED]
