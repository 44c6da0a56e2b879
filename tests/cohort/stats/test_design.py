"""Fixed effects: what enters, what stays out, and that it is said."""

from typing import Any

import numpy as np
import pandas as pd

from gluteal_grade.cohort.stats.design import Design, design
from gluteal_grade.cohort.stats.options import StatsOptions


def frame(patients: int = 20, **columns: Any) -> pd.DataFrame:
    n = 2 * patients
    base = {
        "person": np.repeat([f"p{i:02d}" for i in range(patients)], 2), "study": np.repeat([f"s{i:02d}" for i in range(patients)], 2),
        "side": ["right", "left"] * patients, "level": np.repeat(["a", "b"], n // 2), "sex": np.tile(["F", "F", "M", "M"], n // 4),
        "age": np.repeat(np.linspace(50, 69, patients), 2), "method": "dixon", "fat_measure": "fat_fraction_core",
    }  # fmt: skip
    return pd.DataFrame(base | columns)


def names(d: Design) -> list[tuple[str, str, str]]:
    return [(c.variable, c.level, c.reference) for c in d.columns]


def plan(rows: pd.DataFrame, outcome: str = "fat_fraction", group: str = "group") -> Design:
    return design(rows, outcome, StatsOptions(group=group))


def test_all_terms() -> None:
    d = plan(frame())
    assert names(d) == [
        ("intercept", "", ""), ("group", "b", "a"), ("side", "right", "left"), ("sex", "M", "F"), ("age", "per year", "59.5 years"),
    ]  # fmt: skip
    assert (d.notes, d.left_out) == ((), 0)
    by = {c.variable: c.values for c in d.columns}
    assert np.array_equal(by["side"], (d.rows["side"] == "right") * 1.0)
    assert np.array_equal(by["group"], (d.rows["level"] == "b") * 1.0)
    assert by["age"].sum() == 0
    assert d.matrix.shape == (40, 5)


def test_covariates_known_for_nine_in_ten() -> None:
    age = np.repeat(np.linspace(50, 69, 20), 2)
    age[:4] = np.nan  # 90 % known
    d = plan(frame(age=age))
    assert (len(d.rows), d.left_out) == (36, 4)
    assert d.notes == ("4 rows without age left out",)
    age[:6] = np.nan
    d = plan(frame(age=age))
    assert (len(d.rows), d.left_out) == (40, 0)
    assert d.notes == ("age not in the model: known for 85 % of rows",)
    assert "age" not in {n for n, *_ in names(d)}


def test_small_groups_and_no_groups() -> None:
    level = np.array(["a"] * 20 + ["b"] * 12 + ["c"] * 6 + [""] * 2)
    d = plan(frame(level=level))
    assert ("group", "b", "a") in names(d)
    assert (len(d.rows), d.left_out) == (32, 8)
    assert d.notes == ("8 rows without group or of a group of fewer than 5 patients left out",)
    d = plan(frame(level=["a"] * 36 + ["b"] * 4))
    assert "group" not in {n for n, *_ in names(d)}
    assert len(d.rows) == 40
    assert "fewer than two groups" in d.notes[0]
    assert plan(frame(level=[""] * 40)).notes == ()


def test_what_cannot_be_told_apart_stays_out() -> None:
    d = plan(frame(sex=np.repeat(["F", "M"], 20)))  # all of group a women
    assert names(d)[1:3] == [("group", "b", "a"), ("side", "right", "left")]
    assert d.notes == ("sex not in the model: it cannot be told apart from the terms before it",)
    assert np.linalg.matrix_rank(d.matrix) == d.matrix.shape[1]


def test_method_is_a_covariate_of_fat_alone() -> None:
    method = np.tile(["dixon", "dixon", "dixon", "dixon", "t1", "t1", "t1", "t1"], 5)
    assert ("method", "t1", "dixon") in names(plan(frame(method=method)))
    assert ("method", "t1", "dixon") in names(plan(frame(method=method), "lean_volume_graded_ml"))
    assert ("fat_measure", "fat_fraction_core", "fat_fraction") in names(
        plan(frame(fat_measure=np.tile(["fat_fraction_core"] * 3 + ["fat_fraction"], 10)), "fat_fraction_graded")
    )
    assert "method" not in {n for n, *_ in names(plan(frame(method=method), "volume_ml"))}
    confounded = plan(frame(method=np.repeat(["dixon", "t1"], 20)))
    assert confounded.notes == ("method not in the model: it cannot be told apart from the terms before it",)


def test_sex_as_the_group() -> None:
    assert [n for n, *_ in names(plan(frame(), group="sex"))] == ["intercept", "side", "sex", "age"]


def test_nothing_measured() -> None:
    d = plan(frame().iloc[:0])
    assert names(d) == [("intercept", "", "")]
    assert d.matrix.shape == (0, 1)
