"""What counts, and that everything else is told."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gluteal_grade.cohort.stats.load import read_tables
from gluteal_grade.cohort.stats.options import StatsOptions
from gluteal_grade.cohort.stats.select import NoGrouping, Selection, select
from gluteal_grade.errors import Reason, RefusedInput
from tests.cohort.stats.cohort_factory import muscle_row, study_row, write_tables

MEDIUS = "gluteus_medius"


def rows_of(study: str, **values: Any) -> list[dict[str, Any]]:
    return [muscle_row(study, side, MEDIUS, 0.2, 300.0, **values) for side in ("right", "left")]


def chosen(folder: Path, **options: Any) -> Selection:
    return select(read_tables(folder), StatsOptions(**options))


def told(selection: Selection) -> dict[tuple[str, str], int]:
    return {(x.what, x.detail): x.count for x in selection.left_out}


def test_the_fat_that_was_graded_counts(tmp_path: Path) -> None:
    """Of the muscle itself; where that was not graded, and in tables of old versions, the mean over the label."""
    own = {"fat_fraction_core": "0.15", "lean_volume_core_ml": "255.0"}
    muscles = [
        muscle_row("a", "right", MEDIUS, 0.2, 300.0, **own),
        muscle_row("a", "left", MEDIUS, 0.2, 300.0, fat_measure="fat_fraction", **own),  # so set in grading.yaml
        muscle_row("b", "right", MEDIUS, 0.3, 300.0, fat_measure="fat_fraction", fat_fraction_core="NaN", lean_volume_core_ml="NaN"),
        muscle_row("b", "left", MEDIUS, 0.4, 300.0, fat_measure="", **own),
    ]
    found = chosen(write_tables(tmp_path, [study_row("a"), study_row("b")], muscles)).rows
    assert list(found["fat_fraction_graded"]) == pytest.approx([15.0, 20.0, 30.0, 40.0])
    assert list(found["fat_fraction"]) == pytest.approx([20.0, 20.0, 30.0, 40.0])
    assert list(found["lean_volume_graded_ml"]) == pytest.approx([255.0, 240.0, 210.0, 180.0])


def test_status_decides(tmp_path: Path) -> None:
    studies = [study_row("a"), study_row("b"), study_row("c", state="refused"), study_row("d", state="failed")]
    muscles = [
        muscle_row("a", "right", MEDIUS, 0.2, 300.0),
        muscle_row("a", "left", MEDIUS, 0.3, 310.0, status="partial", reason="out_of_view"),
        muscle_row("b", "right", MEDIUS, math.nan, 320.0, status="not_gradable"),
        muscle_row("b", "left", MEDIUS, 0.4, 330.0, status="needs_review"),
        muscle_row("zzz", "left", MEDIUS, 0.4, 330.0),
    ]
    folder = write_tables(tmp_path, studies, muscles)
    graded = chosen(folder)
    assert list(graded.rows["fat_fraction"]) == [20.0]  # percentage points
    assert list(graded.rows["volume_ml"]) == [300.0]
    assert told(graded) == {
        ("study", "state failed"): 1,
        ("study", "state refused"): 1,
        ("study", "no muscle in it counts"): 1,
        ("muscle", "its study is not graded in studies.csv"): 1,
        ("muscle", "status needs_review"): 1,
        ("muscle", "status not_gradable"): 1,
        ("muscle", "status partial"): 1,
    }
    more = chosen(folder, include=("graded", "partial", "needs_review"))
    assert list(more.rows["fat_fraction"]) == pytest.approx([20.0, 30.0, 40.0])
    assert list(more.rows["volume_ml"]) == pytest.approx([300.0, math.nan, 330.0], nan_ok=True)  # a cut muscle has no volume
    assert list(more.rows["lean_volume_graded_ml"]) == pytest.approx([240.0, math.nan, 198.0], nan_ok=True)
    assert told(more)["volume", "status partial"] == 1
    assert ("muscle", "status partial") not in told(more)


def test_the_earliest_study_of_a_patient(tmp_path: Path) -> None:
    studies = [
        study_row("late", patient="A", days=100),
        study_row("early", patient="A", days="-3"),
        study_row("unknown", patient="A", days=""),
        study_row("one", patient="", days=0),
        study_row("two", patient="", days=0),  # nobody known: each a patient of its own
        study_row("first", patient="B", days=""),
        study_row("second", patient="B", days="soon"),
    ]
    folder = write_tables(tmp_path, studies, [r for s in studies for r in rows_of(s["study"])])
    first = chosen(folder)
    assert list(first.studies["study"]) == ["early", "one", "two", "first"]
    assert told(first) == {("study", "a later study of the same patient"): 3}
    assert first.unordered == 2
    assert set(chosen(folder, all_studies=True).rows["study"]) == {s["study"] for s in studies}
    assert read_tables(folder).bad_numbers == 1


def test_the_earliest_that_counts(tmp_path: Path) -> None:
    studies = [study_row("x", patient="A", days=0), study_row("y", patient="A", days=9)]
    folder = write_tables(tmp_path, studies, rows_of("x", status="needs_review") + rows_of("y"))
    assert list(chosen(folder).studies["study"]) == ["y"]


def test_levels(tmp_path: Path) -> None:
    studies = [study_row(str(i), group=g, site=f"s{i}") for i, g in enumerate(["b", "A", "", "NaN", "Ünal", "c", "d", "e", "f"])]
    folder = write_tables(tmp_path, studies, [r for s in studies for r in rows_of(s["study"])])
    assert chosen(folder).levels == ("A", "b", "c", "d", "e", "f", "Ünal")
    with pytest.raises(NoGrouping, match="9 different values"):
        chosen(folder, group="site")
    with pytest.raises(NoGrouping, match="no column nowhere"):
        chosen(folder, group="nowhere")
    with pytest.raises(NoGrouping):
        chosen(folder, group="person")  # ours, not the user's


def test_unknown_status_is_wrong_usage() -> None:
    for bad in ((), ("graded", "missing")):
        with pytest.raises(ValueError, match="of graded"):
            StatsOptions(include=bad)


def refusal(folder: Path) -> RefusedInput:
    with pytest.raises(RefusedInput) as caught:
        read_tables(folder)
    return caught.value


def test_refusals(tmp_path: Path) -> None:
    assert refusal(tmp_path).detail == "cohort.csv is not there"
    folder = write_tables(tmp_path, [study_row("a")], rows_of("a"))
    read_tables(folder)
    for name, column in (("cohort.csv", "fat_fraction"), ("studies.csv", "config_hash")):
        good = (folder / name).read_bytes()
        pd.read_csv(folder / name, dtype=str).drop(columns=column).to_csv(folder / name, index=False)
        assert (refusal(folder).reason, refusal(folder).detail) == (Reason.NO_RESULTS, f"{name} has no column {column}")
        (folder / name).write_bytes(b"")
        assert refusal(folder).reason is Reason.NO_RESULTS
        (folder / name).write_bytes(b"a,b\n1,2\n3,4,5,6\n\xff")
        assert refusal(folder).reason is Reason.NO_RESULTS
        (folder / name).write_bytes(good)
    write_tables(tmp_path, [study_row("a", state="refused")], rows_of("a"))
    assert refusal(folder).reason is Reason.NO_RESULTS
    write_tables(tmp_path, [study_row("a")], [])
    assert refusal(folder).reason is Reason.NO_RESULTS
    write_tables(tmp_path, [study_row("a"), study_row("a")], rows_of("a"))
    assert refusal(folder).reason is Reason.STUDY_TWICE
    write_tables(tmp_path, [study_row("a")], rows_of("a") + rows_of("a"))
    assert refusal(folder).reason is Reason.STUDY_TWICE
