"""Slices as runs: there and back, and everything that is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.review.runs import TO_WHOLE, WHOLE_VALUES, decoded, decoded_slices, encoded
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Side

VALUES = sorted(WHOLE_VALUES.values())
SHAPE = (3, 4)
RIGHT_MEDIUS = WHOLE_VALUES[Muscle.GLUTEUS_MEDIUS, Side.RIGHT]


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.sampled_from([0, *VALUES])))
def test_there_and_back(picture: np.ndarray) -> None:
    runs = encoded(picture)
    assert np.array_equal(decoded(runs, picture.shape, VALUES), picture)
    assert all(a != b for a, b in zip(runs[::2], runs[2::2], strict=False))  # no run is sent in two


@settings(max_examples=60)
@given(st.lists(st.sampled_from([0, RIGHT_MEDIUS, 1, 2, 3, 10, 12, -12, 10**30, 12.0, None, "0", True]), max_size=8))
def test_whatever_comes_is_a_slice_or_refused(sent: list[Any]) -> None:
    try:
        found = decoded(sent, SHAPE, VALUES)
    except RefusedInput:
        return
    assert found.shape == SHAPE
    assert set(np.unique(found).tolist()) <= {0, *VALUES}
    assert sum(sent[1::2]) == found.size


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ("0,12", "no list"),
        ([], "no list"),
        ([0, 12, 5], "no list"),
        ([0, True], "no list"),
        ([0, 12.0], "no list"),
        ([0, 11], "add up to its 3 x 4"),
        ([0, 13], "add up"),
        ([0, 20, RIGHT_MEDIUS, -8], "add up"),
        ([0, 12, RIGHT_MEDIUS, 0], "add up"),
        ([RIGHT_MEDIUS + 1, 12], f"value {RIGHT_MEDIUS + 1} is no muscle"),
        ([999, 12], "value 999 is no muscle"),
    ],
)
def test_each_fault_is_named(runs: Any, words: str) -> None:
    with pytest.raises(RefusedInput, match=words):
        decoded(runs, SHAPE, VALUES)


@pytest.mark.parametrize(
    "sent", [None, [], {}, {"5": [0, 12]}, {"-1": [0, 12]}, {"01": [0, 12]}, {"²": [0, 12]}, {"1e0": [0, 12]}, {"": [0, 12]}]
)
def test_slices_that_the_study_does_not_have(sent: Any) -> None:
    with pytest.raises(RefusedInput, match=Reason.BAD_DRAWING):
        decoded_slices(sent, 5, SHAPE, VALUES)


def test_slices_by_number() -> None:
    found = decoded_slices({"4": [0, 11, RIGHT_MEDIUS, 1], "0": [0, 12]}, 5, SHAPE, VALUES)
    assert {index: int(picture.sum()) for index, picture in found.items()} == {4: RIGHT_MEDIUS, 0: 0}


def test_a_region_is_drawn_as_its_muscle() -> None:
    for value, part in LABEL_VALUES.items():
        assert TO_WHOLE[value] == WHOLE_VALUES[part.muscle, part.side]
    assert TO_WHOLE[0] == 0
