"""Which series belong together: of one acquisition, or in one patient space. Every pairing of images goes through here.

Two images on one grid need not be two halves of one measurement: an examination is repeated, has dynamics, is sent for two patients under
one study. What an acquisition shares must agree; of several that agree the one that shares most is taken; where nothing tells them apart,
the choice is the user's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Grid
from gluteal_grade.io.study import Series

_SAME_TIME_S = 2.0
_OTHER_TIME_S = 30.0  # beyond, two images were not taken together
_TR_SHARE = 0.02
_SAME_TE_MS = 0.5
_TE_MS = 5.0  # the echoes of one acquisition lie closer together
_FLIP_DEG = 1.0
_FIELD_T = 0.2
_DERIVED_NUMBER = 100  # GE numbers a derived series a hundred times that of its source


@dataclass(frozen=True)
class Pair:
    """One image and its partner, or why it has none.

    Attributes:
        first: an image of the kind asked for.
        second: its partner; None where there is none that fits.
        refusal: why not, naming those that do not fit; None where there is no image of the second kind on this grid at all.
    """

    first: Series
    second: Series | None
    refusal: RefusedInput | None = None


def pairs(firsts: Sequence[Series], seconds: Sequence[Series]) -> tuple[Pair, ...]:
    """The partner of each image.

    Args:
        firsts: usable images of one kind, in series order.
        seconds: usable images of the other kind.
    """
    return tuple(_pair(one, firsts, seconds) for one in firsts)


def conflicts(a: Series, b: Series) -> tuple[str, ...]:
    """In what two series contradict each other that one acquisition shares; silent headers contradict nothing."""
    found = [*settings_differ(a, b, te_ms=_TE_MS)]
    if _apart(a.origin.time_s, b.origin.time_s, _OTHER_TIME_S):
        found.append("acquisition time")
    if not (a.uid and a.uid == b.uid) and _apart(a.origin.number, b.origin.number, 0.5):
        found.append("acquisition number")
    mine, theirs = dict(a.origin.split_by), dict(b.origin.split_by)
    found += [name for name in mine if name in theirs and mine[name] != theirs[name]]
    if a.origin.entities != b.origin.entities:
        found.append("BIDS entities")
    return tuple(found)


def settings_differ(a: Series, b: Series, *, te_ms: float = _SAME_TE_MS) -> tuple[str, ...]:
    """In what two series contradict each other that all stations of one protocol share; silent headers contradict nothing.

    Args:
        a, b: of one study.
        te_ms: how far echo times may lie apart.
    """
    one, other = a.acquisition, b.acquisition
    found = []
    if a.frame_of_reference and b.frame_of_reference and a.frame_of_reference != b.frame_of_reference:
        found.append("frame of reference")
    if _apart(one.tr_ms, other.tr_ms, _TR_SHARE * max(one.tr_ms or 0, other.tr_ms or 0)):
        found.append(f"TR {one.tr_ms:g} and {other.tr_ms:g} ms")
    if _apart(one.te_ms, other.te_ms, te_ms):
        found.append(f"TE {one.te_ms:g} and {other.te_ms:g} ms")
    if _apart(one.flip_angle_deg, other.flip_angle_deg, _FLIP_DEG):
        found.append("flip angle")
    if _apart(one.field_strength_t, other.field_strength_t, _FIELD_T):
        found.append("field strength")
    if one.scanning_sequence and other.scanning_sequence and set(one.scanning_sequence) != set(other.scanning_sequence):
        found.append("scanning sequence")
    return tuple(found)


def _pair(one: Series, firsts: Sequence[Series], seconds: Sequence[Series]) -> Pair:
    there = [b for b in seconds if one.grid and b.grid and one.grid.matches(b.grid)]
    if not there:
        return Pair(one, None)
    fitting = [b for b in there if not conflicts(one, b)]
    if not fitting:
        detail = "; ".join(f"{b.id} differs in {', '.join(conflicts(one, b))}" for b in there)
        return Pair(one, None, RefusedInput(Reason.PARTNER_DIFFERS, f"series {one.id}: {detail}"))
    best = max(shared(one, b) for b in fitting)
    likely = [b for b in fitting if shared(one, b) == best]
    if len(likely) == 1:
        return _unless_anothers(one, likely[0], firsts)
    mine = [a for a in firsts if a.grid and one.grid and a.grid.matches(one.grid) and not conflicts(a, likely[0])]
    chosen = _in_order(one, mine, likely)
    if chosen is None:
        names = ", ".join(b.id for b in likely)
        return Pair(one, None, RefusedInput(Reason.PARTNER_UNCLEAR, f"series {one.id} may belong to {names}: nothing in the headers tells"))
    return _unless_anothers(one, chosen, firsts)


def _unless_anothers(one: Series, partner: Series, firsts: Sequence[Series]) -> Pair:
    """The pair, unless another image of the same kind has more in common with the partner: then this one's own was not sent."""

    def closeness(a: Series) -> tuple[object, ...]:
        return (*shared(a, partner), -abs(_number(a) - _number(partner)))

    rivals = [a for a in firsts if a.id != one.id and a.grid and one.grid and a.grid.matches(one.grid) and not conflicts(a, partner)]
    if any(closeness(a) > closeness(one) for a in rivals):
        return Pair(
            one, None, RefusedInput(Reason.PARTNER_DIFFERS, f"series {one.id}: {partner.id}, the only one that fits, belongs to another")
        )
    return Pair(one, partner)


