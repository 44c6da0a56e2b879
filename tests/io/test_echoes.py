"""Trains of gradient echoes are known by their times, in one DICOM series or as NIfTI files; what is none stays what it was."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.io import discover, echo_trains
from gluteal_grade.vocabulary import SeriesKind
from tests import dicom_factory as make

TIMES = (1.2, 2.2, 3.2, 4.2)
ECHO = {"ScanningSequence": "GR", "MagneticFieldStrength": 3.0, "RepetitionTime": 9.0}


def dicom(folder: Path, **more: object) -> tuple:
    for n, te in enumerate(TIMES):
        make.write_stack(folder, make.voxels(seed=n), prefix=f"e{n}", EchoTime=te, EchoNumbers=n + 1, **ECHO | more)
    (study,) = discover(folder).studies
    return study.series


def nifti(folder: Path, names: tuple[str, ...], times: tuple[float, ...] = TIMES, **more: object) -> tuple:
    folder.mkdir(exist_ok=True)
    for name, te in zip(names, times, strict=True):
        rng = np.random.default_rng(int(10 * te))
        nib.save(nib.Nifti1Image(rng.integers(0, 900, (9, 8, 4)).astype(np.int16), np.diag([2, 2, 5, 1.0])), folder / f"{name}.nii.gz")
        sidecar = {"EchoTime": te / 1000, "MagneticFieldStrength": 3, "ScanningSequence": "GR", "RepetitionTime": 0.009} | more
        (folder / f"{name}.json").write_text(json.dumps({key: value for key, value in sidecar.items() if value is not None}))
    (study,) = discover(folder).studies
    return study.series


BIDS = tuple(f"sub-01_echo-{n}_MEGRE" for n in (1, 2, 3, 4))


def test_the_echoes_of_one_series_are_one_train(tmp_path: Path) -> None:
    series = dicom(tmp_path)
    assert [one.kind for one in series] == [SeriesKind.GRADIENT_ECHO] * 4
    assert "one of 4 echoes" in series[0].kind_reason
    (train,) = echo_trains(series)
    assert [one.acquisition.te_ms for one in train] == [2.2, 1.2, 3.2, 4.2], "the echo in phase is looked at"


@pytest.mark.parametrize("names", [BIDS, tuple(f"s4_mgre_e{n}" for n in (1, 2, 3, 4))], ids=["BIDS", "dcm2niix"])
def test_files_of_one_train(tmp_path: Path, names: tuple[str, ...]) -> None:
    series = nifti(tmp_path / "sub-01", names)
    assert {one.kind for one in series} == {SeriesKind.GRADIENT_ECHO}
    assert [len(train) for train in echo_trains(series)] == [4]


def test_two_runs_are_two_trains(tmp_path: Path) -> None:
    names = tuple(f"sub-01_run-{run}_echo-{n}_MEGRE" for run in (1, 2) for n in (1, 2, 3, 4))
    series = nifti(tmp_path / "sub-01", names, TIMES * 2)
    trains = echo_trains(series)
    assert [len(train) for train in trains] == [4, 4]
    assert {one.id[:5] for one in trains[0]} == {"run_1"}


@pytest.mark.parametrize(
    ("names", "more"),
    [
        (BIDS, {"MagneticFieldStrength": None}),
        (BIDS, {"EchoTime": 0.002}),
        (BIDS, {"ScanningSequence": "SE"}),
        (tuple(name.replace("echo", "part-phase_echo") for name in BIDS), {}),
        (("a", "b", "c", "d"), {}),
    ],
    ids=["no field", "one time", "spin echo", "phase", "names say nothing"],
)
def test_what_is_no_train_of_files(tmp_path: Path, names: tuple[str, ...], more: dict[str, object]) -> None:
    series = nifti(tmp_path / "sub-01", names, **more)
    assert SeriesKind.GRADIENT_ECHO not in {one.kind for one in series}


@pytest.mark.parametrize("more", [{"ScanningSequence": "SE"}, {"MagneticFieldStrength": None}, {"ImageType": ["ORIGINAL", "PRIMARY", "P"]}])
def test_what_is_no_train_of_a_series(tmp_path: Path, more: dict[str, object]) -> None:
    assert SeriesKind.GRADIENT_ECHO not in {one.kind for one in dicom(tmp_path, **more)}


def test_the_users_word_counts_more(tmp_path: Path) -> None:
    nifti(tmp_path / "sub-01", BIDS)
    (study,) = discover(tmp_path / "sub-01", SeriesKind.T1).studies
    assert {one.kind for one in study.series} == {SeriesKind.T1}
