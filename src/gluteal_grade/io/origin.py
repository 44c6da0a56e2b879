"""What a series shares with the others of its acquisition, from its headers or its file name."""

from __future__ import annotations

import re

from gluteal_grade.io.bids import NiftiName
from gluteal_grade.io.stacks import Stack
from gluteal_grade.io.study import Origin
from gluteal_grade.io.words import plain

_ROLE_KEYS = ("te", "echo")
_ROLE = re.compile(r"\b(?:w|f|ip|op|in|out|opp|water|fat|wasser|fett|wat|phase|opposed|inphase|ff|pdff)\b")
_ECHO_END = re.compile(r"(.+)_e\d{1,2}", re.IGNORECASE)
# entities that tell images of one acquisition apart, or name what everything of a study shares
_SHARED_ENTITIES = ("sub", "ses", "acq", "part", "echo", "desc", "rec", "mod", "space")


def origin_of_stack(stack: Stack) -> Origin:
    """Of a DICOM volume."""
    first = stack.frames[0]
    times = [frame.keys.time_s for frame in stack.frames if frame.keys.time_s is not None]
    numbers = {value for frame in stack.frames for name, value in frame.splitters if name == "acquisition" and isinstance(value, float)}
    return Origin(
        time_s=min(times, default=None),
        number=numbers.pop() if len(numbers) == 1 else None,
        split_by=tuple((name, value) for name, value in stack.split_by if name not in _ROLE_KEYS),
        words=_stem(first.keys.description),
    )


def origin_of_name(name: NiftiName) -> Origin:
    """Of a NIfTI file."""
    entities = tuple(sorted((key, value) for key, value in name.entities.items() if key not in _SHARED_ENTITIES))
    return Origin(words="" if name.entities else _stem(name.stem), entities=entities, train=_train(name))


def _train(name: NiftiName) -> str:
    """The name without its echo: BIDS' ``echo-2``, or ``_e2`` as dcm2niix appends; magnitudes only."""
    part = name.entities.get("part", "mag")
    if name.entities.get("echo") and part == "mag":
        return "_".join(word for word in name.stem.split("_") if not word.startswith("echo-"))
    found = _ECHO_END.fullmatch(name.stem)
    return found[1] if found else ""


def _stem(description: str) -> str:
    return " ".join(_ROLE.sub(" ", plain(description)).split())
