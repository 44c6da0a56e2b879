"""Does the program ever take left for right?"""

from __future__ import annotations

from gluteal_grade_lab.training.evaluate.cases import MODES, PARTIAL_FIELDS, PLANES, VALIDATION_BODIES, WHOLE, Case, segmented
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import SLIVER_ML, markdown
from gluteal_grade_lab.training.evaluate.workbench import Workbench

_FIRST_SEED = 800_000
_FIELDS = (WHOLE, *PARTIAL_FIELDS)
_STRAY = 0.02


def items(draws: int) -> list[Case]:
    """Ten times `draws` cheap studies (2 mm pixels, thick slices), two fifths of them of one hip."""
    cases = []
    for n in range(10 * draws):
        body = VALIDATION_BODIES[(n // 4) % 2]
        plane = PLANES[n % 7 == 6]
        cases.append(Case(body, MODES[n % 4], _FIRST_SEED + n, plane, (5.0, 7.0)[(n // 8) % 2], 2.0, _FIELDS[n % 5]))
    return cases


def measure(case: Case, bench: Workbench) -> list[Row]:
    """Draw, segment, score."""
    return segmented(case, bench, surface=False)


def render(rows: list[Row]) -> str:
    """Counts by field of view."""
    lines = []
    for fov in dict.fromkeys(row["fov"] for row in rows):
        some = [row for row in rows if row["fov"] == fov]
        lines.append(
            [
                fov,
                len({r["draw"] for r in some}),
                len({r["draw"] for r in some if r["wrong_side"] > 0.5}),
                len({r["draw"] for r in some if _STRAY < r["wrong_side"] <= 0.5}),
                len({r["draw"] for r in some if _absent_side(r, some)}),
                len({r["draw"] for r in some if r["refused"]}),
            ]
        )
    header = ["field of view", "draws", "sides swapped", f"stray, over {_STRAY:.0%} across", "a side graded that is not in view", "refused"]
    swapped = sorted({row["draw"] for row in rows if row["wrong_side"] > 0.5})
    return "\n".join([markdown(header, lines), "", f"Sides swapped in all: {len(swapped)}.", *swapped])


def _absent_side(row: Row, rows: list[Row]) -> bool:
    """A label of a side of which the truth has nothing."""
    if row["reason"] != "invented" or row["predicted_ml"] < SLIVER_ML:
        return False
    return not any(other["truth_ml"] for other in rows if other["draw"] == row["draw"] and other["side"] == row["side"])


TABLE = Table("swaps", "Side swaps", items, measure, render)
