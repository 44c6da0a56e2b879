"""Is a label map that somebody gave upside down, turned or mirrored: against the anatomy, or against the picture it was drawn on?

Two witnesses. The muscles' places: maximus lies behind and below medius in everyone, minimus deep to its front. And the picture: it changes
more at a muscle's border than within the muscle, which holds for no other way round (raters' outlines of five real images, CT, samples:
0.66-2.4 standard deviations of the edges as drawn, 0.41 at most in any other way; a phantom alike right and left loses 0.19 in the mirror).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import AS_GIVEN, TURNS, Mask, Turn, of_images, slopes
from gluteal_grade.io import Series
from gluteal_grade.segmentation.misplaced import Points, contradictions, points_of
from gluteal_grade.vocabulary import GLUTEI, LABEL_VALUES, Muscle, Side

_BETTER, _LEAST = 0.12, 0.5  # standard deviations of the edges that a turn must gain, and reach
# to the side, forwards, up (mm) from medius' centre, and how far people and cut fields scatter
_USUAL = {Muscle.GLUTEUS_MAXIMUS: ((-25.0, -50.0, -55.0), 25.0), Muscle.GLUTEUS_MINIMUS: ((-12.0, 15.0, -12.0), 15.0)}


def check_outlines(labels: Volume, image: Volume, slice_axis: int) -> None:
    """Refuse labels whose borders lie on the borders of the picture only once they are turned.

    Args:
        labels: values of `anatomy.LABEL_VALUES`, RAS+.
        image: the series they belong to, on the same grid.
        slice_axis: array axis across the slices.

    Raises:
        RefusedInput: `turned_over`.
    """
    if (turn := turned_against(labels, image, slice_axis)) is not AS_GIVEN:
        raise RefusedInput(
            Reason.TURNED_OVER, f"the label map is {turn.words} against the picture: turned back its outlines lie on the muscles' borders"
        )


def turned_against(labels: Volume, image: Volume, slice_axis: int) -> Turn:
    """The turn after which labels certainly fit a picture better; `AS_GIVEN` where there is none."""
    seen = _seen(image, slice_axis)
    if seen is None:
        return AS_GIVEN
    border = _border(labels.array, slice_axis)
    inside = (labels.array > 0) & ~border
    spread = float(seen.std())
    if not border.any() or not inside.any() or spread <= 0:
        return AS_GIVEN
    both = len({LABEL_VALUES[value].side for value in np.unique(labels.array).tolist() if value}) > 1
    # of one side alone, the other hip may fit as well in the mirror, or better where it holds more fat
    found = {t: _contrast(np.flip(seen, t.axes), border, inside) / spread for t in TURNS if both or t.axes != (0,)}
    best = max(found, key=lambda turn: found[turn])
    return best if found[best] > max(found[AS_GIVEN] + _BETTER, _LEAST) else AS_GIVEN


@of_images
def _seen(image: Volume, slice_axis: int) -> FloatArray | None:
    """Slopes within the slices; None of a picture without any."""
    low, high = (float(v) for v in np.percentile(image.array[::2, ::2, ::2], (1, 99)))
    if not high > low:
        return None
    return slopes((np.clip(image.array, low, high) - low).astype(np.float32) / np.float32(high - low), slice_axis)


def _contrast(seen: FloatArray, border: Mask, inside: Mask) -> float:
    return float(seen[border].mean()) - float(seen[inside].mean())


def _border(labels: FloatArray, slice_axis: int) -> Mask:
    """Voxels whose neighbour within the slice carries another label."""
    out = np.zeros(labels.shape, bool)
    for axis in (a for a in range(3) if a != slice_axis):
        along, mine = np.moveaxis(labels, axis, 0), np.moveaxis(out, axis, 0)
        differs = along[1:] != along[:-1]
        mine[1:] |= differs
        mine[:-1] |= differs
    return out


def check_turned(labels: Volume, reference: Callable[[], Series], unless: Callable[[], str] = str) -> None:
    """Refuse labels in places where these muscles are in nobody, if one turn puts all of them right.

    Args:
        labels: values of `anatomy.LABEL_VALUES`, RAS+.
        reference: finds the series they belong to, to tell whether the picture is turned with them; may raise `RefusedInput`.
        unless: finds another explanation; nothing is refused where it has one.

    Raises:
        RefusedInput: `turned_over`.
    """
    turn, why = turn_of_body(labels)
    if turn is AS_GIVEN or unless():
        return
    raise RefusedInput(Reason.TURNED_OVER, f"{why}: {_which(labels, reference, turn)} {turn.words}")


def turn_of_body(labels: Volume) -> tuple[Turn, str]:
    """The turn after which all muscles lie where they belong, and what speaks against them as given; `AS_GIVEN` where nothing does, or
    where their sizes say that muscles were exchanged.
    """
    points = points_of(labels)
    why = next((f"{side} {words}" for side in Side for words in contradictions(points, side)), "")
    if not why or not _sizes_in_order(points):
        return AS_GIVEN, why
    fitting = {turn: _oddness(turned) for turn in TURNS if _sound(turned := _turned(points, turn))}
    return (min(fitting, key=lambda turn: fitting[turn]) if fitting else AS_GIVEN), why


def _which(labels: Volume, reference: Callable[[], Series], turn: Turn) -> str:
    try:
        series = reference()
        against = turned_against(labels, series.load(), series.slice_axis)
    except RefusedInput:
        return "label map, or picture and label map, are"
    return "against the picture, which is sound, the label map is" if against == turn else "picture and label map alike are"


def _turned(points: Mapping[tuple[Muscle, Side], tuple[FloatArray, float]], turn: Turn) -> Points:
    """Mirrored along some axes; sides keep their names, so that right and left change places with x."""
    signs = np.array([-1.0 if axis in turn.axes else 1.0 for axis in range(3)])
    return {key: (centre * signs, ml) for key, (centre, ml) in points.items()}


def _sound(points: Points) -> bool:
    across = [
        points[m, Side.RIGHT][0][0] + points[m, Side.LEFT][0][0] for m in GLUTEI if {(m, Side.RIGHT), (m, Side.LEFT)} <= points.keys()
    ]  # to the side of each: right minus left in RAS+
    return all(value > 0 for value in across) and not any(True for side in Side for _ in contradictions(points, side))


def _sizes_in_order(points: Points) -> bool:
    """Maximus larger than medius, medius than minimus, wherever both are in view; of exchanged muscles that would not be so."""
    for side in Side:
        sizes = [points[muscle, side][1] for muscle in GLUTEI if (muscle, side) in points]
        if sizes != sorted(sizes, reverse=True):
            return False
    return True


def _oddness(points: Points) -> float:
    """How far the muscles lie from where they usually do: squares over what is usual."""
    total = 0.0
    for side in Side:
        medius = points.get((Muscle.GLUTEUS_MEDIUS, side))
        for muscle, (usual, spread) in _USUAL.items():
            other = points.get((muscle, side))
            if medius is not None and other is not None:
                total += float((((other[0] - medius[0] - np.array(usual)) / spread) ** 2).sum())
    return total
