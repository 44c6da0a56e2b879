"""Of stations that could not be stitched the one that holds most of the hips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.imaging import glutei_of
from gluteal_grade.io import Series
from gluteal_grade.segmentation.protocol import Segmentation


def fullest(first: Segmentation, preferred: tuple[Series, ...], look: Callable[[Series], Segmentation]) -> Segmentation:
    """The station with most gluteal muscle, with a note that says so; `first` itself where its series is no station of several.

    Args:
        first: what was found on the first series that shows any.
        preferred: series worth looking at.
        look: labels one series; a refusal means that it shows no hip.

    Raises:
        TransientFailure: as `look`.
    """
    one = first.reference
    others = {s.id: s for s in preferred if s.id in one.apart and s.kind is one.kind and s.mars is one.mars}
    found = [first]
    for series in others.values():
        try:
            found.append(look(series))
        except RefusedInput:
            continue
    if not others:
        return first
    volumes = {each.reference.id: _gluteal_ml(each) for each in found}
    best = max(found, key=lambda each: volumes[each.reference.id])
    seen = ", ".join(f"{name} {ml:.0f} ml" for name, ml in volumes.items())
    none = ", ".join(name for name in (one.id, *others) if name not in volumes)
    words = f"of stations that were not stitched, {best.reference.id} holds most gluteal muscle and is graded: {seen}"
    return replace(best, notes=(Note(Reason.STATIONS_APART, f"{words}; none in {none}" if none else words), *best.notes))


def _gluteal_ml(found: Segmentation) -> float:
    return float((glutei_of(found.labels).array > 0).sum()) * found.labels.grid.voxel_volume_ml
