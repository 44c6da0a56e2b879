"""Slices that were sent apart or twice make the volume that they are; what only looks like it is left as it was."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.io.discovery import discover
from tests import dicom_factory as make

WHOLE = make.voxels()


def series_of(folder: Path):
    (study,) = discover(folder).studies
    return study.series


def rewritten(paths: list[Path], change) -> None:
    for index, path in enumerate(paths):
        data = pydicom.dcmread(path)
        change(data, index)
        data.save_as(path)


def own_series(data: pydicom.Dataset, index: int) -> None:
    data.SeriesInstanceUID = make.uid("slice", index)


def test_a_series_uid_for_each_slice(tmp_path: Path) -> None:
    make.write_stack(tmp_path / "a", WHOLE, **make.SPIN_ECHO_T1)
    rewritten(make.write_stack(tmp_path / "b", WHOLE, **make.SPIN_ECHO_T1), own_series)
    (whole,), (joined,) = series_of(tmp_path / "a"), series_of(tmp_path / "b")
    assert joined.refusal is None
    assert joined.image_count == 4
    assert np.array_equal(joined.load().array, whole.load().array)
    assert [n.reason for n in joined.notes] == [Reason.SERIES_JOINED]
    assert whole.notes == ()
    (study,) = discover(tmp_path / "b").studies
    assert [n.reason for n in study.notes] == [Reason.SERIES_JOINED]


@pytest.mark.parametrize(
    ("keyword", "values"), [("SeriesDescription", "abcd"), ("EchoTime", (1.0, 2.0, 3.0, 4.0)), ("SeriesNumber", (1, 2, 3, 4))]
)
def test_slices_that_differ_stay_apart(keyword: str, values, tmp_path: Path) -> None:
    def change(data: pydicom.Dataset, index: int) -> None:
        own_series(data, index)
        setattr(data, keyword, values[index])

    rewritten(make.write_stack(tmp_path, WHOLE, **make.SPIN_ECHO_T1), change)
    assert {s.refusal.reason for s in series_of(tmp_path) if s.refusal} == {Reason.SINGLE_SLICE}


def test_two_scouts_are_no_volume(tmp_path: Path) -> None:
    rewritten(make.write_stack(tmp_path, WHOLE[:2]), own_series)
    assert len(series_of(tmp_path)) == 2


def new_name(data: pydicom.Dataset, index: int) -> None:
    data.SOPInstanceUID = make.uid("again", index)
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID


def test_pictures_sent_again_under_new_uids_count_once(tmp_path: Path) -> None:
    make.write_stack(tmp_path, WHOLE, **make.SPIN_ECHO_T1)
    rewritten(make.write_stack(tmp_path, WHOLE, prefix="again", **make.SPIN_ECHO_T1), new_name)
    (series,) = series_of(tmp_path)
    assert series.refusal is None
    assert series.image_count == 4
    (note,) = series.notes
    assert note.reason is Reason.COPIES_LEFT_OUT
    assert note.detail.startswith("4 images")


def test_one_pixel_that_differs_is_no_copy(tmp_path: Path) -> None:
    make.write_stack(tmp_path, WHOLE, **make.SPIN_ECHO_T1)
    other = WHOLE.copy()
    other[2, 0, 0] += 1
    rewritten(make.write_stack(tmp_path, other, prefix="again", **make.SPIN_ECHO_T1), new_name)
    (series,) = series_of(tmp_path)
    assert series.refusal is not None
    assert series.refusal.reason is Reason.DUPLICATE_SLICES


def new_series(data: pydicom.Dataset, index: int) -> None:
    new_name(data, index)
    data.SeriesInstanceUID = make.uid("series again")


@pytest.mark.parametrize("changed", [False, True])
def test_a_series_sent_again_under_a_new_uid(changed: bool, tmp_path: Path) -> None:
    make.write_stack(tmp_path, WHOLE, **make.SPIN_ECHO_T1)
    other = WHOLE.copy()
    other[3, 1, 1] += changed
    rewritten(make.write_stack(tmp_path, other, prefix="again", **make.SPIN_ECHO_T1), new_series)
    found = series_of(tmp_path)
    assert len(found) == (2 if changed else 1)
    assert [n.reason for n in found[0].notes] == ([] if changed else [Reason.COPIES_LEFT_OUT])
    assert all(s.refusal is None for s in found)
