"""The one list of columns: its order is a promise, and the docs say what it says."""

from __future__ import annotations

from pathlib import Path

from gluteal_grade.grading import known_scales
from gluteal_grade.result.columns import markdown_table, muscle_columns

PROMISED = (
    *[
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
    ],
    *[
        "reason",
        "method",
        "grade_mark",
        "fat_fraction_median",
        "fat_fraction_q1",
        "fat_fraction_q3",
        "ct_lean_share",
        "evaluable_share",
        "oedema_share",
    ],
    *["largest_section_cm2", "checks", "fat_fraction_low", "fat_fraction_high", "quartile_probability", "goutallier_probability"],
    *["bal_lowe_probability", "borderline", "volume_z", "fat_fraction_z"],
)


def test_the_order_is_as_promised_and_new_columns_follow() -> None:
    names = [column.name for column in muscle_columns()]
    graded = [name for scale in known_scales() for name in (scale.key, scale.probability_column)]
    assert [name for name in names if name in PROMISED] == list(PROMISED)
    new = [name for name in names if name not in PROMISED and name not in graded]
    assert names[len(names) - len(new) :] == new


def test_every_column_is_described_once() -> None:
    columns = muscle_columns()
    assert len({column.name for column in columns}) == len(columns)
    assert all(column.description and not column.description.endswith(".") for column in columns)
    assert all(column.unit for column in columns if column.type == "number")


def test_the_docs_hold_the_same_table() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "reference" / "output.md").read_text(encoding="utf-8")
    assert markdown_table() in docs, "put the text of gluteal_grade.result.columns.markdown_table() into docs/reference/output.md"