def shared(a: Series, b: Series) -> tuple[bool, ...]:
    """What two series without a conflict share, what tells most first."""
    close = a.origin.time_s is not None and b.origin.time_s is not None and abs(a.origin.time_s - b.origin.time_s) <= _SAME_TIME_S
    numbers = sorted(n for n in (a.number, b.number) if n is not None)
    derived = len(numbers) == 2 and numbers[0] > 0 and numbers[1] // _DERIVED_NUMBER == numbers[0]
    return (a.uid is not None and a.uid == b.uid, close, derived, bool(a.origin.words) and a.origin.words == b.origin.words)


def _in_order(one: Series, firsts: Sequence[Series], seconds: Sequence[Series]) -> Series | None:
    """The partner by series number, where the nearest and the one at the same place of the list are the same."""
    if one.number is None or len({s.number for s in seconds}) != len(seconds) or any(s.number is None for s in (*firsts, *seconds)):
        return None
    number = one.number
    nearest = sorted(seconds, key=lambda b: abs(_number(b) - number))
    if abs(_number(nearest[0]) - number) == abs(_number(nearest[1]) - number):
        by_place = _same_place(one, firsts, seconds)
        return by_place if by_place in nearest[:2] else None
    by_place = _same_place(one, firsts, seconds)
    return nearest[0] if by_place is None or by_place is nearest[0] else None


def _same_place(one: Series, firsts: Sequence[Series], seconds: Sequence[Series]) -> Series | None:
    if len(firsts) != len(seconds):
        return None
    order = sorted(firsts, key=_number)
    return sorted(seconds, key=_number)[next(n for n, a in enumerate(order) if a.id == one.id)]


def _number(series: Series) -> int:
    return series.number or 0


def _apart(a: float | None, b: float | None, allowed: float) -> bool:
    return a is not None and b is not None and abs(a - b) > allowed


def partner_of(series: Series, others: Sequence[Series]) -> Series | None:
    """The one series taken together with this one; None where there is none, or where several could be it.

    Args:
        series: e.g. a fat-fraction map.
        others: what may belong to it, e.g. all in-phase images of the study.
    """
    return pairs((series,), others)[0].second


def in_space_of(series: Series, grid: Grid, reference: Series) -> bool:
    """Whether labels can be carried to a series: it lies on their grid, or in the DICOM frame of reference of the series they are of.

    Args:
        series: another series of the study.
        grid: of the labels.
        reference: the series that the labels belong to.
    """
    same_grid = series.grid is not None and series.grid.matches(grid)
    return same_grid or (series.frame_of_reference is not None and series.frame_of_reference == reference.frame_of_reference)


def fits_labels(series: Series, grid: Grid) -> bool:
    """Whether labels were drawn on this series: its grid lies within a tenth of the smallest voxel of theirs.

    Further apart, border voxels would change sides.

    Args:
        series: may be one that cannot be read; then it does not fit.
        grid: of the labels.
    """
    return series.refusal is None and series.grid is not None and grid.matches(series.grid, 0.1 * min(grid.spacing_mm))
