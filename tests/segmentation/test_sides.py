"""Left is left: every way of mixing sides up is found, and correct labels pass."""

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.sides import check_sides
from gluteal_grade.vocabulary import GLUTEI
from tests.synthetic import make_toy

TOY = make_toy()
LABELS = TOY.labels
BODY = LABELS.with_array(TOY.body)


def swapped(array: np.ndarray, *tens: int) -> np.ndarray:
    """Sides exchanged for the muscles with these tens digits."""
    out = array.copy()
    for value in np.unique(array[array > 0]):
        if value // 10 % 10 in tens:
            out[array == value] = value + 100 if value < 200 else value - 100
    return out


def refused(labels: Volume, body: Volume | None = None) -> str:
    with pytest.raises(RefusedInput) as caught:
        check_sides(labels, body)
    assert caught.value.reason is Reason.LABELS_SIDES_SWAPPED
    return caught.value.detail


def test_correct_labels_pass() -> None:
    assert check_sides(LABELS, BODY) == ()


def test_all_swapped() -> None:
    assert all(m in refused(LABELS.with_array(swapped(LABELS.array, 1, 2, 3))) for m in GLUTEI)


@pytest.mark.parametrize(("tens", "muscle"), [(1, "gluteus_maximus"), (2, "gluteus_medius"), (3, "gluteus_minimus")])
def test_one_muscle_swapped(tens: int, muscle: str) -> None:
    assert muscle in refused(LABELS.with_array(swapped(LABELS.array, tens)))


def test_mirrored_geometry() -> None:
    """The labels are right, the affine is not: the commonest export fault."""
    flipped = LABELS.affine.copy()
    flipped[0] *= -1
    refused(Volume(LABELS.array, flipped).to_ras())


def one_sided(array: np.ndarray, hundreds: int) -> np.ndarray:
    return np.where(array // 100 == hundreds, array, 0)


def test_one_side_only_is_compared_with_the_body() -> None:
    right = one_sided(LABELS.array, 1)
    assert check_sides(LABELS.with_array(right), BODY) == ()
    refused(LABELS.with_array(swapped(right, 1, 2, 3)), BODY)


def test_one_sided_field_of_view_has_no_midline() -> None:
    """A right-hip scan: the picture's middle is no midline, so nothing may be refused."""
    half = (LABELS.shape[0] // 2 + 4, 0, 0)
    labels, body = (v.cropped(half, LABELS.shape) for v in (LABELS, BODY))
    assert check_sides(labels.with_array(one_sided(labels.array, 1)), body) == ()


def test_a_chunk_across_the_midline_is_noted() -> None:
    array = LABELS.array.copy()
    across = np.argwhere(array == 220)
    array[tuple(across[: len(across) // 3].T)] = 120
    notes = check_sides(LABELS.with_array(array), BODY)
    assert [n.reason for n in notes] == [Reason.LABELS_SIDES_SWAPPED]
    assert "right gluteus_medius" in notes[0].detail


def test_a_whole_pelvis_cut_at_the_skin_still_has_a_midline() -> None:
    cut = (10, 0, 0)
    labels, body = (v.cropped(cut, LABELS.shape) for v in (LABELS, BODY))
    assert body.array[0].any(), "the body leaves the picture"
    right = one_sided(labels.array, 1)
    assert check_sides(labels.with_array(right), body) == ()
    refused(labels.with_array(swapped(right, 1, 2, 3)), body)
