"""All numbers of a table: which comparisons, what counts, what cannot change them."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from gluteal_grade.review.agreement.compute import compute_agreement
from gluteal_grade.review.agreement.ratings_csv import read_ratings
from gluteal_grade.review.agreement.report import AgreementOptions, AgreementReport, AgreementRow
from gluteal_grade_lab.measuring.agreement import numbers, simulated
from tests.review.agreement.tables import reading, written

FEW = AgreementOptions(200)


def found(folder: Path, lines: list[str], options: AgreementOptions = FEW) -> AgreementReport:
    return compute_agreement(read_ratings(written(folder / "r.csv", lines)), options)


def of(
    f: AgreementReport, comparison: str, statistic: str, scale: str = "quartile", muscle: str = "all", side: str = "all"
) -> AgreementRow:
    row = f.get((scale, comparison, muscle, side), statistic)
    assert row is not None
    return row


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return reading(24, ("A", "B", "C", "program"))


@pytest.fixture(scope="module")
def whole(lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> AgreementReport:
    return found(tmp_path_factory.mktemp("whole"), lines)


def test_comparisons_muscles_and_sides(whole: AgreementReport) -> None:
    pairs = ["A vs B", "A vs C", "B vs C"]
    named = [*pairs, "all readers", "A vs program", "B vs program", "C vs program", "A read 1 vs 2"]
    for scale, names in (("quartile", named), ("fat_fraction", named), ("bursa", [*pairs, "all readers"])):
        assert list(dict.fromkeys(r.comparison for r in whole.rows if r.scale == scale)) == names
    parts = Counter((r.muscle, r.side) for r in whole.rows if r.scale == "quartile" and r.comparison == "A vs B")
    muscles = ("gluteus_maximus", "gluteus_medius", "gluteus_minimus")
    assert parts == Counter(dict.fromkeys([("all", "all"), *((m, "all") for m in muscles), ("all", "right"), ("all", "left")], 7))
    assert {(r.muscle, r.side) for r in whole.rows if r.scale == "bursa"} == {("all", "all"), ("all", "right"), ("all", "left")}
    assert of(whole, "A read 1 vs 2", "kappa").n == 12 * 6
    assert of(whole, "A read 1 vs 2", "kappa").left_out == 12 * 6
    assert of(whole, "A vs B", "kappa", muscle="gluteus_medius").n == 48
    assert of(whole, "A vs B", "kappa", side="left").studies == 24


def test_values_as_scikit_learn_from_the_lines(whole: AgreementReport, lines: list[str]) -> None:
    graded = {tuple(line.split(",")[:6]): int(line.split(",")[6]) for line in lines if ",quartile," in line}
    a = {k[2:]: g for k, g in graded.items() if k[:2] == ("A", "1")}
    p = {k[2:]: g for k, g in graded.items() if k[0] == "program"}
    theirs = cohen_kappa_score([a[k] for k in sorted(a)], [p[k] for k in sorted(a)], labels=range(5), weights="quadratic")
    assert of(whole, "A vs program", "kappa_quadratic").value == pytest.approx(theirs, abs=1e-6)


def test_an_interval_holds_its_value(whole: AgreementReport) -> None:
    assert all(r.low <= r.value <= r.high for r in whole.rows if np.isfinite(r.low))
    assert all(np.isfinite(r.low) or r.note for r in whole.rows)


def test_one_unit_a_study_goes_by_formula(tmp_path: Path) -> None:
    f = found(tmp_path, [line for line in reading(20) if "fat_fraction" in line and "medius,left" in line])
    assert {r.interval for r in f.rows if r.muscle == "all" and r.comparison == "A vs B"} == {"F", "t", "chi squared"}
    sd = of(f, "A vs B", "sd_of_differences", "fat_fraction")
    detectable = of(f, "A vs B", "smallest_detectable_difference", "fat_fraction")
    assert (detectable.value, detectable.low, detectable.high) == pytest.approx((1.96 * sd.value, 1.96 * sd.low, 1.96 * sd.high), abs=2e-6)
    f = found(tmp_path, [line for line in reading(20) if "fat_fraction" in line])
    assert of(f, "A vs B", "icc_2_1", "fat_fraction").interval == "bootstrap"


small = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=4, max_size=12)


def as_lines(grades: list[tuple[int, int, int]], first: str = "A", second: str = "B", prefix: str = "s") -> list[str]:
    return [
        f"{reader},1,{prefix}{study},gluteus_medius,{('right', 'left')[n % 2]},quartile,{g}"
        for n, pair in enumerate(grades)
        for study in [f"{pair[2]}-{n // 2}"]
        for reader, g in ((first, pair[0]), (second, pair[1]))
    ]


@pytest.mark.long
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(small, st.randoms(use_true_random=False))
def test_order_of_lines_and_names_of_studies_do_not_matter(tmp_path: Path, grades: list[tuple[int, int, int]], random: object) -> None:
    plain = found(tmp_path, as_lines(grades))
    shuffled = as_lines(grades)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert repr(found(tmp_path, shuffled).rows) == repr(plain.rows)
    names = sorted({line.split(",")[2] for line in shuffled}, reverse=True)
    named = {name: f"x{n:02d}" for n, name in enumerate(names)}
    other = [",".join((*line.split(",")[:2], named[line.split(",")[2]], *line.split(",")[3:])) for line in shuffled]
    assert repr(found(tmp_path, other).rows) == repr(plain.rows)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(small)
def test_readers_can_be_exchanged(tmp_path: Path, grades: list[tuple[int, int, int]]) -> None:
    one, other = (found(tmp_path, as_lines(grades, *names)) for names in (("A", "B"), ("B", "A")))
    for row, mirrored in zip(one.rows, other.rows, strict=True):
        assert row.value == pytest.approx(mirrored.value, nan_ok=True, abs=1e-6)


def test_undefined_is_nan_and_says_why(tmp_path: Path) -> None:
    same = [f"{r},1,s{n},gluteus_medius,right,quartile,0" for n in range(3) for r in "AB"]
    f = found(tmp_path, same)
    row = of(f, "A vs B", "kappa_quadratic")
    assert np.isnan([row.value, row.low, row.high]).all()
    assert row.note == "all ratings alike: not defined"
    assert of(f, "A vs B", "percent_agreement").value == 100
    assert np.isnan(of(f, "all readers", "krippendorff_alpha_ordinal").value)
    one = found(tmp_path, same[:2])
    assert {(str(r.value), r.note) for r in one.rows} == {("nan", "one unit: no statistic")}


def test_what_only_one_read_is_left_out_and_counted(tmp_path: Path) -> None:
    lines = [f"{r},1,s{n},gluteus_medius,right,quartile,{n % 5}" for n in range(6) for r in "AB" if r == "A" or n != 2]
    lines += ["A,1,x,gluteus_medius,right,quartile,3", "B,1,x,gluteus_medius,right,quartile,not_assessable"]
    row = of(found(tmp_path, lines), "A vs B", "kappa")
    assert (row.n, row.studies, row.left_out) == (5, 5, 2)


def test_one_study_has_no_interval(tmp_path: Path) -> None:
    row = of(found(tmp_path, [line for line in reading(1) if "quartile" in line]), "A vs B", "percent_agreement")
    assert np.isnan(row.low)
    assert row.note.startswith("one study")


def test_crowded_grades_are_told(tmp_path: Path) -> None:
    lines = [f"{r},1,s{n},gluteus_medius,right,goutallier,{int(n == 3 or (n == 7 and r == 'B'))}" for n in range(30) for r in "AB"]
    row = of(found(tmp_path, lines), "A vs B", "kappa", "goutallier")
    assert "95 % of the ratings are one grade" in row.note
    assert of(found(tmp_path, lines), "A vs B", "pabak", "goutallier").value > row.value


@pytest.mark.long
def test_fast(tmp_path: Path) -> None:
    """2,000 studies, 6 muscle-sides, 3 readers, 2,000 resamples."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 5, (2000, 6))
    seen = np.clip(truth[..., None] + rng.integers(-1, 2, (2000, 6, 3)), 0, 4)
    lines = [
        f"{'ABC'[r]},1,s{s},gluteus_{('maximus', 'medius', 'minimus')[m // 2]},{('right', 'left')[m % 2]},quartile,{seen[s, m, r]}"
        for s in range(2000) for m in range(6) for r in range(3)
    ]  # fmt: skip
    path = written(tmp_path / "r.csv", lines)
    start = time.process_time()
    compute_agreement(read_ratings(path), AgreementOptions())
    assert time.process_time() - start < 20


def test_simulation_of_the_docs_finds_what_it_put_in() -> None:
    """Readers alike: no bias in truth, and the interval of 60 studies is narrow."""
    value, low, high = numbers(simulated(60, 6, 0.05, 0.0, 3), 1, 200)["fat_fraction bias"]
    assert abs(value) < 0.02
    assert low < 0 < high < 0.03
