"""A spin echo that is called "fat"."""

from pathlib import Path
from typing import Any

import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.io.discovery import discover
from gluteal_grade.vocabulary import SeriesKind
from tests import dicom_factory as make

T1 = make.SPIN_ECHO_T1


def kinds(folder: Path) -> list[SeriesKind]:
    (study,) = discover(folder).studies
    return [s.kind for s in study.series]


def test_alone_it_is_t1_and_said_so(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), **{**T1, "SeriesDescription": "T1 tra FAT"})
    (study,) = discover(tmp_path).studies
    assert study.series[0].kind is SeriesKind.T1
    assert [n.reason for n in study.notes] == [Reason.KIND_UNKNOWN]


def test_beside_water_it_is_half_of_a_pair(tmp_path: Path) -> None:
    for number, word in enumerate(("FAT", "WATER"), 1):
        array = make.voxels(seed=number)
        make.write_stack(tmp_path, array, prefix=word, **{**T1, "SeriesDescription": f"T1 tra {word}", "SeriesNumber": number})
    assert kinds(tmp_path) == [SeriesKind.DIXON_FAT, SeriesKind.DIXON_WATER]


@pytest.mark.parametrize(
    "other",
    [
        {"ImageType": ["DERIVED", "PRIMARY", "M", "FAT"]},
        {"SeriesDescription": "T1 dixon F"},
        {"ScanningSequence": "GR", "EchoTime": 2.3, "RepetitionTime": 6.0},
        {"EchoTime": 90.0, "RepetitionTime": 4000.0},
    ],
)
def test_what_is_certain_stays(other: dict[str, Any], tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), **{**T1, "SeriesDescription": "T1 tra FAT", **other})
    assert kinds(tmp_path) == [SeriesKind.DIXON_FAT]
