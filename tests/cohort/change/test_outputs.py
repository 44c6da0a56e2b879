"""Files of a comparison: written, read back, the same numbers."""

import csv
import io
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image
from rich.console import Console

from gluteal_grade.cohort.change.compare import compare_results
from gluteal_grade.cohort.change.console import print_comparison
from gluteal_grade.cohort.change.course import edges_of, points_of
from gluteal_grade.cohort.change.models import Comparison
from gluteal_grade.cohort.change.output import columns, notes_of, rows, write_comparison
from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.grading.scales import known_scales
from gluteal_grade.report.readings import primary_edges
from gluteal_grade.result.models import MuscleStatus
from gluteal_grade.vocabulary import GLUTEI, Muscle, Side
from tests.cohort.change.makers import NAN, missing, muscle, result, whole, with_core

MAX, MED, MIN = GLUTEI
PRIOR = result(whole({(MAX, Side.RIGHT): 0.1, (MED, Side.LEFT): 0.2}))
CURRENT = result(
    [
        *[
            m
            for m in whole({(MAX, Side.RIGHT): 0.3, (MED, Side.LEFT): 0.2})
            if (m.muscle, m.side) not in ((MIN, Side.LEFT), (MED, Side.RIGHT))
        ],
        missing(MIN, Side.LEFT),
        muscle(MED, Side.RIGHT, 0.12, method="t1"),
    ],
    "b" * 12,
    status="partly_graded",
)
COMPARISON = compare_results(PRIOR, CURRENT, 400)


def by_part(found: list[dict[str, str]]) -> dict[tuple[str, str], dict[str, str]]:
    return {(r["side"], r["muscle"].removeprefix("gluteus_")): r for r in found}


def test_files_hold_what_was_compared(tmp_path: Path) -> None:
    written = write_comparison(COMPARISON, PRIOR, CURRENT, tmp_path / "new" / "out")
    assert [p.name for p in written] == ["compare.csv", "compare.json", "trend.png"]
    assert sorted(p.name for p in (tmp_path / "new" / "out").iterdir()) == ["compare.csv", "compare.json", "trend.png"]
    with written[0].open(newline="") as stream:
        reader = csv.DictReader(stream)
        assert tuple(reader.fieldnames or ()) == columns(known_scales())
        assert list(reader) == rows(COMPARISON)
    text = written[1].read_text()
    assert "NaN" not in text
    assert Comparison.model_validate_json(text).to_json() == text == COMPARISON.to_json()


def test_rows_in_full() -> None:
    found = by_part(rows(COMPARISON))
    assert len(found) == 6
    changed = found["right", "maximus"]
    wanted = {
        "study_prior": "a" * 12,
        "study_current": "b" * 12,
        "days": "400",
        "fat_change_points": "20.00",
        "fat_change_low": "17.23",
        "fat_change_high": "22.77",
        "sdc_points": "2.77",
        "beyond_sdc": "true",
        "reason": "",
        "volume_change_ml": "0.00",
        "lean_volume_change_ml": "-160.00",
        "lean_volume_change_percent": "-22.22",
        "volume_sdc_ml": "NaN",
        "volume_sdc_reason": "no_stated_interval",
        "quartile_prior": "0",
        "quartile_current": "2",
        "quartile_change": "2",
        "fat_fraction_prior": "0.1000",
        "fat_fraction_current": "0.3000",
    }
    assert {k: changed[k] for k in wanted} == wanted
    assert found["left", "medius"]["beyond_sdc"] == "false"
    assert found["left", "medius"]["fat_change_points"] == "0.00"
    other = found["right", "medius"]
    assert (other["fat_change_points"], other["beyond_sdc"], other["reason"], other["quartile_change"]) == (
        "NaN",
        "",
        "different_methods",
        "NaN",
    )
    lost = found["left", "minimus"]
    assert (lost["status_current"], lost["reason"], lost["volume_change_ml"], lost["volume_reason"]) == (
        "missing",
        "no_label",
        "NaN",
        "no_label",
    )


def test_a_change_that_rounds_to_nothing_has_no_sign() -> None:
    c = compare_results(result([muscle(fat=0.1)]), result([muscle(fat=0.0999999, volume=799.999)], "b" * 12))
    (row,) = rows(c)
    assert (row["fat_change_points"], row["volume_change_ml"]) == ("0.00", "0.00")
    assert notes_of(c.changes) == {(MAX, Side.RIGHT): "right 0.0 points, within SDC of 2.8"}


