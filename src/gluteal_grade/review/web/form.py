"""What the form beside the pictures asks, and what the program says beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gluteal_grade.report import fat_text, status_text, volume_text
from gluteal_grade.result import MuscleResult, MuscleStatus, StudyResult, scales_of
from gluteal_grade.review.model import BURSA_STATES, NOT_ASSESSABLE, QUALITIES, TENDON_STATES, TENDONS, Item, Key, Session
from gluteal_grade.vocabulary import COLOURS, Region, Scale, Side, muscles_among

COLUMNS = (Side.RIGHT, Side.LEFT)  # as in the picture: the patient's right at the left
QUALITY_CHOICES = tuple((value, value) for value in QUALITIES)
TENDON_NAMES = tuple((value, value.replace("_", " ")) for value in TENDONS)
TENDON_CHOICES = tuple((value, value.replace("_", " ")) for value in TENDON_STATES)
BURSA_CHOICES = tuple((value, value.replace("_", " ")) for value in BURSA_STATES)


@dataclass(frozen=True)
class ScaleChoice:
    """One scale of one muscle.

    Attributes:
        name: key of the scale; `title` for readers.
        grades: that can be given.
        program: the program's grade, empty without one or where it is hidden; likewise the rest.
        probability: of it, e.g. ``87 %``.
        other: another grade that is probable too.
        mark: a reservation in words.
    """

    name: str
    title: str
    grades: tuple[str, ...]
    program: str = ""
    probability: str = ""
    other: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Cell:
    """One muscle on one side; texts are empty where they are hidden."""

    side: str
    scales: tuple[ScaleChoice, ...]
    fat: str = ""
    volume: str = ""
    scores: str = ""
    status: str = ""
    warn: bool = False


@dataclass(frozen=True)
class MuscleRow:
    """One muscle, right and left; `words` its name in a sentence, `colour` of its contour."""

    muscle: str
    words: str
    title: str
    colour: str
    cells: tuple[Cell, ...]


def muscle_rows(result: StudyResult, session: Session) -> tuple[MuscleRow, ...]:
    """The rows of the form."""
    whole = {(m.muscle, m.side): m for m in result.muscles if m.region is Region.WHOLE}
    return tuple(
        MuscleRow(
            muscle=muscle.value,
            words=muscle.words,
            title=muscle.short.capitalize(),
            colour=COLOURS[muscle, Region.WHOLE],
            cells=tuple(_cell(side, None if session.blinded else whole.get((muscle, side)), result) for side in COLUMNS),
        )
        for muscle in muscles_among(muscle for muscle, _ in whole)
    )


def programs_word(result: StudyResult, key: Key) -> str:
    """What the program says of a key; empty where nothing, as of tendons."""
    if key.item is not Item.GRADE:
        return ""
    found = next((m for m in result.muscles if m.region is Region.WHOLE and m.muscle == key.muscle and m.side == key.side), None)
    grade = found.grade(key.part) if found else None
    return "" if grade is None else str(grade)


def _cell(side: Side, m: MuscleResult | None, result: StudyResult) -> Cell:
    scales = tuple(_scale(scale, m) for scale in scales_of(result))
    if m is None:
        return Cell(side, scales)
    return Cell(
        side=side,
        scales=scales,
        fat="" if math.isnan(m.fat_fraction) else fat_text(m),
        volume="" if math.isnan(m.volume_ml) else volume_text(m.volume_ml),
        scores=_scores(m),
        status="" if _plain(m) else status_text(m),
        warn=m.status is not MuscleStatus.GRADED,
    )


def _plain(m: MuscleResult) -> bool:
    """Nothing to say but that it was measured whole."""
    return m.status is MuscleStatus.GRADED and (math.isnan(m.evaluable_share) or m.evaluable_share > 0.995)


def _scores(m: MuscleResult) -> str:
    return "" if m.fat_norm is None else f"z {m.fat_norm.z:+.1f}"


def _scale(scale: Scale, m: MuscleResult | None) -> ScaleChoice:
    grades = (*scale.grades, NOT_ASSESSABLE)
    found = m.graded(scale.key) if m else None
    if m is None or found is None or found.grade is None:
        return ScaleChoice(scale.key, scale.title, grades)
    probability = m.probability(scale.key)
    return ScaleChoice(
        name=scale.key,
        title=scale.title,
        grades=grades,
        program=str(found.grade),
        probability="" if math.isnan(probability) else f"{100 * probability:.0f} %",
        other="" if found.borderline_with is None else str(found.borderline_with),
        mark=found.mark.replace("_", " ") if found.mark else "",
    )
