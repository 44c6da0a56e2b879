"""In and opposed phase by physics: two echoes of one gradient echo, where no tag calls them so."""

from __future__ import annotations

from collections.abc import Sequence

from gluteal_grade.io.sequences import SeriesFacts
from gluteal_grade.vocabulary import SeriesKind

# Within some 37 degrees of exactly in or against phase: scanners place the echoes nearer, other dual echoes rarely fall so by chance.
_NEARLY = 0.8


def echo_kinds(echoes: Sequence[SeriesFacts]) -> list[tuple[SeriesKind, str]] | None:
    """The kinds of two echoes of one series.

    Args:
        echoes: facts of both.

    Returns:
        For each its kind and the reason; None unless one is in and the other against phase, at a known field strength.
    """
    angles = [facts.in_phase for facts in echoes]
    if len(echoes) != 2 or any(facts.scanning_sequence != ("GR",) for facts in echoes):
        return None
    kinds = []
    for facts, cosine in zip(echoes, angles, strict=True):
        if cosine is None or abs(cosine) < _NEARLY:
            return None
        kind = SeriesKind.DIXON_IN_PHASE if cosine > 0 else SeriesKind.DIXON_OPPOSED_PHASE
        kinds.append((kind, f"dual_echo: TE {facts.te_ms:.4g} ms at {facts.field_strength_t:.4g} T, fat-water phase cosine {cosine:.2f}"))
    return kinds if {kind for kind, _ in kinds} == {SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE} else None
