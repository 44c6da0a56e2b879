"""Which scales a result was graded on, and what readers call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gluteal_grade.grading import known_scales
from gluteal_grade.result.models import Provenance, ScaleReport, StudyResult
from gluteal_grade.vocabulary import Scale, primary_scale, unknown_scale


def scales_of(result: StudyResult) -> tuple[Scale, ...]:
    """The scales of a result, in the order of its tables: as it says itself, else as the shipped file has them.

    Those of its grades that neither knows (of an old version with a lab's own file) follow, with a title made of the key.
    """
    found = told_scales(result.provenance) or known_scales()
    keys = {scale.key for scale in found}
    highest: dict[str, int] = {}
    for m in result.muscles:
        for g in m.grades:
            if g.scale not in keys:
                highest[g.scale] = max(highest.get(g.scale, 0), len(g.probabilities) - 1, g.grade or 0)
    return (*found, *(unknown_scale(key, top) for key, top in highest.items()))


def told_scales(provenance: Provenance) -> tuple[Scale, ...]:
    """The scales that a result names; none where an old version made it."""
    return tuple(_scale(key, report) for key, report in provenance.scales.items())


def told_in_json(provenance: Mapping[str, Any]) -> tuple[Scale, ...]:
    """The same from parsed JSON, for where thousands of results are listed."""
    return tuple(
        Scale(key, told["title"], len(told["edges"]), told["primary"], told["short"]) for key, told in provenance.get("scales", {}).items()
    )


def primary_of(result: StudyResult) -> Scale:
    """The one scale that stands where there is room for one."""
    return primary_scale(scales_of(result))


def scales_by_key(keys: Iterable[str], told: Iterable[Scale] = ()) -> tuple[Scale, ...]:
    """Scales of which the keys are known, in this order.

    Args:
        keys: e.g. columns of a table.
        told: what results say of them, before what the shipped file says; one that neither knows gets a title made of its key.
    """
    known = {scale.key: scale for scale in (*known_scales(), *told)}
    return tuple(known.get(key) or unknown_scale(key, 0) for key in keys)


def _scale(key: str, report: ScaleReport) -> Scale:
    return Scale(key, report.title, len(report.edges), report.primary, report.short)
