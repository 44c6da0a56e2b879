"""What a measured result means: norms and sourced statements, laid beside the numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass

from gluteal_grade.errors import GradeError, Note
from gluteal_grade.grading import Examined, Finding, Norms, Reading, Rules, caveats, compare, interpret, why_none, why_not
from gluteal_grade.result.models import MuscleResult, MuscleStatus, NormReport, NormScore, NoteModel, StatementModel
from gluteal_grade.vocabulary import Part, Region, Side

_MEASURED = (MuscleStatus.GRADED, MuscleStatus.PARTIAL)


@dataclass(frozen=True)
class SideProtocol:
    """How the muscles of one side were measured.

    Attributes:
        kind: of the series, joined by ``+``.
        automatic: a network drew the labels.
        field_t: of the scanner.
    """

    kind: str = ""
    automatic: bool | None = None
    field_t: float | None = None


def with_norms(m: MuscleResult, norms: Norms, who: Examined, how: SideProtocol) -> MuscleResult:
    """A whole muscle that was measured and needs no review gets its scores, or why it has none.

    Args:
        m: a result without norms.
        norms: healthy values.
        who: was examined.
        how: this side was measured.
    """
    if not _can_be_scored(m):
        return m
    reading = _reading(m, how)
    if (reason := why_none(norms, who, reading)) is not None:
        return m.model_copy(update={"no_norm": _note(reason)})
    scores = compare(norms, who, reading)
    found = tuple(NormScore(source=s.source, quantity=s.quantity, z=s.z, percentile=s.percentile) for s in scores)
    return m.model_copy(update={"norms": found})


def norm_report(muscles: tuple[MuscleResult, ...], norms: Norms, who: Examined, how: Mapping[Side, SideProtocol], main: Side) -> NormReport:
    """Whose values were compared with, how far the protocols agree, and why other sets were not used.

    Args:
        muscles: results with their norms.
        norms: healthy values.
        who: was examined.
        how: each side was measured.
        main: the side whose field strength stands for the study.
    """
    used = tuple(dict.fromkeys(score.source for m in muscles for score in m.norms))
    said = caveats(norms, used, how[main].field_t)
    not_used: dict[str, str] = {}
    for name, group in norms.sets.items():
        if name in used or not any(v.sex in (who.sex, "any") for v in group.values):
            continue  # a set of the other sex needs no word
        notes = (why_not(group, who, _reading(m, how[m.side])) for m in muscles if _can_be_scored(m))
        if (note := next((n for n in notes if n is not None), None)) is not None:
            not_used[name] = note.detail
    return NormReport(sex=who.sex, primary=norms.primary, sources=dict(zip(used, said, strict=True)), not_used=not_used)


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


def _can_be_scored(m: MuscleResult) -> bool:
    return m.region is Region.WHOLE and m.status in _MEASURED and not math.isnan(m.fat_fraction)


def _reading(m: MuscleResult, how: SideProtocol) -> Reading:
    return Reading(
        *(m.muscle, m.method or "", m.volume_ml, m.fat_fraction, m.fat_fraction_core),
        kind=how.kind,
        automatic=how.automatic,
        field_t=how.field_t,
        borders=m.cut_at,
    )


def _note(note: Note) -> NoteModel:
    return NoteModel(reason=note.reason, detail=note.detail, advice=GradeError(note.reason).advice)
