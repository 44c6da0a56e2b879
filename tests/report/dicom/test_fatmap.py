"""The fat map as a series: in the place of the images, percent, with a window."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from gluteal_grade.io import discover
from gluteal_grade.report.dicom.write import DicomOptions, write_dicom
from tests.report.dicom.scanner import HAS_DCIODVFY, complaints, examined, slim

SCANNERS = ("siemens", "enhanced", "ct")


def written(scanner: str, folder: Path, **options: object) -> list[Path]:
    one = slim(examined(scanner))
    folder.mkdir(exist_ok=True)
    found = write_dicom(one.graded, one.study, folder, overlay=None, options=DicomOptions(fat_map=True, **options))
    return [path for path in found if path.name.startswith("fat_")]


@pytest.mark.parametrize("scanner", SCANNERS)
def test_the_map_lies_where_the_images_lie_and_conforms(scanner: str, tmp_path: Path) -> None:
    one = examined(scanner)
    assert one.graded.images is not None
    paths = written(scanner, tmp_path)
    assert not HAS_DCIODVFY or [complaints(path) for path in (paths[0], paths[-1])] == [[], []]
    images: list[Dataset] = [pydicom.dcmread(path) for path in paths]
    assert {(d.WindowCenter, d.WindowWidth, d.get("RescaleSlope", 1)) for d in images} == {(50, 100, 1)}
    assert len({d.SOPInstanceUID for d in images}) == len(images)
    assert len({d.SeriesInstanceUID for d in images}) == 1
    # as this program reads any series: grid and values are those of the map
    (study,) = discover(tmp_path / "dicom").studies
    (series,) = [s for s in study.series if "FAT" in s.description]
    volume, fat = series.load(), one.graded.images.fat_fraction
    assert volume.grid.matches(fat.grid, 0.01)
    there = np.isfinite(fat.array)
    assert there.any()
    assert np.abs(volume.array[there] - 100 * fat.array[there]).max() <= 0.5 + 1e-3
    assert (volume.array[~there] == -1000).all()


def test_same_bytes_twice_and_nothing_of_the_patient_where_not_wanted(tmp_path: Path) -> None:
    first, second = written("siemens", tmp_path / "a"), written("siemens", tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    hidden = written("siemens", tmp_path / "c", deidentify=True)
    name = str(pydicom.dcmread(first[0]).PatientName).encode()
    assert name
    assert name in first[0].read_bytes()
    assert not any(name in path.read_bytes() for path in hidden)
    assert not HAS_DCIODVFY or complaints(hidden[0]) == []
