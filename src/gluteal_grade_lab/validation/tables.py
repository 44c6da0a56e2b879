"""The cohort's records as markdown tables."""

from __future__ import annotations

from gluteal_grade_lab.validation.error_tables import automatic, beside_metal, errors
from gluteal_grade_lab.validation.finding_tables import refusals, swaps
from gluteal_grade_lab.validation.grade_tables import coverage, kappas, matrices, stated
from gluteal_grade_lab.validation.measured import Record


def every_table(records: list[Record]) -> str:
    """All tables that the records have data for, each under its heading."""
    parts = [f"{len(records)} studies."]
    for labels in ("true", "auto"):
        tables = [
            ("Fat fraction against truth", errors(records, labels)),
            ("Beside metal", beside_metal(records, labels)),
            ("Grades against truth", kappas(records, labels)),
            ("Quartile, true (rows) against graded", matrices(records, labels)),
            ("95 % intervals", coverage(records, labels)),
            ("Stated probability of the Quartile grade", stated(records, labels)),
            ("Not measured", refusals(records, labels)),
        ]
        parts += [f"### {title}, {labels} labels\n\n{text}" for title, text in tables if text]
    parts += [
        f"### {t}\n\n{text}" for t, text in (("Automatic against true labels", automatic(records)), ("Swaps", swaps(records))) if text
    ]
    return "\n\n".join(parts) + "\n"
