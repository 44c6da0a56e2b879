"""One study as the worklist shows it, from its `result.json`."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gluteal_grade.grading import known_scales
from gluteal_grade.report import Place
from gluteal_grade.result import MuscleStatus, StudyStatus, told_in_json
from gluteal_grade.vocabulary import Muscle, Region, join_methods, primary_scale


@dataclass(frozen=True)
class Listed:
    """One study as the worklist shows it.

    Attributes:
        study: hash.
        place: of its files in the output.
        status: graded, partly_graded or refused.
        needs_review: an automatic label of a gluteus failed a check.
        reasons: why it is to be looked at, short words.
        worst_grade: highest grade on the primary scale of a whole gluteus; None without any.
        worst_muscle: of which, e.g. "left minimus"; empty without any.
        max_fat_fraction: that was graded of a whole muscle, 0-1; NaN without any.
        metal: sides that hold metal.
        method: how fat was measured; several joined by ``+``.
        automatic: a network made the labels; None where there are none.
        borderline: whole muscles with a grade that may as well be another.
        patient: pseudonym in `studies.csv`; empty where not known.
        days: since the patient's first study, as `studies.csv` has it; None where not known.
        prior: hash of the patient's study before this one; empty without.
        result_hash: 16 hex digits of the bytes of `result.json`.
        scale: title of the primary one.
        least_trust: lowest outline trust of a whole gluteus, 0-1; NaN where no muscle has one.
        least_trusted: which, e.g. "left minimus"; empty where no muscle has one.
    """

    study: str
    place: Place
    status: str
    needs_review: bool
    reasons: tuple[str, ...]
    worst_grade: int | None
    worst_muscle: str
    max_fat_fraction: float
    metal: tuple[str, ...]
    method: str
    automatic: bool | None
    borderline: int
    patient: str
    days: int | None
    prior: str
    result_hash: str
    scale: str = ""
    least_trust: float = math.nan
    least_trusted: str = ""


def result_hash(content: bytes) -> str:
    """16 hex digits of the bytes of a `result.json`."""
    return hashlib.sha256(content).hexdigest()[:16]


def listed_of(content: bytes, place: Place) -> Listed:
    """From a `result.json`; what only `studies.csv` knows is left empty. Read as plain JSON: the model's checks take ten times as long.

    Raises:
        ValueError, KeyError, TypeError: it is no result of this program.
    """
    result = json.loads(content)
    glutei = [m for m in result["muscles"] if not Muscle(m["muscle"]).optional]
    whole = [m for m in glutei if m["region"] == Region.WHOLE]
    scale = primary_scale(told_in_json(result["provenance"]) or known_scales())
    grades = [(g["grade"], _short(m)) for m in whole for g in m["grades"] if g["scale"] == scale.key and g["grade"] is not None]
    worst = max(grades, key=lambda found: int(found[0]), default=(None, ""))
    trusts = [(float(m["outline_trust"]), _short(m)) for m in whole if m.get("outline_trust") is not None]
    trust = min(trusts, key=lambda found: found[0], default=(math.nan, ""))
    fats = [result["fat"], result["fat_beside_metal"]]
    segmentation = result["segmentation"]
    return Listed(
        study=str(result["study"]),
        place=place,
        status=StudyStatus(result["status"]).value,
        needs_review=any(m["status"] == MuscleStatus.NEEDS_REVIEW for m in glutei),
        reasons=tuple(_reasons(result)),
        scale=scale.title,
        worst_grade=worst[0],
        worst_muscle=worst[1],
        max_fat_fraction=max((fat for m in whole if (fat := _graded_fat(m)) is not None), default=math.nan),
        metal=tuple(str(one["side"]) for one in result["metal"] if one["present"]),
        method=join_methods(tuple(str(fat["method"]) for fat in fats if fat)),
        automatic=bool(segmentation["automatic"]) if segmentation else None,
        borderline=sum(any(g["borderline_with"] is not None for g in m["grades"]) for m in whole),
        patient="",
        days=None,
        prior="",
        result_hash=result_hash(content),
        least_trust=trust[0],
        least_trusted=trust[1],
    )


def _graded_fat(m: Mapping[str, Any]) -> float | None:
    """The core value where the muscle was graded by it, else the mean over the label; as `MuscleResult.fat_shown`, of plain JSON."""
    core = m.get("fat_fraction_core")
    if core is not None and any(str(g["measure"]).endswith("_core") for g in m["grades"]):
        return float(core)
    mean = m["fat_fraction"]
    return None if mean is None else float(mean)


def _name(m: Mapping[str, Any]) -> str:
    return f"{m['side']} {Muscle(m['muscle']).words}"


def _short(m: Mapping[str, Any]) -> str:
    return f"{m['side']} {Muscle(m['muscle']).short}"


def _reasons(result: Mapping[str, Any]) -> Iterator[str]:
    """What failed a check, then what is missing or cut; each reason once, with the whole muscles it is of."""
    if result["refusal"]:
        yield f"refused: {_words(result['refusal']['reason'])}"
    found: dict[str, list[str]] = {}
    for m in sorted(result["muscles"], key=lambda m: m["status"] != MuscleStatus.NEEDS_REVIEW):
        if m["region"] == Region.WHOLE and m["status"] != MuscleStatus.GRADED and not Muscle(m["muscle"]).optional:
            told = [check["reason"] for check in m["checks"]] if m["status"] == MuscleStatus.NEEDS_REVIEW else [m["reason"] or m["status"]]
            for reason in told:
                found.setdefault(_words(reason), []).append(_name(m))
    for words, names in found.items():
        yield f"{words}: {', '.join(names)}"


def _words(code: str) -> str:
    return code.replace("_", " ")
