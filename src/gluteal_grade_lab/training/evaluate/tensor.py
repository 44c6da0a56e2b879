"""Tensor fasciae latae beside the glutei, on bodies that have one of their own, in synthetic contrast."""

from __future__ import annotations

from collections.abc import Sequence

from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import GLUTEI, Muscle
from gluteal_grade_lab.training.evaluate.cases import MODES, Case, score_rows, varied
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import dice_cell, distance_cell, markdown, scored, short, volume_cell
from gluteal_grade_lab.training.evaluate.workbench import Workbench

# as far as they have been prepared; of others the tensor is a graft. The shipped weights have learnt it on all but one
BODIES = ("vhf", "open3d", "pelvicref_001", "pelvicref_004", "pelvicref_005", "phantom_f_mid", "phantom_m_mid")
NAME = "tensor"
_UNSEEN = frozenset({"open3d"})
_MUSCLES = (Muscle.TENSOR_FASCIAE_LATAE, *GLUTEI)
_FIRST_SEED = 900_000


def measure(case: Case, bench: Workbench) -> list[Row]:
    """Draw, segment, score."""
    study = case.draw(bench)
    truth = Volume(study.labels.array + study.beside.array, study.labels.affine)
    return score_rows(case, bench.find(study.image, False, case.model), truth, muscles=_MUSCLES)


def render(rows: list[Row]) -> str:
    """A line for each body: median and worst of all contrasts, both sides."""
    header = ["body", "learnt", "draws", *(f"{short(m)} Dice" for m in _MUSCLES), "tensor HD95 mm", "tensor volume %", "tensor missed"]
    lines = []
    for body in dict.fromkeys(row["body"] for row in rows):
        mine = scored(row for row in rows if row["body"] == body)
        each = {m: [row for row in mine if row["muscle"] == m] for m in _MUSCLES}
        own = each[Muscle.TENSOR_FASCIAE_LATAE]
        cells = [dice_cell(each[m]) for m in _MUSCLES]
        missed = f"{sum(row['reason'] == 'missed' for row in own)} of {len(own)}"
        draws = len({row["draw"] for row in mine})
        lines.append([body, "no" if body in _UNSEEN else "yes", draws, *cells, distance_cell(own), volume_cell(own), missed])
    return markdown(header, lines)


def table(bodies: Sequence[str]) -> Table:
    """`draws` whole pelves per contrast of some of `BODIES`."""

    def items(draws: int) -> list[Case]:
        cells = [(body, mode) for body in BODIES for mode in MODES]
        found = ((cell, body, mode, n) for cell, (body, mode) in enumerate(cells) if body in bodies for n in range(draws))
        return [varied(body, mode, n + cell, _FIRST_SEED + 1000 * cell + n) for cell, body, mode, n in found]

    return Table(NAME, "Tensor fasciae latae, synthetic contrast", items, measure, render)
