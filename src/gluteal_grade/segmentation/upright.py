"""Is a picture the right way up and round? The hip network has learnt upright bodies: what it reads in one that is not leaves it in doubt.

Only what is read with doubt is asked about, by reading it again in the three other ways round. Right and left cannot be told so, as hips
are alike. Measured on whole fields, as drawn and turned: docs/explanation/robustness.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import TURNS, Turn

_SURE = 0.1  # uncertainty of a voxel below which its label is sure
_DOUBT = 0.11  # mean over the labels: sound pictures read with 0.08-0.14, turned ones with 0.125 and more
_TIMES = 1.4  # as well must another way round read: sound pictures read 1.1-2.8 times as well as any other
_LEAST_ML = 100.0  # that are sure there

OTHERS = tuple(turn for turn in TURNS if turn.axes and 0 not in turn.axes)


@dataclass(frozen=True)
class Reading:
    """How well a picture reads as gluteal muscle.

    Attributes:
        sure_ml: labelled, and hardly in doubt.
        doubt: mean uncertainty of the labels, 0-1; 1 where there is none.
    """

    sure_ml: float
    doubt: float

    @property
    def doubtful(self) -> bool:
        """Worth asking whether it reads better another way round."""
        return self.doubt > _DOUBT

    @property
    def score(self) -> float:
        """The higher the better."""
        return self.sure_ml / max(self.doubt, 0.01)


NOTHING = Reading(0.0, 1.0)


def reading(labels: Volume, uncertainty: Volume) -> Reading:
    """How well labels are read.

    Args:
        labels: values of `anatomy.LABEL_VALUES`, 0 elsewhere.
        uncertainty: 0 (sure) to 1, same grid.
    """
    doubts = uncertainty.array[labels.array > 0]
    if not doubts.size:
        return NOTHING
    return Reading(float(np.count_nonzero(doubts < _SURE)) * labels.grid.voxel_volume_ml, float(doubts.mean()))


def better_way_round(given: Reading, read: Callable[[Turn], Reading]) -> str:
    """In words in which way a picture is turned, where it certainly reads better once it is turned back; empty otherwise.

    Args:
        given: as its header has it.
        read: reads it after a turn, one of `OTHERS`.
    """
    if not given.doubtful:
        return ""
    found = {turn: read(turn) for turn in OTHERS}
    turn = max(found, key=lambda one: found[one].score)
    best = found[turn]
    if best.sure_ml < _LEAST_ML or best.score < _TIMES * given.score:
        return ""
    other = Turn((0, *turn.axes)).words
    return (
        f"the picture is {turn.words}, or {other} (right and left hips are alike): turned back {best.sure_ml:.0f} ml are surely "
        f"gluteal muscle, with a mean doubt of {best.doubt:.2f}; as given {given.sure_ml:.0f} ml, {given.doubt:.2f}"
    )
