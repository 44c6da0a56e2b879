"""Stations of one examination are stitched where that can be done; where not, each stands alone and the study says why."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io import discover
from gluteal_grade.io.stations import with_stations
from gluteal_grade.io.study import Acquisition, Series
from tests.in_stations import FAT, SLICES, WATER, coarse_labels, fine, station, whole

LOWER = station("s1", 0, 16)


def fraction(water: Series, fat: Series) -> np.ndarray:
    w, f = water.load().array, fat.load().array
    return f / np.maximum(w + f, 1)


def refused(*series: Series) -> str:
    """What is told where nothing was stitched; every series is there as it was, in its order."""
    found, notes = with_stations(series)
    assert [one.id for one in found] == [one.id for one in series]
    assert not any(one.stations for one in found)
    assert {n.reason for n in notes} == {Reason.STATIONS_APART}
    (note,) = notes
    return note.detail


@pytest.mark.long
@pytest.mark.parametrize("gain", [1.0, 1.6])
@pytest.mark.parametrize("offset", [0.0, 30.0])
@pytest.mark.parametrize("first", [14, 14.5, 16])
def test_two_stations_measure_as_one_piece(first: float, gain: float, offset: float) -> None:
    upper = station("s5", first, SLICES - 1 - int(first), gain=gain, offset=offset)
    found, notes = with_stations([*LOWER, *upper])
    assert [one.id for one in found] == ["s1.water.stitched", "s1.fat.stitched", "s1.water", "s1.fat", "s5.water", "s5.fat"]
    assert [n.reason for n in notes] == [Reason.STATIONS_STITCHED]
    water, fat = found[:2]
    assert water.stations == ("s1.water", "s5.water")
    assert water.grid is not None
    volume = water.load()
    assert volume.grid.matches(water.grid)
    one_piece = whole()
    labels = coarse_labels().array[:, :, : volume.shape[2]] > 0
    stitched = fraction(water, fat)
    true = fraction(*one_piece)[:, :, : volume.shape[2]]
    upper_half = np.arange(volume.shape[2]) >= 14
    # one station was never shifted; half a slice moves borders of a toy that has no partial volume
    assert 100 * abs(stitched[labels].mean() - true[labels].mean()) < 0.3
    assert 100 * abs(stitched[labels & upper_half].mean() - true[labels & upper_half].mean()) < 0.6
    told = water.notes_read()
    assert any(n.detail.startswith(f"stations s1.water, s5.water are 1.000, {gain:.1f}") for n in told)
    assert bool([n for n in told if "taken off" in n.detail]) is bool(offset)


def test_brightness_is_that_of_the_lowest_everywhere() -> None:
    found, _ = with_stations([*LOWER, *station("s5", 14, 16, gain=2.0)])
    assert np.abs(found[0].load().array - whole()[0].load().array).max() < 3


def test_three_stations_in_any_order() -> None:
    parts = [*station("s9", 20, 10, gain=0.5), *station("s1", 0, 12), *station("s5", 10, 12, gain=1.5)]
    found, _ = with_stations(parts)
    assert found[0].id == "s9.water.stitched"
    assert found[0].stations == ("s1.water", "s5.water", "s9.water")
    assert found[0].grid is not None
    assert found[0].grid.shape[2] == SLICES
    assert 100 * np.abs(fraction(*found[:2]) - fraction(*whole()))[whole()[0].load().array > 200].max() < 1


def test_what_is_stitched_has_all_sources_and_images() -> None:
    lower = [replace(one, sources=(f"a-{one.id}",), image_count=16) for one in LOWER]
    upper = [replace(one, sources=(f"b-{one.id}",), image_count=15) for one in station("s5", 14, 15)]
    stitched = with_stations([*lower, *upper])[0][0]
    assert stitched.sources == ("a-s1.water", "b-s5.water")
    assert stitched.image_count == 31


def test_one_station_is_left_as_it_is() -> None:
    for alone in (LOWER, [*LOWER, *station("s5", 0, 16)], [*LOWER, *station("s5", 3, 16)]):  # also if it is repeated
        assert with_stations(alone) == (alone, ())


@pytest.mark.parametrize(
    ("upper", "words"),
    [
        (station("s5", 18, 12), "a gap of 10 mm"),
        (station("s5", 14, 16, frame_of_reference="1.3"), "frame of reference"),
        (station("s5", 14, 16, kinds=(WATER,)), "s5.water has no dixon_fat"),
        (station("s5", 14, 16, acquisition=Acquisition(te_ms=3.0)), "TE 2 and 3"),
        ([*station("s5", 14, 16), *station("s9", 14, 16)], "s5.water and s9.water show one place twice"),
    ],
)
def test_why_stations_stand_alone(upper: list[Series], words: str) -> None:
    lower = [replace(one, acquisition=Acquisition(te_ms=2.0)) for one in LOWER]
    assert words in refused(*lower, *upper)


@pytest.mark.parametrize("facts", [{"mars": True}, {"acquisition": Acquisition(contrast_agent=True)}])
def test_what_looks_otherwise_is_not_stitched(facts: dict[str, Any]) -> None:
    assert "metal-artifact reduction or contrast agent" in refused(*LOWER, *station("s5", 14, 16, **facts))


def test_slices_of_another_thickness_go_to_the_thinner() -> None:
    toy, *arrays = fine()
    upper = []
    for one, array in zip(station("s5", 14, 16), arrays, strict=True):
        affine = toy.grid.affine.copy()
        affine[:3, 3] = toy.grid.to_world([0, 0, 28])
        volume = Volume(array[:, :, 28:], affine)
        upper.append(replace(one, grid=volume.grid, load=lambda volume=volume: volume))
    found, _ = with_stations([*LOWER, *upper])
    water, fat = found[:2]
    assert water.grid is not None
    assert water.grid.spacing_mm[2] == pytest.approx(2.5)
    first = round(toy.grid.to_voxel(water.grid.affine[:3, 3])[2])
    labels = toy.labels.array[:, :, first : first + water.grid.shape[2]] > 0
    true = arrays[1] / np.maximum(arrays[0] + arrays[1], 1)
    assert 100 * abs(fraction(water, fat)[labels].mean() - true[:, :, first : first + labels.shape[2]][labels].mean()) < 0.6


def moved(series: Series, change: np.ndarray) -> Series:
    volume = series.load()
    other = Volume(volume.array, change @ volume.affine)
    return replace(series, grid=other.grid, load=lambda: other)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (np.diag([1.05, 1, 1, 1]), "size of their voxels"),
        (np.array([[1, 0, 0, 12], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), "field of view"),
        (np.array([[1, 0, 0, 0], [0, 0.999, -0.0447, 0], [0, 0.0447, 0.999, 0], [0, 0, 0, 1.0]]), "direction"),
    ],
)
def test_other_grids_stand_alone(change: np.ndarray, words: str) -> None:
    assert words in refused(*LOWER, *(moved(one, change) for one in station("s5", 15, 15)))


def test_series_of_stations_know_each_other() -> None:
    found, _ = with_stations([*LOWER, *station("s5", 18, 12)])
    assert [one.apart for one in found] == [("s5.water", "s5.fat")] * 2 + [("s1.water", "s1.fat")] * 2


def test_other_contrasts_of_one_station_do_not_keep_water_and_fat_apart() -> None:
    inphase = [replace(LOWER[0], id="s2")]
    found, notes = with_stations([*LOWER, *(replace(one, kind=one.kind.DIXON_IN_PHASE) for one in inphase), *station("s5", 14, 16)])
    assert [one.id for one in found if one.stations] == ["s1.water.stitched", "s1.fat.stitched"]
    assert "dixon_in_phase not" in notes[0].detail


def test_the_scanners_own_picture_of_all_stations_comes_first() -> None:
    parts = [*LOWER, *station("s5", 14, 16), *whole()]
    found, notes = with_stations(parts)
    assert [one.id for one in found] == ["whole.water", "whole.fat", "s1.water", "s1.fat", "s5.water", "s5.fat"]
    assert notes == (Note(Reason.STATIONS_APART, "series whole.water holds all of s1.water, s5.water; it is asked first"),)


def changed(series: Series, to: Callable[[np.ndarray], np.ndarray]) -> Series:
    volume = series.load()
    other = volume.with_array(to(volume.array))
    return replace(series, load=lambda: other)


@pytest.mark.parametrize("first", [14, 16])
def test_two_people_are_not_stitched(first: float) -> None:
    other = [changed(one, lambda array: np.roll(array, 12, axis=0)) for one in station("s5", first, 14)]
    found, _ = with_stations([*LOWER, *other])
    with pytest.raises(RefusedInput) as caught:
        found[0].load()
    assert caught.value.reason is Reason.STATIONS_APART
    assert "do not show the same" in caught.value.detail


def test_water_and_fat_on_scales_of_their_own_are_not_stitched() -> None:
    water, fat = station("s5", 14, 16)
    found, _ = with_stations([*LOWER, water, changed(fat, lambda array: 1.4 * array)])
    with pytest.raises(RefusedInput) as caught:
        found[0].load()
    assert "scaled each by itself (1, 1.4)" in caught.value.detail


def test_files_of_a_biobank(tmp_path: Path) -> None:
    for one in [*station("st1", 0, 16), *station("st2", 14, 16)]:
        volume = one.load()
        letter = "W" if one.kind is WATER else "F"
        nib.save(nib.Nifti1Image(volume.array, volume.affine), tmp_path / f"{one.id.split('.')[0]}_{letter}.nii.gz")
    (study,) = discover(tmp_path).studies
    assert [(s.kind, len(s.stations)) for s in study.series] == [(FAT, 2), (WATER, 2), (FAT, 0), (WATER, 0), (FAT, 0), (WATER, 0)]
    assert [n.reason for n in study.notes] == [Reason.STATIONS_STITCHED]
    assert study.series[0].load().shape[2] == SLICES
