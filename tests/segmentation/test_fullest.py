"""Of stations that were not stitched the one with most gluteal muscle is graded, and that is said."""

from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io import Series
from gluteal_grade.segmentation import Segmentation
from gluteal_grade.segmentation.fullest import fullest
from gluteal_grade.vocabulary import GLUTEI, Part, Region, SeriesKind, Side, label_value
from tests.synthetic import series

VOLUME = Volume(np.ones((10, 10, 10), np.float32), np.diag([10.0, 10, 10, 1]))
NAMES = ("s1", "s5", "s9")
STATIONS = tuple(
    replace(series(name, SeriesKind.DIXON_WATER, VOLUME), apart=tuple(other for other in NAMES if other != name)) for name in NAMES
)


def labelled(one: Series, millilitres: int) -> Segmentation:
    labels = np.zeros(VOLUME.shape, np.uint8)
    labels.ravel()[:millilitres] = label_value(Part(GLUTEI[0], Region.WHOLE, Side.LEFT))  # a voxel is a millilitre
    return Segmentation(Volume(labels, VOLUME.affine), one, "test", "0" * 64)


@pytest.mark.parametrize(("found", "best"), [((20, 300, 50), "s5"), ((20, 0, 50), "s9"), ((400, 300, 50), "s1")])
def test_most_gluteal_muscle_counts(found: tuple[int, ...], best: str) -> None:
    ml = dict(zip(NAMES, found, strict=True))

    def look(one: Series) -> Segmentation:
        if not ml[one.id]:
            raise RefusedInput(Reason.NO_GLUTEAL_MUSCLE)
        return labelled(one, ml[one.id])

    chosen = fullest(look(STATIONS[0]), STATIONS, look)
    assert chosen.reference.id == best
    (note,) = chosen.notes
    assert note.reason is Reason.STATIONS_APART
    assert f"{best} holds most gluteal muscle" in note.detail
    assert f"{best} {ml[best]} ml" in note.detail
    assert ("none in s5" in note.detail) is (ml["s5"] == 0)


def test_a_series_alone_is_looked_at_once() -> None:
    def look(one: Series) -> Segmentation:
        raise AssertionError(f"{one.id} was looked at again")

    alone = tuple(replace(one, apart=()) for one in STATIONS)
    first = labelled(alone[0], 20)
    assert fullest(first, alone, look) is first
    other_kind = (STATIONS[0], *(replace(one, kind=SeriesKind.DIXON_IN_PHASE) for one in STATIONS[1:]))
    first = labelled(STATIONS[0], 20)
    assert fullest(first, other_kind, look) is first
