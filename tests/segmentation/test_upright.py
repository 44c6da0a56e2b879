"""A picture that reads far better another way round is turned; one that reads well, or badly in every way, is not."""

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Turn
from gluteal_grade.segmentation.bundle import BundleSegmenter, Found
from gluteal_grade.segmentation.upright import NOTHING, OTHERS, Reading, better_way_round, reading
from tests.segmentation.fakes import SETTINGS

UPSIDE_DOWN = Turn((2,))


def read_well_only(turn: Turn, well: Reading, otherwise: Reading = NOTHING):
    return lambda asked: well if asked == turn else otherwise


@pytest.mark.parametrize("turn", OTHERS, ids=lambda turn: turn.words)
def test_the_way_round_that_reads_far_better_is_named(turn: Turn) -> None:
    words = better_way_round(Reading(650, 0.13), read_well_only(turn, Reading(1200, 0.09), Reading(300, 0.2)))
    assert turn.words in words
    assert Turn((0, *turn.axes)).words in words
    assert "1200 ml" in words


def test_right_and_left_are_never_told_apart_so() -> None:
    assert all(0 not in turn.axes for turn in OTHERS)


@pytest.mark.parametrize(
    ("given", "best"),
    [
        (Reading(1000, 0.09), Reading(9000, 0.01)),  # no doubt: not asked
        (Reading(600, 0.14), Reading(650, 0.13)),  # about as well
        (Reading(5, 0.3), Reading(60, 0.2)),  # next to nothing either way
    ],
)
def test_no_contradiction(given: Reading, best: Reading) -> None:
    assert better_way_round(given, lambda _: best) == ""


def test_a_reading_is_what_is_labelled_and_sure() -> None:
    labels = Volume(np.array([110, 110, 0, 120], np.uint8).reshape(4, 1, 1), np.diag([10.0, 10.0, 10.0, 1.0]))
    doubts = labels.with_array(np.array([0.05, 0.35, 0.9, 0.02], np.float32).reshape(4, 1, 1))
    found = reading(labels, doubts)
    assert found.sure_ml == pytest.approx(2.0)
    assert found.doubt == pytest.approx(0.14)
    assert reading(labels.with_array(np.zeros_like(labels.array)), doubts) == NOTHING


@pytest.mark.parametrize("upside_down", [False, True])
def test_the_segmenter_refuses_a_picture_that_is_upside_down(monkeypatch: pytest.MonkeyPatch, upside_down: bool) -> None:
    """A network that is sure of what is bright above and dark below, and in doubt of the opposite."""
    picture = Volume(np.linspace(0, 1, 40, dtype=np.float32) * np.ones((40, 40, 1), np.float32), np.diag([3.0, 3.0, 3.0, 1.0]))

    def look(_self: BundleSegmenter, image: Volume, _models: object, *, ct: bool) -> tuple[Found, str]:
        assert not ct
        sound = image.array[0, 0, -1] > image.array[0, 0, 0]
        labels = image.with_array(np.full(image.shape, 110, np.uint8))
        return Found(labels, image.with_array(np.full(image.shape, 0.05 if sound else 0.2, np.float32)), labels, ()), ""

    monkeypatch.setattr(BundleSegmenter, "_look", look)
    monkeypatch.setattr(BundleSegmenter, "_models", lambda _self: None)
    segmenter = BundleSegmenter(SETTINGS.segmentation, SETTINGS.checks)
    if not upside_down:
        assert segmenter.find(picture, ct=False).notes == ()
        return
    with pytest.raises(RefusedInput, match="upside down") as caught:
        segmenter.find(picture.with_array(picture.array[:, :, ::-1].copy()), ct=False)
    assert caught.value.reason is Reason.TURNED_OVER
