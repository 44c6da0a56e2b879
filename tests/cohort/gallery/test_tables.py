from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.cohort.gallery.figures import _readable, strips
from gluteal_grade.cohort.gallery.pages import numbered
from gluteal_grade.cohort.gallery.sheets import sheet_count
from gluteal_grade.cohort.gallery.study_files import StudyFiles
from gluteal_grade.cohort.gallery.tables import read_cohort
from gluteal_grade.cohort.gallery.values import by_group, by_sex, fat_percent, grade_counts, volume_ml
from tests.cohort.gallery.cohorts import HASHES, muscles, study, write

A, B, C, D, E, F = HASHES


def test_values_stand_at_their_study_side_and_muscle(tmp_path):
    cohort = read_cohort(write(tmp_path, [study(B), study(A)], [*muscles(A, 0.2), *muscles(B, 0.4)]))
    fat = cohort.numbers["fat_fraction_graded"]
    assert fat.shape == (2, 2, 3)
    np.testing.assert_allclose(fat[1].ravel(), 0.2 + 0.01 * np.arange(6), atol=1e-6)
    np.testing.assert_allclose(fat[0].ravel(), 0.4 + 0.01 * np.arange(6), atol=1e-6)
    np.testing.assert_allclose(cohort.worst_fat(), [0.45, 0.25], atol=1e-6)
    assert cohort.strangers == 0


def test_hashes_that_look_like_numbers_stay_text(tmp_path):
    cohort = read_cohort(write(tmp_path, [study("000000000012"), study("1e5000000000")], muscles("000000000012")))
    assert list(cohort.studies["study"]) == ["000000000012", "1e5000000000"]
    assert (cohort.status[0] == 0).all()
    assert (cohort.status[1] == -1).all()


def test_nan_and_statuses(tmp_path):
    rows = muscles(
        A, status="not_gradable", fat_fraction="NaN", fat_fraction_core="NaN", quartile="NaN", goutallier="NaN", bal_lowe="NaN"
    ) + muscles(B, status="partial")
    cohort = read_cohort(write(tmp_path, [study(A), study(B)], rows))
    assert np.isnan(fat_percent(cohort)[0]).all()
    assert np.isnan(cohort.worst_fat()[0])
    assert np.isfinite(fat_percent(cohort)[1]).all()
    assert np.isnan(volume_ml(cohort)).all()


def test_muscles_of_unlisted_or_refused_studies_are_counted_and_left_out(tmp_path):
    studies = [study(A), study(B, state="refused")]
    cohort = read_cohort(write(tmp_path, studies, [*muscles(A), *muscles(B), *muscles(C)]))
    assert cohort.strangers == 2
    assert (cohort.status[1] == -1).all()


def test_parts_by_sex_and_group(tmp_path):
    studies = [
        study(A, sex="M", group=" b\tb "),
        study(B, sex="F", group="a"),
        study(C, sex="X", group=""),
        study(D, state="refused", group="c"),
    ]
    cohort = read_cohort(write(tmp_path, studies, [*muscles(A), *muscles(B), *muscles(C)]))
    assert [(p.name, list(p.rows)) for p in by_sex(cohort)] == [
        ("women", [False, True, False, True]),
        ("men", [True, False, False, False]),
        ("sex not known", [False, False, True, False]),
    ]
    groups, left_out = by_group(cohort)
    assert ([p.name for p in groups], left_out) == (["a", "b\ufffdb"], 0)


def test_the_largest_groups_are_shown(tmp_path):
    names = [f"{n:012x}" for n in range(20)]
    studies = [study(n, group=f"g{i % 10}") for i, n in enumerate(names[:-1])]
    cohort = read_cohort(write(tmp_path, studies, [r for n in names for r in muscles(n)]))
    groups, left_out = by_group(cohort)
    assert ([p.name for p in groups], left_out) == ([f"g{n}" for n in range(8)], 2)


def test_groups_that_the_font_lacks_get_numbers(tmp_path):
    cohort = read_cohort(write(tmp_path, [study(A, group="腰"), study(B, group="Hüfte")], [*muscles(A), *muscles(B)]))
    shown, names = _readable(by_group(cohort)[0])
    assert ([p.name for p in shown], names) == (["group 1", "group 2"], ("Hüfte", "腰"))


def test_rows_of_a_figure_hold_every_value_once(tmp_path):
    cohort = read_cohort(write(tmp_path, [study(A), study(B, sex="M")], [*muscles(A), *muscles(B, 0.3)]))
    rows = strips(fat_percent(cohort)[:, :, 1], by_sex(cohort))
    assert [(s.label, [round(float(v)) for v in s.values]) for s in rows] == [
        ("women, right", [13]),
        ("women, left", [16]),
        ("men, right", [31]),
        ("men, left", [34]),
    ]


@given(st.lists(st.integers(0, 4) | st.just(np.nan), max_size=40))
def test_grade_counts_sum_to_the_graded(found):
    counts = grade_counts(np.array(found, np.float32), 4)
    assert counts == tuple(found.count(g) for g in range(5))


@given(st.integers(0, 3000))
def test_pages_hold_every_entry_once(entries):
    pages = numbered("studies", entries)
    assert [n for p in pages for n in range(p.first, p.last + 1)] == list(range(1, entries + 1))
    assert sheet_count(entries) == -(-entries // 20)


def test_links_are_only_to_files_that_exist(tmp_path):
    (tmp_path / "a?b").mkdir()
    (tmp_path / "a?b" / "result.json").write_text("{}")
    files = StudyFiles(tmp_path, "a?b")
    assert files.link("report.html", "result.json") == "./a%3Fb/result.json"
    assert files.link("report.html") == ""
    assert StudyFiles(tmp_path, "gone").best_link() == ""
    assert StudyFiles(tmp_path / "a?b", "../a?b").best_link() == ""
    assert StudyFiles(tmp_path, str(tmp_path / "a?b")).best_link() == ""
