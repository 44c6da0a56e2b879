"""Sourced statements that go with a result, triggered by rules in `configs/interpretation.yaml`. Never a diagnosis."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gluteal_grade.config import read_yaml, shipped, validated
from gluteal_grade.vocabulary import Muscle, Part, Region, Side


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AtLeast(_Frozen):
    """A grade or a higher one."""

    scale: str
    grade: Annotated[int, Field(ge=0)]


class When(_Frozen):
    """Conditions, all of which must hold; see the file's head."""

    muscle: Muscle | None = None
    region: Region | None = None
    at_least: AtLeast | None = None
    metal: Literal["own", "any", "both"] | None = None
    cut: bool = False
    sides_differ: bool = False

    @property
    def of_parts(self) -> bool:
        """Is it about parts, rather than about the study?"""
        return bool(self.muscle or self.region or self.at_least or self.cut or self.sides_differ or self.metal == "own")


class Rule(_Frozen):
    """One statement and when it is made."""

    text: str
    source: str
    when: When


class Rules(_Frozen):
    """All statements by id, in the order they are printed."""

    statements: dict[str, Rule]

    @property
    def scales(self) -> frozenset[str]:
        """Scales that a rule asks for."""
        return frozenset(rule.when.at_least.scale for rule in self.statements.values() if rule.when.at_least)


@dataclass(frozen=True)
class Finding:
    """What the rules look at in one measured part.

    Attributes:
        part: which.
        grades: scale name to grade.
        cut: leaves the field of view.
        low, high: interval of the fat fraction, NaN where unknown.
    """

    part: Part
    grades: dict[str, int | None] = field(default_factory=dict)
    cut: bool = False
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Statement:
    """One statement that applies.

    Attributes:
        id: key of the rule.
        text: for the reader.
        source: where it comes from.
        parts: what it is about; empty for the whole study.
    """

    id: str
    text: str
    source: str
    parts: tuple[Part, ...]


def interpret(rules: Rules, findings: Sequence[Finding], metal: Set[Side] = frozenset()) -> tuple[Statement, ...]:
    """The statements that apply.

    Args:
        rules: from `load_rules`.
        findings: measured parts that need no review; others must not be interpreted.
        metal: sides with a hip implant.
    """
    made = []
    for name, rule in rules.statements.items():
        if not _study_fits(rule.when, metal):
            continue
        parts = tuple(f.part for f in findings if _part_fits(rule.when, f, findings, metal)) if rule.when.of_parts else ()
        if parts or not rule.when.of_parts:
            made.append(Statement(name, rule.text.replace("{parts}", _listed(parts, rule.when.sides_differ)), rule.source, parts))
    return tuple(made)


def load_rules(path: Path | None = None) -> Rules:
    """Rules from a YAML file, the shipped one by default.

    Raises:
        ValueError: the file is not valid; the message says what.
    """
    return validated(Rules, read_yaml(path or shipped("configs", "interpretation.yaml")), "interpretation")


def _study_fits(when: When, metal: Set[Side]) -> bool:
    return (when.metal != "any" or bool(metal)) and (when.metal != "both" or len(metal) == len(Side))


def _part_fits(when: When, finding: Finding, findings: Sequence[Finding], metal: Set[Side]) -> bool:
    part = finding.part
    grade = finding.grades.get(when.at_least.scale) if when.at_least else None
    return (
        (part.muscle is when.muscle if when.muscle else not part.muscle.optional)
        and when.region in (None, part.region)
        and (when.metal != "own" or part.side in metal)
        and (when.at_least is None or (grade is not None and grade >= when.at_least.grade))
        and (not when.cut or finding.cut)
        and (not when.sides_differ or _differs(finding, findings))
    )


def _differs(finding: Finding, findings: Sequence[Finding]) -> bool:
    """Do the intervals of both sides, each wholly in view, not meet?"""
    part = finding.part
    other = next((f for f in findings if f.part == Part(part.muscle, part.region, part.side.other)), None)
    return other is not None and not finding.cut and not other.cut and (finding.low > other.high or other.low > finding.high)


def _listed(parts: Sequence[Part], both_sides: bool) -> str:
    """Parts in words, the first letter large; without the side where both sides are meant."""
    names = [str(p).removeprefix(f"{p.side} ") if both_sides else str(p) for p in parts]
    text = ", ".join(dict.fromkeys(names))
    return text[:1].upper() + text[1:]
