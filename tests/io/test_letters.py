"""`x_W` and `x_F` on one grid are water and fat; a letter alone, or on another grid, is no name."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.io import Kinds, discover, pairs
from gluteal_grade.vocabulary import SeriesKind

WATER, FAT = SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT
IN, OPPOSED = SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE


def kinds_of(folder: Path, *names: str, first_mm: dict[str, float] | None = None, kinds: Kinds = None) -> dict[str, SeriesKind]:
    for n, name in enumerate(names):
        affine = np.diag([2, 2, 5, 1.0])
        affine[2, 3] = (first_mm or {}).get(name, 0.0)
        values = np.random.default_rng(n).integers(0, 900, (9, 8, 4)).astype(np.int16)
        nib.save(nib.Nifti1Image(values, affine), folder / f"{name}.nii.gz")
    (study,) = discover(folder, kinds).studies
    return {s.description: s.kind for s in study.series}


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        (("1000_20201_2_0_W", "1000_20201_2_0_F"), (WATER, FAT)),
        (("x_in", "x_opp"), (IN, OPPOSED)),
        (("3D_GRE_TRA_W", "3D_GRE_TRA_F", "3D_GRE_TRA_in", "3D_GRE_TRA_opp"), (WATER, FAT, IN, OPPOSED)),
        (("W", "F"), (WATER, FAT)),
        (("abdomen_w_12", "abdomen_f_13"), (WATER, FAT)),
        (("q_W", "q_F", "q_FP", "q_T2s"), (WATER, FAT, SeriesKind.FAT_FRACTION, SeriesKind.OTHER)),
    ],
)
def test_a_set_of_letters_is_told(tmp_path: Path, names: tuple[str, ...], kinds: tuple[SeriesKind, ...]) -> None:
    assert kinds_of(tmp_path, *names) == dict(zip(names, kinds, strict=True))


@pytest.mark.parametrize("names", [("patient_F",), ("patient_F", "other_W"), ("patient_F", "patient_FP"), ("x_in", "x_F"), ("xW", "xF")])
def test_a_letter_alone_is_no_name(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert set(kinds_of(tmp_path, *names).values()) == {SeriesKind.OTHER}


def test_letters_on_two_grids_are_no_set(tmp_path: Path) -> None:
    assert set(kinds_of(tmp_path, "x_W", "x_F", first_mm={"x_F": 100.0}).values()) == {SeriesKind.OTHER}


def test_the_users_word_counts_more(tmp_path: Path) -> None:
    assert kinds_of(tmp_path, "x_W", "x_F", kinds={"x_F": SeriesKind.T1}) == {"x_W": SeriesKind.OTHER, "x_F": SeriesKind.T1}


def test_two_stations_are_two_pairs(tmp_path: Path) -> None:
    names = ("st1_W", "st1_F", "st2_W", "st2_F")
    assert set(kinds_of(tmp_path, *names, first_mm={"st2_W": 18.0, "st2_F": 18.0}).values()) == {WATER, FAT}
    (study,) = discover(tmp_path).studies
    found = pairs(study.find(WATER), study.find(FAT))
    assert [bool(p.first.stations) for p in found] == [True, False, False]  # stitched comes first
    own = [p for p in found if not p.first.stations]
    assert [(p.first.description, p.second and p.second.description) for p in own] == [("st1_W", "st1_F"), ("st2_W", "st2_F")]
