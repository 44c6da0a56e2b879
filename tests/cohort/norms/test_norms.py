"""A healthy cohort as norms: known curves come back, and what cannot be a norm is said."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gluteal_grade.cohort.norms import NormsOptions, compute_norms, write_norms
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.grading import Examined, Reading, compare, load_norms
from gluteal_grade.vocabulary import Muscle
from tests.cohort.norms.healthy_factory import VOLUME_CV, healthy, median_fat, median_volume
from tests.program import program

MEDIUS = Muscle.GLUTEUS_MEDIUS
ONE = (MEDIUS,)


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = healthy(tmp_path_factory.mktemp("healthy"), 150, 130, weight_kg=lambda n: 50 + n % 40, muscles=ONE)
    report = compute_norms([folder], NormsOptions("Ward 3", "3 T Dixon"))
    write_norms(report, load_norms(), folder / "norms")
    return folder / "norms"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        return list(csv.DictReader(stream))


def reasons(path: Path) -> dict[str, int]:
    return dict(pd.read_csv(path, keep_default_na=False)["reason"].value_counts())


def test_the_true_curves_come_back(out: Path) -> None:
    for row in rows(out / "curves.csv"):
        age, sex = float(row["age"]), row["sex"]
        truth = {
            "fat_fraction_core": lambda z, age=age: median_fat(age) * (1 + 0.15 * z),
            "volume_ml": lambda z, age=age, sex=sex: median_volume(MEDIUS, sex, age) * (1 + VOLUME_CV * z),
        }.get(row["quantity"])
        if truth is not None:
            assert int(row["people"]) == (150 if sex == "F" else 130)
            for p in (5, 50, 95):
                assert float(row[f"p{p}"]) == pytest.approx(truth(stats.norm.ppf(p / 100)), rel=0.13)
                assert float(row[f"p{p}_low"]) < float(row[f"p{p}"]) < float(row[f"p{p}_high"])
        assert 1 < float(row["below_p5"]) < 10
        assert 1 < float(row["above_p95"]) < 10


def test_the_file_stands_beside_the_shipped_norms_and_scores_by_age(out: Path) -> None:
    norms = load_norms(out / "norms.yaml")
    assert list(norms.sets) == ["ward_3_dixon_3t", "belzunce2022", "marcon2016", "woodley2012"]
    own = norms.sets[norms.primary]
    assert (own.methods, own.kinds, own.labels, own.field_t) == (("dixon",), ("dixon_fat+dixon_water",), "automatic", 3.0)
    assert own.subjects == "150 women of 21 to 80 years and 130 men of 21 to 79 years"
    assert norms.sets["belzunce2022"] == load_norms().sets["belzunce2022"]
    here = {"kind": "dixon_fat+dixon_water", "automatic": True, "field_t": 3.0}
    for age in (30.0, 70.0):
        reading = Reading(MEDIUS, "dixon", median_volume(MEDIUS, "F", age), 0.1, median_fat(age), **here)
        z = {s.quantity: s.z for s in compare(norms, Examined("F", age, weight_kg=70), reading) if s.source == norms.primary}
        assert {"volume_ml", "fat_fraction", "fat_fraction_core", "volume_per_kg"} == set(z)
        assert abs(z["volume_ml"]) < 0.3
        assert abs(z["fat_fraction_core"]) < 0.3
    beyond = compare(norms, Examined("F", 85.0), Reading(MEDIUS, "dixon", 300.0, 0.1, **here))
    assert [s.source for s in beyond if s.quantity == "volume_ml"] == ["belzunce2022", "woodley2012"]


def test_methods_and_pictures_are_written(out: Path) -> None:
    text = (out / "methods.txt").read_text()
    assert "150 women of 21 to 80 years and 130 men of 21 to 79 years" in text
    assert "Cole & Green 1992" in text
    assert (out / "curves_ward_3_dixon_3t.png").stat().st_size > 10_000


def test_one_person_counts_once_by_the_earliest_study_and_operated_sides_do_not(tmp_path: Path) -> None:
    folder = healthy(
        tmp_path, 90, 0, muscles=ONE, patient=lambda n: f"P{n % 45}", days=lambda n: n, operated_side=lambda n: "right" if n == 3 else ""
    )
    report = compute_norms([folder], NormsOptions())
    assert sorted(report.studies["days"]) == list(range(45))
    write_norms(report, load_norms(), tmp_path / "norms")
    assert reasons(tmp_path / "norms" / "left_out.csv") == {"later_visit": 45, "side_operated": 1}
    assert {f.people for f in report.fitted} == {45}
    volume = next(f for f in report.fitted if f.quantity == "volume_ml")
    assert len(volume.values) == 2 * 45 - 1
    assert len(volume.age) == len(volume.values)


@pytest.mark.parametrize(
    ("facts", "reason", "words"),
    [
        ({"age": ""}, Reason.AGE_UNKNOWN, "none counts"),
        ({"age": "old"}, Reason.AGE_UNKNOWN, "none counts"),
        ({"age": "300"}, Reason.AGE_UNKNOWN, "none counts"),
        ({"sex": "O"}, Reason.SEX_UNKNOWN, "none counts"),
        ({"state": "refused"}, Reason.NO_RESULTS, "none counts"),
        ({"status": "partial"}, Reason.NO_RESULTS, "in full"),
        (
            {"volume_ml": "NaN", "fat_fraction_core": "NaN", "series_kind": lambda n: f"k{n % 2}"},
            Reason.TOO_FEW_PEOPLE,
            "30 people of one sex",
        ),
        ({"method": lambda n: ("dixon", "t1")[n % 2]}, Reason.TOO_FEW_PEOPLE, "40 are needed"),
    ],
)
def test_what_gives_no_norm_at_all_is_refused(tmp_path: Path, facts, reason: Reason, words: str) -> None:
    with pytest.raises(RefusedInput, match=words) as error:
        compute_norms([healthy(tmp_path, 60, 0, muscles=ONE, **facts)], NormsOptions())
    assert error.value.reason is reason


def test_a_mixture_of_methods_and_fat_measures_is_told_apart_never_pooled(tmp_path: Path) -> None:
    """Every third person on T1, every second of the rest without a core value."""
    folder = healthy(
        tmp_path,
        150,
        30,
        muscles=ONE,
        method=lambda n: "t1" if n % 3 == 0 else "dixon",
        series_kind=lambda n: "t1" if n % 3 == 0 else "dixon_fat+dixon_water",
        field_strength_t=lambda n: ("2.89", "3.00")[n % 2],
        fat_fraction_core=lambda n: "NaN" if n % 2 else "0.1",
        age=lambda n: 20 + (n * 7) % 60 + n / 1000,
    )
    table = pd.read_csv(folder / "cohort.csv", keep_default_na=False, dtype=str)
    core = table["fat_fraction_core"] != "NaN"
    table.loc[core, "fat_fraction_core"] = table.loc[core, "fat_fraction"]
    table.to_csv(folder / "cohort.csv", index=False)
    report = compute_norms([folder], NormsOptions("s"))
    people = {(f.protocol.method, f.sex, f.quantity): f.people for f in report.fitted}
    assert people == {
        ("dixon", "F", "volume_ml"): 100,
        ("dixon", "F", "fat_fraction"): 100,
        ("dixon", "F", "fat_fraction_core"): 50,
        ("t1", "F", "volume_ml"): 50,
        ("t1", "F", "fat_fraction"): 50,
    }
    few = [x for x in report.left_out if x.reason is Reason.TOO_FEW_PEOPLE]
    assert any("20 men, 40 are needed" in x.detail for x in few)
    assert any("25 women, 40 are needed" in x.detail and x.quantity == "fat_fraction_core" for x in few)
    cautions = " ".join(report.cautions)
    assert "measured in 2 ways, which are not mixed" in cautions
    assert "curves of women only; men get no score" in cautions


def test_a_gap_in_the_ages_is_told(tmp_path: Path) -> None:
    folder = healthy(tmp_path, 60, 0, muscles=ONE, age=lambda n: 20 + n / 10 if n < 30 else 60 + n / 10)
    assert any("no woman of 23 to 63 years" in c for c in compute_norms([folder], NormsOptions()).cautions)


@pytest.mark.long
def test_the_command_prints_people_and_ages_and_refuses_with_advice(tmp_path: Path) -> None:
    folder = healthy(tmp_path / "a", 60, 0, muscles=ONE, group=lambda n: "control" if n < 45 else "patient")
    run = program("cohort", "norms", folder, "--only", "group=control", "--name", "W")
    assert run.returncode == 0, run.stderr
    assert "45 women of " in run.stdout
    assert reasons(folder / "norms" / "left_out.csv") == {"not_chosen": 15}
    few = program("cohort", "norms", folder, "--only", "group=patient")
    assert few.returncode == 2
    assert "too_few_people" in few.stdout + few.stderr
    assert program("cohort", "norms", folder, "--only", "group").returncode == 64
    assert program("cohort", "norms", folder, "--beside", folder / "cohort.csv").returncode == 64


def test_numbers_that_are_no_numbers_are_counted_not_dropped_silently(tmp_path: Path) -> None:
    folder = healthy(tmp_path, 60, 0, muscles=ONE, volume_ml=lambda n: "NaN" if n < 5 else "0" if n < 7 else f"{250 + n}")
    report = compute_norms([folder], NormsOptions())
    assert {f.quantity: f.people for f in report.fitted} == {"volume_ml": 53, "fat_fraction": 60, "fat_fraction_core": 60}
    (told,) = (x for x in report.left_out if x.reason is Reason.NO_NUMBER)
    assert (told.quantity, "14 of 120 sides of women" in told.detail) == ("volume_ml", True)
    assert json.dumps(np.isfinite([f.below for f in report.fitted]).tolist()) == "[true, true, true]"
