"""Values kept while one study is measured on one label map after another."""

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging.kept import Kept, held, keeping, of_images, once

CALLS = []


@of_images
def doubled(volume: Volume, by: float = 2.0) -> Volume:
    CALLS.append(by)
    return volume.with_array(volume.array * by)


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()


def picture(value: float = 1.0) -> Volume:
    return Volume(np.full((2, 3, 4), value, np.float32), np.eye(4))


def test_a_value_is_kept_for_the_very_same_arrays_only() -> None:
    image, alike = picture(), picture()
    with keeping(Kept()):
        held(image)
        held(alike)
        first = doubled(image)
        assert doubled(image) is first
        assert doubled(doubled(image)) is doubled(first)  # what was made of images is none of labels either
        assert doubled(alike) is not first
        assert doubled(image, 3.0) is not first
        assert doubled(image, by=3.0).array[0, 0, 0] == 3
        moved = Volume(image.array, np.diag([1.0, 1, 2, 1]))
        assert doubled(moved).spacing_mm == (1, 1, 2)


def test_what_may_depend_on_labels_is_made_anew() -> None:
    with keeping(Kept()):
        labels = picture()
        assert doubled(labels) is not doubled(labels)
        labels.array[...] = 5
        assert doubled(labels).array[0, 0, 0] == 10


def test_nothing_is_kept_unless_it_is_asked_for() -> None:
    image = held(picture())
    assert doubled(image) is not doubled(image)
    assert image.array.flags.writeable
    assert (once("a", lambda: 0), once("a", lambda: 1)) == (0, 1)


def test_nobody_writes_into_what_is_kept() -> None:
    with keeping(Kept()):
        image = held(picture())
        for array in (image.array, doubled(image).array):
            with pytest.raises(ValueError, match="read-only"):
                array[0, 0, 0] = 7


def test_a_refusal_is_told_again_and_anything_else_is_tried_again() -> None:
    def refused() -> float:
        CALLS.append(0)
        raise RefusedInput(Reason.NO_FAT_REFERENCE, "too dark")

    def broken() -> float:
        CALLS.append(0)
        raise OSError

    with keeping(Kept()):
        for _ in range(2):
            with pytest.raises(RefusedInput, match="no_fat_reference: too dark"):
                once("refused", refused)
        assert len(CALLS) == 1
        for _ in range(2):
            with pytest.raises(OSError):  # noqa: PT011
                once("broken", broken)
        assert len(CALLS) == 3


def test_making_can_be_given_up_and_what_was_made_stays() -> None:
    def look_up() -> None:
        if wanted:
            raise InterruptedError

    wanted: list[bool] = []
    kept = Kept(look_up)
    with keeping(kept):
        assert once("first", lambda: 1) == 1
        wanted.append(True)
        with pytest.raises(InterruptedError):
            once("second", lambda: 2)
        assert once("first", lambda: 3) == 1
        wanted.clear()
        assert once("second", lambda: 4) == 4
