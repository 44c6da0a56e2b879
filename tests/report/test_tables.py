"""muscles.csv and the console table say what the result says."""

import csv
import io
import math
from pathlib import Path

import pytest
from rich.console import Console

from gluteal_grade.config import load_settings
from gluteal_grade.pipeline import grade_study
from gluteal_grade.report.tables import print_result, write_csv, write_slices
from gluteal_grade.result.columns import muscle_columns
from gluteal_grade.result.models import StudyResult
from gluteal_grade.segmentation.bundle import BundleSegmenter
from gluteal_grade.vocabulary import Region
from tests.synthetic import dixon_study, make_toy
from tests.test_pipeline import Given

COLUMNS = tuple(column.name for column in muscle_columns())

ASKED = [
    "study",
    "side",
    "muscle",
    "region",
    "volume_ml",
    "lean_volume_ml",
    "fat_fraction",
    "fat_area_fraction",
    "quartile",
    "goutallier",
    "bal_lowe",
    "coverage",
    "status",
    "reason",
]


@pytest.fixture(scope="module")
def result() -> StudyResult:
    toy = make_toy(0.3)
    toy.labels.array[toy.labels.array >= 200] = 0
    return grade_study(dixon_study(toy), load_settings(), Given(toy.labels, "s1.water")).result


def read(result: StudyResult, tmp_path) -> list[dict[str, str]]:
    write_csv(result, tmp_path / "muscles.csv")
    with (tmp_path / "muscles.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_columns_come_first_as_promised() -> None:
    assert list(COLUMNS[: len(ASKED)]) == ASKED


def test_csv_read_back_equals_the_result(result: StudyResult, tmp_path) -> None:
    rows = read(result, tmp_path)
    assert len(rows) == len(result.muscles) == 13
    for row, m in zip(rows, result.muscles, strict=True):
        assert (row["study"], row["side"], row["muscle"], row["region"], row["status"]) == (
            result.study, m.side, m.muscle, m.region, m.status,
        )  # fmt: skip
        for name, digits in (("volume_ml", 2), ("fat_fraction", 4), ("lean_volume_ml", 2), ("coverage", 3), ("fat_area_fraction", 4)):
            wanted = getattr(m, name)
            assert math.isnan(float(row[name])) if math.isnan(wanted) else float(row[name]) == pytest.approx(wanted, abs=0.6 * 10**-digits)
        for scale in ("quartile", "goutallier", "bal_lowe"):
            assert row[scale] == ("NaN" if m.grade(scale) is None else str(m.grade(scale)))


@pytest.mark.parametrize(("tabs", "gone"), [(False, "NaN"), (True, "n/a")])
def test_slices_read_back_equal_the_profiles(result: StudyResult, tmp_path, tabs: bool, gone: str) -> None:
    write_slices(result, tmp_path / "slices", tabs=tabs)
    with (tmp_path / "slices").open(newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t" if tabs else ","))
    wanted = [(m, one) for m in result.muscles if m.region is Region.WHOLE for one in m.profile]
    assert len(rows) == len(wanted) > 20
    for row, (m, one) in zip(rows, wanted, strict=True):
        assert (row["study"], row["side"], row["muscle"], row["slice"]) == (result.study, m.side, m.muscle, str(one.index))
        for name, digits in (("position_mm", 2), ("area_cm2", 3), ("fat_fraction", 4), ("fat_fraction_core", 4)):
            value = getattr(one, name)
            assert row[name] == gone if math.isnan(value) else float(row[name]) == pytest.approx(value, abs=0.51 * 10**-digits)
    medius = [float(row["area_cm2"]) for row in rows if row["muscle"] == "gluteus_medius"]
    volume = next(m.volume_ml for m in result.muscles if (m.muscle, m.region) == ("gluteus_medius", "whole") and m.side == "right")
    step = float(rows[1]["position_mm"]) - float(rows[0]["position_mm"])
    assert sum(medius) * abs(step) / 10 == pytest.approx(volume, rel=1e-3)


def test_a_missing_side_is_rows_with_nan_and_reason(result: StudyResult, tmp_path) -> None:
    left = [row for row in read(result, tmp_path) if row["side"] == "left"]
    assert len(left) == 3
    assert {(r["volume_ml"], r["fat_fraction"], r["quartile"], r["reason"]) for r in left} == {("NaN", "NaN", "NaN", "side_not_labelled")}


def printed(result: StudyResult) -> str:
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=100))
    return stream.getvalue()


def test_console_names_every_muscle_and_the_missing_side(result: StudyResult) -> None:
    text = printed(result)
    for word in ("maximus", "medius", "minimus", "anterior", "posterior", "left: no labels", "Not a medical device"):
        assert word in text
    assert "nan" not in text.lower()


def test_console_gives_the_reason_and_the_advice_of_a_refusal(tmp_path: Path) -> None:
    settings = load_settings()
    without_weights = BundleSegmenter(settings.segmentation.model_copy(update={"models": tmp_path}), settings.checks)
    text = printed(grade_study(dixon_study(make_toy()), settings, without_weights).result)
    assert "refused: no_segmenter" in text
    assert "--labels or --bundle" in text


def test_a_volume_below_ten_ml_keeps_a_decimal(result: StudyResult) -> None:
    """A third of a millilitre is not none."""
    small = [m.model_copy(update={"volume_ml": 0.3}) for m in result.muscles if not math.isnan(m.volume_ml)]
    lines = [line for line in printed(result.model_copy(update={"muscles": tuple(small)})).splitlines() if line.startswith("right m")]
    assert len(lines) == 3
    assert all(" 0.3 " in line for line in lines)
