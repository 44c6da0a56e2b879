"""Which grading scales a cohort's tables hold, and what they are called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from gluteal_grade.grading import known_scales
from gluteal_grade.report import RESULT, Place, places
from gluteal_grade.result import scales_by_key, told_in_json
from gluteal_grade.vocabulary import Scale


def scale_keys(header: Sequence[str]) -> tuple[str, ...]:
    """The scales of a table by its columns: those with a probability beside them, and those that every version knows."""
    known = {scale.key for scale in known_scales()}
    probable = {scale_of for name in header if (scale_of := name.removesuffix("_probability")) != name}
    return tuple(name for name in header if name in known | probable)


def scales_of_cohort(out: Path, found: Iterable[Place], keys: Sequence[str]) -> tuple[Scale, ...]:
    """What readers call these scales; results are opened only until they have told of those that the shipped file has not.

    Args:
        out: the cohort's folder.
        found: where its results lie.
        keys: see `scale_keys`.
    """
    missing = set(keys) - {scale.key for scale in known_scales()}
    told: dict[str, Scale] = {}
    for place in found if missing else ():
        told |= {scale.key: scale for scale in _told(place.find(out, RESULT)) if scale.key in missing}
        if missing <= set(told):
            break
    return scales_by_key(keys, told.values())


def scales_of_folder(out: Path) -> tuple[Scale, ...]:
    """The scales of `cohort.csv`; the shipped ones where there is no such table."""
    try:
        with (out / "cohort.csv").open(encoding="utf-8", errors="replace") as stream:
            keys = scale_keys(stream.readline().strip().split(","))
    except OSError:
        keys = ()
    return scales_of_cohort(out, places(out), keys) if keys else known_scales()


def _told(path: Path) -> tuple[Scale, ...]:
    try:
        return told_in_json(json.loads(path.read_bytes())["provenance"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # of another version, or gone: the key is the title
        return ()
