"""What speaks for and against a study: nothing against a sound one, and every fault under its topic."""

from dataclasses import replace

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Origin, Series, Study
from gluteal_grade.measurement.evidence import Finding, Topic, check_study
from gluteal_grade.vocabulary import SeriesKind
from tests.synthetic import dixon, make_toy, series

SETTINGS = load_settings()
TOY = make_toy(spread=0.05)


def study(change=lambda kind, array: array, **of_fat) -> Study:
    found = []
    for kind, array in zip((SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT), dixon(TOY), strict=True):
        moved = np.stack([np.roll(array[:, :, k], k, axis=0) for k in range(array.shape[2])], axis=2)
        found.append(series(kind.value, kind, Volume(change(kind, moved).astype(np.float32), TOY.grid.affine)))
    return Study("0" * 12, (found[0], replace(found[1], **of_fat)))


def against(one: Study) -> dict[Topic, Finding]:
    return {f.topic: f for f in check_study(one, SETTINGS) if f.against}


def test_nothing_speaks_against_a_sound_study() -> None:
    found = check_study(study(), SETTINGS)
    assert [f for f in found if f.against] == []
    assert {f.topic for f in found if f.against is False} >= {Topic.GEOMETRY, Topic.SLICES, Topic.PARTNERS, Topic.SCALE}


def test_partners_of_two_acquisitions() -> None:
    one = study(origin=Origin(time_s=900.0))
    water = replace(one.series[0], origin=Origin(time_s=100.0))
    found = against(replace(one, series=(water, one.series[1])))
    assert found[Topic.PARTNERS].reason is Reason.PARTNER_DIFFERS
    assert found[Topic.MEASURING].reason is Reason.PARTNER_DIFFERS


def test_a_half_alone() -> None:
    found = against(replace(study(), series=study().series[:1]))
    assert found[Topic.PARTNERS].reason is Reason.PARTNER_MISSING
    assert found[Topic.MEASURING].series == ""


def test_slices_out_of_place() -> None:
    def change(kind: SeriesKind, array: np.ndarray) -> np.ndarray:
        if kind is SeriesKind.DIXON_FAT:
            array[:, :, [12, 13]] = array[:, :, [13, 12]]
        return array

    found = [f for f in check_study(study(change), SETTINGS) if f.against]
    assert {f.topic for f in found} == {Topic.SLICES}
    assert "dixon_fat" in {f.series for f in found}


def test_what_only_the_pair_can_tell_of_a_slice_is_told() -> None:
    def change(kind: SeriesKind, array: np.ndarray) -> np.ndarray:
        if kind is SeriesKind.DIXON_FAT:
            array[: array.shape[0] // 2, :, 0] = 0  # the first slice: it has neighbours on one side only
        return array

    found = against(study(change))
    assert set(found) == {Topic.SLICES}
    assert found[Topic.SLICES].reason is Reason.EMPTY_SLICES


def test_a_scale_that_no_body_has() -> None:
    found = against(study(lambda kind, array: array * (200 if kind is SeriesKind.DIXON_FAT else 1)))
    assert Topic.SCALE in found or Topic.MEASURING in found


def test_refused_series_and_notes_of_the_reader() -> None:
    one = study()
    refusal = RefusedInput(Reason.UNEVEN_SLICES, "gap of 8 mm")
    broken: Series = replace(one.series[0], id="x", kind=SeriesKind.T1, refusal=refusal, grid=None)
    notes = (Note(Reason.UNREADABLE_DICOM, "2 files left out"),)
    found = against(replace(one, series=(*one.series, broken), notes=notes))
    assert found[Topic.GEOMETRY].reason is Reason.UNEVEN_SLICES
    assert found[Topic.FILES].reason is Reason.UNREADABLE_DICOM
    scout = replace(broken, kind=SeriesKind.LOCALIZER)
    assert Topic.GEOMETRY not in against(replace(one, series=(*one.series, scout)))
