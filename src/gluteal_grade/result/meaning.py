"""What a measured result means: norms and sourced statements, laid beside the numbers."""

from __future__ import annotations

import math
from collections.abc import Set
from typing import Literal

from gluteal_grade.errors import GradeError, Note
from gluteal_grade.grading import Finding, Norms, Rules, caveats, compare, interpret, why_none
from gluteal_grade.result.models import MuscleResult, MuscleStatus, NormReport, NormScore, NoteModel, StatementModel
from gluteal_grade.vocabulary import Part, Region, Side

_MEASURED = (MuscleStatus.GRADED, MuscleStatus.PARTIAL)


def with_norms(muscles: tuple[MuscleResult, ...], norms: Norms, sex: Literal["M", "F"] | None, method: str) -> tuple[MuscleResult, ...]:
    """Whole muscles that were measured and need no review get their scores, or why they have none.

    Args:
        muscles: results without norms.
        norms: healthy values.
        sex: of the patient, where known.
        method: how fat was measured.
    """
    return tuple(_scored(m, norms, sex, method) for m in muscles)


def norm_report(
    muscles: tuple[MuscleResult, ...], norms: Norms, sex: Literal["M", "F"] | None, field_strength_t: float | None
) -> NormReport:
    """Whose values were compared with, and how far the protocols agree."""
    used = tuple(dict.fromkeys(score.source for m in muscles for score in m.norms))
    said = caveats(norms, used, field_strength_t)
    return NormReport(sex=sex, primary=norms.primary, sources=dict(zip(used, said, strict=True)))


def statements(muscles: tuple[MuscleResult, ...], rules: Rules, metal: Set[Side] = frozenset()) -> tuple[StatementModel, ...]:
    """Statements about what was measured and needs no review.

    Args:
        muscles: results.
        rules: when to say what.
        metal: sides with a hip implant.
    """
    findings = [
        Finding(
            Part(m.muscle, m.region, m.side),
            {g.scale: g.grade for g in m.grades},
            bool(m.cut_at),
            m.fat_fraction_core_low if m.has_core else m.fat_fraction_low,
            m.fat_fraction_core_high if m.has_core else m.fat_fraction_high,
        )
        for m in muscles
        if m.status in _MEASURED
    ]
    made = interpret(rules, findings, metal)
    return tuple(StatementModel(id=s.id, text=s.text, source=s.source, parts=tuple(map(str, s.parts))) for s in made)


def _scored(m: MuscleResult, norms: Norms, sex: Literal["M", "F"] | None, method: str) -> MuscleResult:
    if m.region is not Region.WHOLE or m.status not in _MEASURED or math.isnan(m.fat_fraction):
        return m
    reason = why_none(norms, sex, method, m.muscle, m.cut_at)
    if reason is not None or sex is None:
        return m.model_copy(update={"no_norm": reason and _note(reason)})
    scores = compare(norms, sex, method, m.muscle, m.volume_ml, m.fat_fraction)
    found = tuple(NormScore(source=s.source, quantity=s.quantity, z=s.z, percentile=s.percentile) for s in scores)
    return m.model_copy(update={"norms": found})


def _note(note: Note) -> NoteModel:
    return NoteModel(reason=note.reason, detail=note.detail, advice=GradeError(note.reason).advice)
