"""A phantom in two stations is the phantom: the same voxels, or means half a voxel off; stitched again it is the whole."""

from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.io import discover
from gluteal_grade.vocabulary import SeriesKind, Side
from gluteal_grade_lab.phantom.dicom_writer import write_dicom
from gluteal_grade_lab.phantom.grids import hip_grid
from gluteal_grade_lab.phantom.people import spec, visit
from gluteal_grade_lab.phantom.stations import Cut, examined_in_stations, examined_whole, make_fine
from gluteal_grade_lab.phantom.study import PhantomStudy

NO_NOISE = 1e6


@pytest.fixture(scope="module")
def fine() -> PhantomStudy:
    return make_fine(replace(spec(visit(0)), grid=hip_grid(Side.LEFT, (5.0, 5.0, 10.0))))


@pytest.mark.long
def test_stations_show_what_the_whole_shows(fine: PhantomStudy) -> None:
    whole = examined_whole(fine, NO_NOISE, 1).images[0].volume
    made = examined_in_stations(fine, Cut(overlap=0.2, shift=(0, 0, 0), gain=1.5, offset=0.1), NO_NOISE, 1)
    assert [image.spec.name for image in made.images] == ["st1_water", "st1_fat", "st2_water", "st2_fat"]
    lower, upper = made.images[0].volume, made.images[2].volume
    assert np.abs(lower.array.astype(float) - whole.array[:, :, : lower.shape[2]]).max() <= 1
    start = round(whole.grid.to_voxel(upper.affine[:3, 3])[2])
    assert start + upper.shape[2] == whole.shape[2]
    assert 0 < lower.shape[2] - start < 0.3 * lower.shape[2]
    expected = 1.5 * whole.array[:, :, start:].astype(float) + 20  # a tenth of lean muscle
    assert np.abs(upper.array - expected).max() <= 2  # each image is rounded
    assert made.labels.shape == whole.shape


def test_half_a_voxel_off_is_the_mean_of_other_halves(fine: PhantomStudy) -> None:
    upper = examined_in_stations(fine, Cut(gain=1.0), NO_NOISE, 1).images[2].volume
    start = np.rint(fine.labels.grid.to_voxel(upper.affine[:3, 3]) - 0.5).astype(int)
    assert (start % 2 == 1).all()
    eight = fine.images[0].volume.array[tuple(slice(a, a + 2) for a in start + 10)]
    assert upper.array[5, 5, 5] == pytest.approx(eight.mean(), abs=1)


def test_files_in_stations_are_one_stitched_study(fine: PhantomStudy, tmp_path) -> None:
    made = examined_in_stations(fine, Cut(overlap=0.2, gain=0.8), 40, 3)
    write_dicom(made, tmp_path)
    (study,) = discover(tmp_path).studies
    water = study.find(SeriesKind.DIXON_WATER)[0]
    assert len(water.stations) == 2
    assert water.grid is not None
    assert water.grid.matches(made.labels.grid)
    whole = examined_whole(fine, NO_NOISE, 1).images[0].volume.array[:, :, : water.grid.shape[2]]
    glutei = made.labels.array > 0
    assert water.load().array[glutei].mean() == pytest.approx(whole[glutei].mean(), rel=0.01)
    assert any("1.000, 0.8" in note.detail for note in water.notes_read())
    assert [n.reason for n in study.notes] == [Reason.STATIONS_STITCHED]
