"""Which muscle, side and region a segment shows: by its codes, else by the words of its label."""

from __future__ import annotations

import re

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.segmentation.namesake import named_anywhere
from gluteal_grade.segmentation.segfile import Segment
from gluteal_grade.vocabulary import GLUTEI, REGIONS, Muscle, Part, Region, Side

_MUSCLE_CODES = {code: muscle for muscle in Muscle for code in (muscle.facts.code[0], *muscle.facts.also_read)}
_SIDE_CODES = {side.code[0]: side for side in Side}
_REGION_CODES = {region.code[0]: region for region in Region if region.code}

_MUSCLE_WORDS = {word: muscle for muscle in GLUTEI for word in (muscle.short, *muscle.facts.named)}
_SIDE_WORDS = {"right": Side.RIGHT, "left": Side.LEFT, "r": Side.RIGHT, "l": Side.LEFT, "rt": Side.RIGHT, "lt": Side.LEFT}
_REGION_WORDS = {
    "anterior": Region.ANTERIOR,
    "ant": Region.ANTERIOR,
    "middle": Region.MIDDLE,
    "intermediate": Region.MIDDLE,
    "posterior": Region.POSTERIOR,
    "post": Region.POSTERIOR,
    "upper": Region.UPPER,
    "superior": Region.UPPER,
    "lower": Region.LOWER,
    "inferior": Region.LOWER,
}
_GLUTEAL = ("glut", "gmax", "gmed", "gmin")


def parts_of(segments: tuple[Segment, ...]) -> dict[int, Part]:
    """Segment number to part; segments of other organs are left out.

    Raises:
        RefusedInput: `labels_numbering`: no gluteal segment, one without a side, or one whose code and name differ.
    """
    found = {segment.number: part for segment in segments if (part := part_of(segment)) is not None}
    if all(part.muscle.optional for part in found.values()):
        labels = ", ".join(_shown(segment) for segment in segments[:8])
        more = f" and {len(segments) - 8} more" if len(segments) > 8 else ""
        raise RefusedInput(Reason.LABELS_NUMBERING, f"no segment is known as a gluteal muscle; it holds {labels}{more}")
    return found


def part_of(segment: Segment) -> Part | None:
    """What one segment shows; None for another organ, and for a muscle that may be missing whose side is not told.

    Raises:
        RefusedInput: `labels_numbering`.
    """
    words = _words(segment.label)
    coded = {_MUSCLE_CODES[code] for code in segment.types if code in _MUSCLE_CODES}
    named = {_MUSCLE_WORDS[word] for word in words if word in _MUSCLE_WORDS} if _is_gluteal(segment.label) else set()
    muscles = coded | named | named_anywhere(words)
    if not muscles:
        return None
    sides_coded = {_SIDE_CODES[code] for code in segment.modifiers if code in _SIDE_CODES}
    sides = sides_coded | {_SIDE_WORDS[word] for word in words if word in _SIDE_WORDS}
    # tables with a wrong code are about: a label that says otherwise is a reason to ask, not to choose
    for what, options in (("muscle", muscles), ("side", sides)):
        if len(options) > 1:
            raise RefusedInput(
                Reason.LABELS_NUMBERING, f"segment {segment.number}, {_shown(segment)}: more than one {what} by code and name"
            )
    if not sides and all(muscle.optional for muscle in muscles):
        return None
    if not sides:
        raise RefusedInput(Reason.LABELS_NUMBERING, f"segment {segment.number}, {_shown(segment)}: neither code nor name tells the side")
    muscle = muscles.pop()
    regions = {_REGION_CODES[code] for code in segment.modifiers if code in _REGION_CODES}
    regions = regions or {_REGION_WORDS[word] for word in words if word in _REGION_WORDS}
    known = [region for region in REGIONS[muscle] if region in regions]
    return Part(muscle, known[0] if len(known) == 1 else Region.WHOLE, sides.pop())


def _is_gluteal(label: str) -> bool:
    return any(word in label.lower() for word in _GLUTEAL)


def _words(label: str) -> tuple[str, ...]:
    """Lower-case words of a name, also of ``GluteusMaximusLeft`` and ``gmax_l``."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    words = re.findall(r"[a-z]+", spaced.lower())
    return tuple(word.removeprefix("g") if word in _GLUTEAL else word for word in words)


def _shown(segment: Segment) -> str:
    """A label as it may stand in a message: short, printable."""
    return repr("".join(c for c in segment.label if c.isprintable())[:40])
