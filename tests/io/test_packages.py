"""Stations under one SeriesInstanceUID become volumes of their own, which are stitched; a stack with a fault stays refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.io import Study, discover
from gluteal_grade.vocabulary import SeriesKind
from tests import dicom_factory as make

GAP_MM = 3.0
WATER = {"ImageType": ["DERIVED", "PRIMARY", "M", "WATER"], "SeriesNumber": 4}
FAT = {"ImageType": ["DERIVED", "PRIMARY", "M", "FAT"], "SeriesNumber": 4}


def write(folder: Path, first: float, count: int, prefix: str, **elements: Any) -> None:
    places = make.positions(count, gap_mm=GAP_MM, origin=(-50.0, -60.0, 10.0 + GAP_MM * first))
    for kind, role in ((WATER, "w"), (FAT, "f")):
        uids = {"InstanceNumber": 100 * int(10 * first) + (0 if role == "w" else 50)}
        make.write_stack(folder, make.voxels(count, seed=len(role)), places, prefix=f"{prefix}{role}", **kind, **elements | uids)


def study(folder: Path) -> Study:
    (found,) = discover(folder).studies
    return found


@pytest.mark.parametrize(
    ("first", "tags"),
    [
        (8, ({"AcquisitionNumber": 1}, {"AcquisitionNumber": 2})),
        (7.5, ({"AcquisitionNumber": 1}, {"AcquisitionNumber": 2})),
        (8, ({"AcquisitionTime": "101500"}, {"AcquisitionTime": "101700"})),
        (7.5, ({}, {})),
        (10.4, ({"AcquisitionNumber": 1}, {"AcquisitionNumber": 2})),
    ],
)
def test_two_stations_of_one_series(tmp_path: Path, first: float, tags: tuple[dict[str, Any], dict[str, Any]]) -> None:
    write(tmp_path, 0, 10, "a", **tags[0])
    write(tmp_path, first, 10, "b", **tags[1])
    found = study(tmp_path)
    assert [s.refusal for s in found.series] == [None] * 6
    water, fat = (found.find(kind) for kind in (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT))
    assert [len(s.stations) for s in water] == [2, 0, 0]
    assert [len(s.stations) for s in fat] == [2, 0, 0]
    assert water[0].grid is not None
    assert fat[0].grid is not None
    assert water[0].grid.matches(fat[0].grid)
    assert water[0].grid.shape[2] == 10 + int(first)
    assert water[0].stations == tuple(s.id for s in water[1:])
    assert Reason.STATIONS_STITCHED in {n.reason for n in found.notes}


def test_an_uneven_gap_without_a_tag_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, 0, 10, "a")
    write(tmp_path, 10.4, 10, "b")
    assert {s.refusal.reason for s in study(tmp_path).series if s.refusal} == {Reason.UNEVEN_SLICES}


def test_slices_that_are_missing_are_no_stations(tmp_path: Path) -> None:
    write(tmp_path, 0, 8, "a", AcquisitionNumber=1)
    write(tmp_path, 9, 8, "b", AcquisitionNumber=2)
    assert {s.refusal.reason for s in study(tmp_path).series if s.refusal} == {Reason.UNEVEN_SLICES}


def test_one_place_twice_is_no_pair_of_stations(tmp_path: Path) -> None:
    write(tmp_path, 0, 8, "a")
    write(tmp_path, 0.5, 8, "b")  # interleaved, and one slice more would make it even
    places = make.positions(1, gap_mm=GAP_MM, origin=(-50.0, -60.0, 10.0 + GAP_MM * 9.2))
    make.write_stack(tmp_path, make.voxels(1, seed=5), places, prefix="z", **WATER)
    found = study(tmp_path)
    assert not any(s.stations for s in found.series)
    assert Reason.UNEVEN_SLICES in {s.refusal.reason for s in found.series if s.refusal}


def test_stations_of_one_place_without_a_tag_stay_refused(tmp_path: Path) -> None:
    write(tmp_path, 0, 10, "a")
    write(tmp_path, 8, 10, "b")
    assert {s.refusal.reason for s in study(tmp_path).series if s.refusal} == {Reason.DUPLICATE_SLICES}


def test_the_voxels_are_those_of_both(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    picture = (1000 * rng.random((1, 30, 30)) + 400 * rng.random((18, 30, 30))).astype(np.uint16)
    for prefix, start, number in (("a", 0, 1), ("b", 8, 2)):
        places = make.positions(10, gap_mm=GAP_MM, origin=(-50.0, -60.0, 10.0 + GAP_MM * start))
        make.write_stack(tmp_path, picture[start : start + 10], places, prefix=prefix, AcquisitionNumber=number, **make.SPIN_ECHO_T1)
    found = study(tmp_path)
    assert [(s.kind, len(s.stations)) for s in found.series] == [(SeriesKind.T1, 2), (SeriesKind.T1, 0), (SeriesKind.T1, 0)]
    volume = found.series[0].load()
    assert np.abs(np.sort(volume.array, axis=None) - np.sort(picture, axis=None)).max() < 3
