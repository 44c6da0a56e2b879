"""Labels that lie where these muscles cannot; sound ones, whole or cut, are never called so."""

from functools import lru_cache
from itertools import permutations

import numpy as np
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.misplaced import misplaced
from gluteal_grade.vocabulary import GLUTEI, Muscle
from tests.synthetic import make_toy


@lru_cache(maxsize=1)
def whole() -> Volume:
    labels = make_toy().labels
    return labels.with_array(labels.array // 10 * 10)


def exchanged(order: tuple[Muscle, ...]) -> Volume:
    table = np.arange(256, dtype=np.uint8)
    for muscle, read_as in zip(GLUTEI, order, strict=True):
        for hundred in (100, 200):
            table[hundred + 10 * (1 + list(GLUTEI).index(muscle))] = hundred + 10 * (1 + list(GLUTEI).index(read_as))
    return whole().with_array(table[whole().array])


@pytest.mark.parametrize("order", list(permutations(GLUTEI)))
def test_muscles_exchanged(order: tuple[Muscle, ...]) -> None:
    assert bool(misplaced(exchanged(order))) == (order != GLUTEI)


@pytest.mark.parametrize(("first", "last"), [(0, 12), (0, 18), (10, 30), (14, 30), (8, 20), (15, 16)])
def test_a_cut_field_of_view_is_no_contradiction(first: int, last: int) -> None:
    cut = whole().array.copy()
    cut[:, :, :first] = 0
    cut[:, :, last:] = 0
    assert misplaced(whole().with_array(cut)) == ""


def test_one_muscle_or_none_says_nothing() -> None:
    for keep in ((), (110,), (220, 210)):
        assert misplaced(whole().with_array(np.where(np.isin(whole().array, keep), whole().array, 0).astype(np.uint8))) == ""
