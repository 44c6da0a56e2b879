"""Names of a network's output channels read as muscles and sides."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gluteal_grade.segmentation.namesake import named_anywhere
from gluteal_grade.segmentation.numbering import Numbering
from gluteal_grade.vocabulary import GLUTEI, Part, Region, Side

_MUSCLES = {muscle.short: muscle for muscle in GLUTEI}
_SIDES = {"right": Side.RIGHT, "r": Side.RIGHT, "rt": Side.RIGHT, "left": Side.LEFT, "l": Side.LEFT, "lt": Side.LEFT}


def part_named(name: str) -> Part | None:
    """The muscle and side that a name such as ``gluteus_medius_left`` or ``R GluteusMinimus`` stands for; None for anything else."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    glutei = {_MUSCLES[w.removeprefix("gluteus")] for w in words if w.removeprefix("gluteus") in _MUSCLES}
    # other muscles are called maximus or minimus too
    muscles = (glutei if any(w.startswith("glut") for w in words) else set()) | named_anywhere(words)
    sides = {_SIDES[w] for w in words if w in _SIDES}
    if len(muscles) != 1 or len(sides) != 1:
        return None
    return Part(muscles.pop(), Region.WHOLE, sides.pop())


def numbering_of(channels: Mapping[int, str], title: str) -> Numbering | None:
    """The numbering that named channels amount to; None where no channel is a gluteal muscle of a side."""
    parts = {channel: part for channel, name in channels.items() if (part := part_named(name))}
    if all(part.muscle.optional for part in parts.values()):
        return None
    labels = {channel: {"muscle": part.muscle, "side": part.side} for channel, part in parts.items()}
    return Numbering.model_validate({"title": title, "source": "channel_def", "labels": labels})