def test_the_console_tells_changes_limits_and_fits_80_columns() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    print_comparison(COMPARISON, console)
    text = console.export_text()
    table = [line for line in text.splitlines() if ">" in line]
    assert len(table) == 6
    assert not any("…" in line for line in table)
    assert "right gluteus maximus: more fat than before, beyond the stated measurement uncertainty" in text
    assert "right gluteus medius: not compared: fat was measured by different methods" in text
    assert "SDC is a lower bound" in text
    assert "400 days apart" in text


def test_the_console_tells_whom_a_caution_is_about() -> None:
    def printed(*doubtful: Muscle) -> str:
        now = [muscle(m, status="needs_review" if m in doubtful else "graded") for m in GLUTEI]
        console = Console(width=200, record=True, file=io.StringIO())
        print_comparison(compare_results(result([muscle(m) for m in GLUTEI]), result(now, "b" * 12)), console)
        return console.export_text()

    assert "Note current_needs_review: the current label failed a check: look at its outline (right gluteus medius)" in printed(MED)
    assert "look at its outline (all muscles)" in printed(*GLUTEI)
    assert "Note" not in printed()


def test_the_picture_holds_each_measured_point_once() -> None:
    points = points_of([(0, PRIOR), (1, CURRENT)])
    assert {k: [(p.x, round(p.fat, 6)) for p in v] for k, v in points.items()}[MAX, Side.RIGHT] == [(0, 10.0), (1, 30.0)]
    assert [p.x for p in points[MIN, Side.LEFT]] == [0]
    assert [p.method for p in points[MED, Side.RIGHT]] == ["dixon", "t1"]


def test_doubtful_points_are_told() -> None:
    doubtful = result([muscle(status=MuscleStatus.NEEDS_REVIEW), muscle(MED, coverage=0.8), muscle(MIN), muscle(MIN, Side.LEFT, NAN, NAN)])
    assert {k[0]: line[0].doubtful for k, line in points_of([(0, doubtful)]).items()} == {MAX: True, MED: True, MIN: False}


def test_edges_come_from_the_scale_in_use() -> None:
    assert primary_edges(PRIOR, CURRENT) == pytest.approx((0.1, 0.25, 0.5, 0.75))
    other = muscle(fat=0.3)
    moved = tuple(g.model_copy(update={"margin": 0.02}) for g in other.grades)  # an edge at 28 %: a lab's own file
    assert primary_edges(result([other.model_copy(update={"grades": moved})])) == ()
    renamed = tuple(g.model_copy(update={"profile": "own"}) for g in other.grades)
    assert primary_edges(result([other.model_copy(update={"grades": renamed})])) == ()
    assert primary_edges(result([])) == ()


def test_the_picture_is_of_what_is_graded_or_has_no_edges() -> None:
    mean = muscle(fat=0.3)
    core = with_core(muscle(fat=0.3), 0.28)
    by_core, mixed, by_mean = (((0, result([a])), (1, result([b], "b" * 12))) for a, b in ((core, core), (core, mean), (mean, mean)))
    drawn = [points_of(pair)[MAX, Side.RIGHT] for pair in (by_core, mixed, by_mean)]
    assert [[(round(p.fat, 6), p.core) for p in line] for line in drawn] == [
        [(28.0, True), (28.0, True)],
        [(30.0, False), (30.0, False)],
        [(30.0, False), (30.0, False)],
    ]
    edges = [edges_of(points_of(pair), [r for _, r in pair]) for pair in (by_core, mixed, by_mean)]
    assert edges == [pytest.approx((10, 25, 50, 75)), (), pytest.approx((10, 25, 50, 75))]


def test_the_picture_shows_the_change(tmp_path: Path) -> None:
    """Blue of the right side and orange of the left; more ink where more was measured; the same bytes every time."""
    one, two = (write_comparison(COMPARISON, PRIOR, CURRENT, tmp_path / n)[2] for n in "ab")
    assert one.read_bytes() == two.read_bytes()
    rgb = np.round(255 * image.imread(one)[..., :3]).astype(int)
    for colour in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)):
        assert np.all(rgb == colour, axis=-1).sum() > 200
    assert (rgb[0] == 255).all()
    assert rgb.mean() > 230  # print: dark on white


def test_an_unwritable_folder_is_a_passing_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TransientFailure) as error:
        write_comparison(COMPARISON, PRIOR, CURRENT, tmp_path / "file")
    assert error.value.reason is Reason.OUTPUT_NOT_WRITABLE
    assert not math.isnan(COMPARISON.changes[0].sdc_points)
