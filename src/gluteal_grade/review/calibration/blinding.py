"""Whether readers saw the program's grades, where the review app's own table of decisions lies beside the ratings."""

from __future__ import annotations

import csv
from pathlib import Path

from gluteal_grade.review.model import Item

DECISIONS = "decisions.csv"


def seen_caution(ratings: Path) -> str:
    """What to say of grades that were given with the program's in sight; empty where there are none, or no such table.

    Args:
        ratings: `ratings.csv` of an export.
    """
    try:
        with ratings.with_name(DECISIONS).open(encoding="utf-8-sig", newline="") as stream:
            rows = [row.get("seen") == "1" for row in csv.DictReader(stream) if row.get("item") == Item.GRADE.value]
    except (OSError, ValueError, csv.Error):
        return ""
    if not any(rows):
        return ""
    return f"{sum(rows)} of {len(rows)} grades were given with the program's in sight ({DECISIONS}): calibrate on blinded reads only."
