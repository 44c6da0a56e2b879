"""`final.csv`: one row for each study, muscle and side: what the program measured, what each reader made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gluteal_grade.result import MuscleResult
from gluteal_grade.review.listed import Listed
from gluteal_grade.review.model import Item, Key
from gluteal_grade.review.ratings import Results, Row, number
from gluteal_grade.review.reads import Read
from gluteal_grade.vocabulary import Muscle, Scale, Side, muscles_among

_OF_STUDY = ("study", "patient", "days", "muscle", "side", "status", "reason")
_MEASURED = ("fat_fraction", "fat_fraction_low", "fat_fraction_high", "volume_ml", "lean_volume_ml", "fat_fraction_core")
_TOLD = "fat_measure"  # which of the two was graded
_CORRECTED = ("fat_fraction", "volume_ml", "fat_fraction_core")


def final_columns(readers: Sequence[str], scales: Sequence[Scale]) -> tuple[str, ...]:
    """Columns of the table: the program's, then those of each reader with the reader's id before them."""
    own = (*_OF_STUDY, *(scale.key for scale in scales), *_MEASURED, _TOLD)
    told = [f"{scale.key}{what}" for scale in scales for what in ("", "_read", "_verdict")]
    told += ["quality", *(f"corrected_{name}" for name in _CORRECTED)]
    return (*own, *(f"{reader}:{name}" for reader in readers for name in told))


def final_rows(listed: Mapping[str, Listed], reads: Sequence[Read], results: Results, scales: Sequence[Scale]) -> Iterator[Row]:
    """All listed studies and all that were read, by hash; of a reader's reads the latest with a decision on the matter counts."""
    by_study: dict[str, list[Read]] = {}
    for read in reads:
        by_study.setdefault(read.study, []).append(read)
    for study in sorted({*listed, *by_study}):
        measured = results.program(study)
        some = by_study.get(study, [])
        corrected = {read.reader: results.corrected(id).muscles for read in some if (id := read.value(Item.LABELS))}
        one = listed.get(study)
        about = {"study": study, "patient": one.patient if one else "", "days": "" if one is None or one.days is None else one.days}
        told = [muscle for muscle, _ in measured.muscles] + [key.muscle for read in some for key in read.rows]
        for muscle in muscles_among(told):
            for side in Side:
                row: Row = {**about, "muscle": muscle.value, "side": side.value, "status": measured.status}
                row |= _program(measured.muscles.get((muscle, side)), scales)
                for read in some:  # a later read overwrites an earlier one
                    row |= _reader(read, muscle, side, scales)
                for reader, found in corrected.items():
                    m = found.get((muscle, side))
                    row |= {f"{reader}:corrected_{name}": number(getattr(m, name)) for name in _CORRECTED} if m else {}
                yield row


def _program(m: MuscleResult | None, scales: Sequence[Scale]) -> Row:
    if m is None:
        return {}
    row: Row = {"status": m.status.value, "reason": m.reason or ""}
    row |= {scale.key: "" if (grade := m.grade(scale.key)) is None else grade for scale in scales}
    row |= {name: number(getattr(m, name)) for name in _MEASURED}
    return row | ({_TOLD: m.fat_measure} if row["fat_fraction"] else {})


def _reader(read: Read, muscle: Muscle, side: Side, scales: Sequence[Scale]) -> Row:
    row: Row = {}
    for scale in scales:
        if stored := read.rows.get(Key(Item.GRADE, muscle.value, side.value, scale.key)):
            start = f"{read.reader}:{scale.key}"
            row |= {start: stored.decision.value, f"{start}_read": read.read, f"{start}_verdict": stored.verdict}
    if quality := read.value(Item.QUALITY, muscle.value, side.value):
        row[f"{read.reader}:quality"] = quality
    return row
