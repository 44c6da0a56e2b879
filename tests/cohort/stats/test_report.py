"""The comparisons of a whole cohort against scipy on the same tables, and its edges."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gluteal_grade.cohort.stats.comparisons import Comparison, adjusted, group_comparisons, side_comparisons
from gluteal_grade.cohort.stats.load import read_tables
from gluteal_grade.cohort.stats.options import StatsOptions
from gluteal_grade.cohort.stats.report import StatsReport, compute_statistics
from gluteal_grade.cohort.stats.select import select
from tests.cohort.stats.cohort_factory import cohort, muscle_row, study_row, write_tables

MEDIUS = "gluteus_medius"


def row(
    f: StatsReport | list[Comparison], comparison: str, outcome: str = "fat_fraction", region: str = "whole", **levels: str
) -> Comparison:
    found = [
        c
        for c in (f if isinstance(f, list) else f.comparisons)
        if (c.comparison, c.outcome, c.muscle, c.region) == (comparison, outcome, MEDIUS, region)
        and all(getattr(c, k) == v for k, v in levels.items())
    ]
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cohort(tmp_path_factory.mktemp("cohort"), {"control": 14, "operated": 12}, shift=0.06, side_shift=0.02, seed=6)


@pytest.fixture(scope="module")
def findings(folder: Path) -> StatsReport:
    return compute_statistics(folder, StatsOptions())


@pytest.fixture(scope="module")
def wide(folder: Path) -> pd.DataFrame:
    """Medius: one row per study with right, left, group, sex, operated_side."""
    table = pd.read_csv(folder / "cohort.csv").query("muscle == @MEDIUS and region == 'whole'")
    sides = table.pivot(index="study", columns="side", values=["fat_fraction", "quartile"])
    studies = pd.read_csv(folder / "studies.csv", keep_default_na=False).set_index("study")
    out = sides["fat_fraction"] * 100
    return out.assign(q_right=sides["quartile"]["right"], q_left=sides["quartile"]["left"]).join(studies[["group", "sex", "operated_side"]])


@pytest.mark.long
def test_right_against_left(findings: StatsReport, wide: pd.DataFrame) -> None:
    found = row(findings, "right_left").effect
    ref = stats.ttest_rel(wide["right"], wide["left"])
    interval = ref.confidence_interval()
    assert (found.n_a, found.n_b, found.reason) == (26, 26, "")
    assert (found.estimate, found.low, found.high, found.p) == pytest.approx(
        ((wide["right"] - wide["left"]).mean(), interval.low, interval.high, ref.pvalue), rel=1e-9
    )
    assert found.p_check == pytest.approx(stats.wilcoxon(wide["right"] - wide["left"]).pvalue)
    grades = row(findings, "right_left", "quartile").effect
    assert grades.effect_size == pytest.approx(np.sign(wide["q_right"] - wide["q_left"]).mean())


def test_operated_against_other(findings: StatsReport, wide: pd.DataFrame) -> None:
    one = wide[wide["operated_side"].isin(["right", "left"])]
    d = np.where(one["operated_side"] == "right", one["right"] - one["left"], one["left"] - one["right"])
    c = row(findings, "operated_other")
    assert (c.level_a, c.level_b, c.effect.n_a) == ("operated", "other", len(one))
    assert c.effect.estimate == pytest.approx(d.mean(), rel=1e-9)
    assert c.effect.effect_size == pytest.approx(d.mean() / d.std(ddof=1), rel=1e-9)


def test_groups_and_sex(findings: StatsReport, wide: pd.DataFrame) -> None:
    mean = wide[["right", "left"]].mean(axis=1)
    for comparison, column, a, b in (("by group", "group", "operated", "control"), ("by sex", "sex", "M", "F")):
        c = row(findings, comparison)
        x, y = mean[wide[column] == a], mean[wide[column] == b]
        ref = stats.ttest_ind(x, y, equal_var=False)
        interval = ref.confidence_interval()
        assert (c.level_a, c.level_b, c.effect.n_a, c.effect.n_b) == (a, b, len(x), len(y))
        assert (c.effect.estimate, c.effect.low, c.effect.high, c.effect.p) == pytest.approx(
            (x.mean() - y.mean(), interval.low, interval.high, ref.pvalue), rel=1e-9
        )
    grades = wide[["q_right", "q_left"]].mean(axis=1)
    x, y = grades[wide["group"] == "operated"], grades[wide["group"] == "control"]
    assert row(findings, "by group", "quartile").effect.estimate == pytest.approx(stats.mannwhitneyu(x, y).statistic / (len(x) * len(y)))


def test_holm_over_each_comparison(findings: StatsReport) -> None:
    from statsmodels.stats.multitest import multipletests

    for comparison in ("right_left", "operated_other", "by group", "by sex"):
        mine = [c for c in findings.comparisons if c.comparison == comparison and c.effect.p == c.effect.p]
        assert len(mine) == 21  # three muscles, four measurements and three scales
        assert [c.p_holm for c in mine] == pytest.approx(list(multipletests([c.effect.p for c in mine], method="holm")[1]))


def test_models_find_what_was_put_in(findings: StatsReport) -> None:
    by = {(m.outcome, m.muscle, m.variable, m.level): m for m in findings.models if m.kind == "fixed"}
    group, side = by["fat_fraction", MEDIUS, "group", "operated"], by["fat_fraction", MEDIUS, "side", "right"]
    assert group.reference == "control"
    assert group.low < 6.0 < group.high
    assert side.low < 2.0 < side.high
    assert (group.rows, group.patients, group.studies, group.model) == (52, 26, 26, "mixed model, REML")
    icc = next(m for m in findings.models if m.kind == "icc" and (m.outcome, m.muscle) == ("fat_fraction", MEDIUS))
    variance = {m.variable: m.estimate for m in findings.models if m.kind == "variance" and (m.outcome, m.muscle) == (icc.outcome, MEDIUS)}
    assert icc.estimate == pytest.approx(variance["patient"] / (variance["patient"] + variance["residual"]))


def changed(folder: Path, into: Path, **columns: object) -> Path:
    into.mkdir()
    studies, muscles = (
        pd.read_csv(folder / "studies.csv", dtype=str, keep_default_na=False),
        pd.read_csv(folder / "cohort.csv", dtype={"study": str}),
    )
    for name, change in columns.items():
        table = studies if name in studies.columns and name != "method" else muscles
        table[name] = change(table[name]) if callable(change) else change
    studies.to_csv(into / "studies.csv", index=False)
    muscles.to_csv(into / "cohort.csv", index=False, na_rep="NaN")
    return into


def compared(folder: Path, options: StatsOptions) -> list[Comparison]:
    """The comparisons alone: models take their time."""
    selection = select(read_tables(folder), options)
    return adjusted([*side_comparisons(selection, options), *group_comparisons(selection, options)])


def test_names_of_groups_are_only_names(folder: Path, findings: StatsReport, tmp_path: Path) -> None:
    """The later name is compared with the earlier: exchanged names flip every sign. Not ASCII, quotes and dollars do no harm."""
    swap = {"control": "Ωmega \"$x_1$\"; 'a'", "operated": "Ärzte, C(1) + 0"}
    other = compared(changed(folder, tmp_path / "x", group=lambda s: s.map(swap)), StatsOptions())
    for outcome in ("fat_fraction", "volume_ml", "quartile"):
        here, there = row(findings, "by group", outcome), row(other, "by group", outcome)
        assert (there.level_a, there.level_b) == (swap["operated"], swap["control"])[:: 1 if "Ä".casefold() > "Ω".casefold() else -1]
        assert there.effect.estimate == pytest.approx((1 - here.effect.estimate) if outcome == "quartile" else -here.effect.estimate)
        assert there.effect.effect_size == pytest.approx(-here.effect.effect_size)
        assert there.effect.p == pytest.approx(here.effect.p)


def test_a_constant_changes_no_difference(folder: Path, findings: StatsReport, tmp_path: Path) -> None:
    other = compared(changed(folder, tmp_path / "x", fat_fraction=lambda s: s + 0.1), StatsOptions())
    for comparison in ("right_left", "by group"):
        a, b = row(findings, comparison).effect, row(other, comparison).effect
        assert (a.estimate, a.effect_size, a.effect_low, a.p) == pytest.approx((b.estimate, b.effect_size, b.effect_low, b.p), rel=1e-6)


def test_order_of_rows_changes_nothing(folder: Path, findings: StatsReport, tmp_path: Path) -> None:
    for name in ("studies.csv", "cohort.csv"):
        pd.read_csv(folder / name, dtype=str, keep_default_na=False).sample(frac=1, random_state=3).to_csv(tmp_path / name, index=False)
    for a, b in zip(findings.comparisons, compared(tmp_path, StatsOptions()), strict=True):
        assert (a.effect.effect_size, a.effect.effect_low, a.p_holm) == pytest.approx((b.effect.effect_size, b.effect.effect_low, b.p_holm))


@pytest.mark.long
def test_sides_of_different_methods_are_no_pair_of_fat(folder: Path, tmp_path: Path) -> None:
    table = pd.read_csv(folder / "cohort.csv", dtype=str, keep_default_na=False)
    beside_metal = (table["side"] == "right") & table["study"].isin(table["study"].unique()[:4])
    table.loc[beside_metal, "method"] = "t1"
    table.to_csv(tmp_path / "cohort.csv", index=False)
    (tmp_path / "studies.csv").write_bytes((folder / "studies.csv").read_bytes())
    f = compute_statistics(tmp_path, StatsOptions())
    fat, volume = row(f, "right_left"), row(f, "right_left", "volume_ml")
    assert (fat.effect.n_a, volume.effect.n_a) == (22, 26)
    assert "4 studies left out" in fat.note
    assert volume.note == ""
    assert any("different methods (dixon in 144, t1 in 12 muscles)" in c for c in f.cautions)
    assert {m.variable for m in f.models if m.kind == "fixed" and m.outcome == "fat_fraction"} >= {"method"}


def test_a_mean_over_a_label_is_no_pair_of_a_core_value(folder: Path, tmp_path: Path) -> None:
    table = pd.read_csv(folder / "cohort.csv", dtype=str, keep_default_na=False)
    thin = (table["side"] == "right") & (table["muscle"] == MEDIUS) & table["study"].isin(table["study"].unique()[:5])
    table.loc[thin, ["fat_fraction_core", "lean_volume_core_ml", "fat_measure"]] = ["NaN", "NaN", "fat_fraction"]
    table.to_csv(tmp_path / "cohort.csv", index=False)
    (tmp_path / "studies.csv").write_bytes((folder / "studies.csv").read_bytes())
    f = compute_statistics(tmp_path, StatsOptions())
    graded, mean = row(f, "right_left", "fat_fraction_graded"), row(f, "right_left")
    assert (graded.effect.n_a, mean.effect.n_a) == (21, 26)
    assert graded.note == "5 studies left out: one side has no fat fraction of the muscle itself"
    assert mean.note == ""
    assert any("(fat_fraction in 5, fat_fraction_core in 151 muscles)" in c for c in f.cautions)
    assert any(m.variable == "fat_measure" and m.outcome == "fat_fraction_graded" for m in f.models)
    assert not any(m.variable == "fat_measure" and m.outcome in ("fat_fraction", "volume_ml") for m in f.models)


@pytest.mark.long
def test_repeated_studies(tmp_path: Path) -> None:
    folder = cohort(tmp_path, {"a": 8, "b": 8}, repeats=3)
    first, every = compared(folder, StatsOptions()), compute_statistics(folder, StatsOptions(all_studies=True))
    chosen = select(read_tables(folder), StatsOptions()).studies
    assert (len(chosen), len(every.selection.studies)) == (16, 48)
    assert row(first, "right_left").effect.n_a == row(every, "right_left").effect.n_a == 16  # patients
    table = pd.read_csv(folder / "cohort.csv", dtype={"study": str}).query("muscle == @MEDIUS")
    d = table.pivot(index="study", columns="side", values="fat_fraction").eval("100 * (right - left)")
    assert row(every, "right_left").effect.estimate == pytest.approx(d.groupby(d.index.str[:4]).mean().mean())
    assert row(first, "right_left").effect.estimate == pytest.approx(d[d.index.str.endswith("00")].mean())
    model = next(m for m in every.models if m.kind == "fixed")
    assert (model.rows, model.studies, model.patients) == (96, 48, 16)


def test_a_patient_in_both_groups_is_in_none(tmp_path: Path) -> None:
    folder = cohort(tmp_path, {"a": 8, "b": 8}, repeats=2)
    table = pd.read_csv(folder / "studies.csv", dtype=str, keep_default_na=False)
    table.loc[0, "group"] = "b"
    table.to_csv(folder / "studies.csv", index=False)
    c = row(compared(folder, StatsOptions(all_studies=True)), "by group")
    assert (c.effect.n_a, c.effect.n_b, c.note) == (8, 7, "1 patient in both groups left out")


def no_number(f: StatsReport) -> bool:
    return all(math.isnan(c.effect.estimate) and math.isnan(c.effect.p) and c.effect.reason for c in f.comparisons) and all(
        m.kind == "none" and math.isnan(m.estimate) and m.reason for m in f.models
    )


def test_one_study(tmp_path: Path) -> None:
    f = compute_statistics(cohort(tmp_path, {"a": 1}), StatsOptions())
    assert no_number(f)
    assert f.computed == 0
    assert {c.comparison for c in f.comparisons} <= {"right_left", "operated_other"}


def test_one_group(tmp_path: Path) -> None:
    f = compute_statistics(cohort(tmp_path, {"only": 12}), StatsOptions())
    assert "by group" not in {c.comparison for c in f.comparisons}
    assert math.isfinite(row(f, "right_left").effect.effect_size)
    assert "group" not in {m.variable for m in f.models}


def test_one_patient_with_ten_studies(tmp_path: Path) -> None:
    folder = cohort(tmp_path, {"a": 1}, repeats=10)
    assert no_number(compute_statistics(folder, StatsOptions()))
    every = compute_statistics(folder, StatsOptions(all_studies=True))
    assert row(every, "right_left").effect.n_a == 1  # ten studies are one patient
    assert no_number(every)


def test_nothing_measured_but_graded(tmp_path: Path) -> None:
    studies = [study_row(f"s{i}", group="ab"[i % 2]) for i in range(14)]
    muscles = [muscle_row(s["study"], side, MEDIUS, math.nan, math.nan) for s in studies for side in ("right", "left")]
    f = compute_statistics(write_tables(tmp_path, studies, muscles), StatsOptions())
    assert no_number(f)
    assert {(x.what, x.detail): x.count for x in f.selection.left_out} == {
        ("muscle", "no number in it"): 28,
        ("study", "no muscle in it counts"): 14,
    }


def test_no_spread(tmp_path: Path) -> None:
    studies = [study_row(f"s{i:02d}", group="ab"[i % 2], operated_side="right") for i in range(14)]
    muscles = [
        muscle_row(s["study"], side, MEDIUS, 0.3 if s["group"] == "a" else 0.2, 300.0) for s in studies for side in ("right", "left")
    ]
    f = compute_statistics(write_tables(tmp_path, studies, muscles), StatsOptions())
    group = row(f, "by group").effect
    assert group.estimate == pytest.approx(-10)
    assert math.isnan(group.p)
    assert math.isnan(group.effect_size)
    assert "no spread" in group.reason
    assert row(f, "right_left").effect.estimate == 0
    assert all(m.kind == "none" for m in f.models)
