"""A study in two stations, from labels to numbers: as the whole one, from where the labels are, with every series told."""

from dataclasses import dataclass

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.io import Series, Study
from gluteal_grade.io.stations import with_stations
from gluteal_grade.pipeline import grade_study
from gluteal_grade.result import StudyResult
from gluteal_grade.segmentation import Segmentation
from gluteal_grade.segmentation.labelmap import series_on_grid
from tests.in_stations import SLICES, coarse_labels, station, whole


@dataclass(frozen=True)
class Labels:
    """Labels on the grid of one of the study's series."""

    labels: Volume

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        return Segmentation(self.labels, series_on_grid(self.labels, study, preferred), "test", "0" * 64)


def graded(series: list[Series], labels: Volume, only: str | None = None) -> StudyResult:
    found, notes = with_stations(series)
    return grade_study(Study("0" * 12, tuple(found), notes=notes), load_settings(), Labels(labels), only).result


def on(slices: slice, labels: Volume | None = None) -> Volume:
    labels = labels or coarse_labels()
    affine = labels.affine.copy()
    affine[:3, 3] = labels.grid.to_world([0, 0, slices.start])
    return Volume(labels.array[:, :, slices], affine)


def numbers(result: StudyResult) -> np.ndarray:
    return np.array([(m.volume_ml, 100 * m.fat_fraction) for m in result.muscles])


@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_stitched_stations_are_measured_as_one_piece(offset: float) -> None:
    labels = coarse_labels()
    labels.array[:, :, -1] = 0  # half of the last slice is in no station
    one_piece = graded(whole(), labels)
    lower, upper = station("s1", 0, 16), station("s5", 14.5, 15, gain=1.4, offset=offset)
    stitched = graded([*lower, *upper], on(slice(0, SLICES - 1), labels))
    ml, points = np.abs(numbers(stitched) - numbers(one_piece)).T
    assert ml.max() == 0
    assert points.max() < 0.3
    assert stitched.reference_series == "s1.water.stitched"
    assert {s.id: s.why_not for s in stitched.series if not s.used} == {
        "s1.water": "a station of s1.water.stitched",
        "s1.fat": "a station of s1.fat.stitched",
        "s5.water": "a station of s1.water.stitched",
        "s5.fat": "a station of s1.fat.stitched",
    }
    told = [n.detail for n in stitched.notes if n.reason is Reason.STATIONS_STITCHED]
    assert sum("times as bright" in words for words in told) == 1
    assert sum("taken off" in words for words in told) == (2 if offset else 0)


def test_labels_of_one_station_are_measured_on_its_own_images() -> None:
    result = graded([*station("s1", 0, 16), *station("s5", 14, 16)], on(slice(14, SLICES)))
    assert result.reference_series == "s5.water"
    assert {s.id for s in result.series if s.used} == {"s5.water", "s5.fat"}
    assert Reason.RESAMPLED not in {n.reason for n in result.notes}


def test_labels_on_a_station_are_never_measured_on_another_part_of_the_body() -> None:
    lower, upper = station("s1", 0, 8), station("s5", 12, 18)  # a gap between
    result = graded([*lower, *upper], on(slice(12, SLICES)))
    assert {s.id for s in result.series if s.used} == {"s5.water", "s5.fat"}
    assert all(np.isfinite(m.fat_fraction) for m in result.muscles)
    (note,) = [n for n in result.notes if n.reason is Reason.STATIONS_APART]
    assert "a gap of 20 mm" in note.detail


def test_a_station_can_be_named() -> None:
    result = graded([*station("s1", 0, 16), *station("s5", 14, 16)], on(slice(0, 16)), only="s1.water")
    assert {s.id for s in result.series if s.used} == {"s1.water", "s1.fat"}
