"""Decisions, short to write."""

from __future__ import annotations

import uuid

from gluteal_grade.review.model import Decision, Item, Key

STUDY = "ab" * 6


def decision(value: str, key: Key | None = None, *, study: str = STUDY, program: str = "", seen: bool = True, id: str = "") -> Decision:
    return Decision(id or str(uuid.uuid4()), study, key or grade_key(), value, program, seen)


def grade_key(muscle: str = "gluteus_medius", side: str = "left", scale: str = "quartile") -> Key:
    return Key(Item.GRADE, muscle, side, scale)
