"""Every check finds its fault, and correct labels raise none."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gluteal_grade.config import ChecksSettings, load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.imaging.coverage import Coverage
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.segmentation.checks import Flag, check, clean
from gluteal_grade.vocabulary import GLUTEI, Muscle, Region, Side
from tests.segmentation.phantom_labels import of, values, views, whole, with_regions

SETTINGS = load_settings().checks
SAMPLES = Path(__file__).parents[2] / "data" / "sample"
MAXIMUS, MEDIUS, MINIMUS = GLUTEI
RIGHT, LEFT = Side.RIGHT, Side.LEFT


def changed(**changes: object) -> ChecksSettings:
    return ChecksSettings.model_validate(SETTINGS.model_dump() | changes)


def flags(labels: Volume, **extra) -> tuple[Flag, ...]:
    return check(labels, views(labels), SETTINGS, automatic=True, **extra)


def reasons(found: tuple[Flag, ...]) -> set[tuple[Muscle, Side, Reason]]:
    return {(f.muscle, f.side, f.reason) for f in found}


def edited(edit, labels: Volume | None = None) -> Volume:
    labels = labels or whole()
    array = labels.array.copy()
    edit(array)
    return labels.with_array(array)


def value(muscle: Muscle, side: Side) -> int:
    return of(muscle, Region.WHOLE, side)


def ball(labels: Volume, muscle: Muscle, side: Side, at_mm: tuple[float, float, float], radius_mm: float) -> Volume:
    """A separate ball of a muscle's label, where there was background."""
    places = labels.grid.to_world(np.moveaxis(np.indices(labels.shape), 0, -1))
    near = (np.linalg.norm(places - np.array(at_mm), axis=-1) < radius_mm) & (labels.array == 0)
    return labels.with_array(np.where(near, np.uint8(value(muscle, side)), labels.array))


# -- nothing wrong


@pytest.mark.parametrize("labels", [whole, with_regions], ids=["whole", "regions"])
def test_the_phantom_passes(labels) -> None:
    volume = labels()
    assert flags(volume, uncertainty=volume.with_array(np.full(volume.shape, 0.08, np.float32)), located=whole()) == ()


@pytest.mark.parametrize("study", ["healthy_dixon", "osteoarthritis_t1", "tha_mars"])
def test_the_samples_pass(study: str) -> None:
    labels = read_volume(SAMPLES / study / "labels.nii.gz").to_ras()
    assert flags(around(labels)) == ()


def around(labels: Volume) -> Volume:
    """Cropped to the labels with a margin, every other voxel in plane."""
    inside = np.argwhere(labels.array)
    low, high = np.maximum(inside.min(axis=0) - 3, 0), np.minimum(inside.max(axis=0) + 4, labels.shape)
    part = labels.cropped(tuple(low.tolist()), tuple(high.tolist()))
    affine = part.affine.copy()
    affine[:3, :2] *= 2
    return Volume(np.ascontiguousarray(part.array[::2, ::2]), affine)


def test_one_hip_passes() -> None:
    assert flags(edited(lambda a: a.__setitem__(a >= 200, 0))) == ()


def test_nothing_labelled_nothing_to_say() -> None:
    empty = whole().with_array(np.zeros(whole().shape, np.uint8))
    assert flags(empty) == ()
    assert clean(empty, SETTINGS)[1] == ()


# -- cleaning


def test_specks_go_and_the_muscle_stays() -> None:
    specked = ball(whole(), MEDIUS, RIGHT, (20, 50, 100), 5.5)
    assert (specked.array == 120).sum() > (whole().array == 120).sum()
    cleaned, notes = clean(specked, SETTINGS)
    np.testing.assert_array_equal(cleaned.array, whole().array)
    assert notes == ()


def test_a_large_second_piece_is_kept_and_flagged() -> None:
    two = ball(whole(), MEDIUS, RIGHT, (20, 50, 100), 22)
    cleaned, _ = clean(two, SETTINGS)
    np.testing.assert_array_equal(cleaned.array, two.array)
    assert reasons(flags(cleaned)) == {(MEDIUS, RIGHT, Reason.LABEL_IN_PIECES)}


def test_a_cleft_is_no_second_piece() -> None:
    """A muscle parted by some millimetres of fat, as on a fatty hip, is still one muscle."""
    parted = edited(lambda a: a[:, :, 42:44].__setitem__(a[:, :, 42:44] == 120, 0))
    assert clean(parted, SETTINGS)[0].array.sum() == parted.array.sum()
    assert flags(parted) == ()
    assert (MEDIUS, RIGHT, Reason.LABEL_IN_PIECES) in reasons(check(parted, views(parted), changed(piece_gap_mm=4.0), automatic=True))


def test_much_dropped_is_noted() -> None:
    many = whole()
    for n in range(7):
        many = ball(many, MAXIMUS, LEFT, (-30 - 24 * n, 60, 130), 7.5)
    cleaned, notes = clean(many, SETTINGS)
    np.testing.assert_array_equal(cleaned.array, whole().array)
    assert [n.reason for n in notes] == [Reason.LABEL_SPECKS]
    assert notes[0].detail.startswith("left gluteus_maximus: 7 separate pieces")


def test_the_largest_piece_stays_however_small() -> None:
    only = edited(lambda a: a.__setitem__(a != 0, 0))
    only.array[10, 10, 10:13] = 130
    only.array[40, 40, 10] = 130
    cleaned, _ = clean(only, SETTINGS)
    assert np.count_nonzero(cleaned.array) == 3


def test_pieces_are_of_the_muscle_not_of_its_regions() -> None:
    """Regions touch each other: none of them is a speck of the muscle."""
    np.testing.assert_array_equal(clean(with_regions(), SETTINGS)[0].array, with_regions().array)


@given(st.integers(0, 2**32 - 1), st.floats(0, 3), st.floats(0, 0.5))
@settings(max_examples=30)
def test_cleaning_only_takes_away_and_is_done_once(seed: int, speck_ml: float, share: float) -> None:
    rng = np.random.default_rng(seed)
    array = rng.choice(np.array([0, 0, 0, 110, 120, 131, 132, 230], np.uint8), size=(9, 8, 7))
    labels = Volume(array, np.diag([5.0, 5.0, 5.0, 1.0]))
    chosen = changed(speck_ml=speck_ml, speck_share=share)
    once, _ = clean(labels, chosen)
    assert np.all((once.array == labels.array) | (once.array == 0))
    assert {v // 10 for v in np.unique(once.array)} == {v // 10 for v in np.unique(array)}
    np.testing.assert_array_equal(clean(once, chosen)[0].array, once.array)


# -- one fault each


def test_a_part_on_the_other_side() -> None:
    def stray(array: np.ndarray) -> None:
        left = np.argwhere(array == 220)
        array[tuple(left[: len(left) // 4].T)] = 120

    found = flags(edited(stray))
    assert (MEDIUS, RIGHT, Reason.LABEL_OTHER_SIDE) in reasons(found)
    assert next(f for f in found if f.reason is Reason.LABEL_OTHER_SIDE).detail.endswith("of it lies across the midline")


def test_where_the_coarse_look_saw_nothing() -> None:
    coarse = edited(lambda a: a.__setitem__(a == 130, 0))
    assert (MINIMUS, RIGHT, Reason.LABEL_NOT_LOCATED) in reasons(flags(whole(), located=coarse))


def test_where_the_coarse_look_saw_the_other_side() -> None:
    other = whole().with_array(np.where(whole().array >= 200, whole().array - 100, np.where(whole().array > 0, whole().array + 100, 0)))
    found = reasons(flags(whole(), located=other.with_array(other.array.astype(np.uint8))))
    assert found == {(m, s, Reason.LABEL_NOT_LOCATED) for m in GLUTEI for s in Side}


def test_a_coarse_look_on_its_own_grid() -> None:
    grid = Grid((85, 52, 62), np.diag([5.0, 5.0, 5.0, 1.0]) + np.array([[0, 0, 0, -212.0], [0, 0, 0, -170], [0, 0, 0, -150], [0, 0, 0, 0]]))
    assert flags(whole(), located=whole().resampled(grid, labels=True)) == ()


@pytest.mark.parametrize(("factor", "word"), [(3.0, "more than"), (0.1, "less than")])
def test_an_implausible_volume(factor: float, word: str) -> None:
    """The same voxels, larger or smaller."""
    affine = whole().affine.copy()
    affine[:3] *= factor ** (1 / 3)
    found = flags(Volume(whole().array, affine))
    assert {r for _, _, r in reasons(found)} == {Reason.VOLUME_IMPLAUSIBLE}
    assert all(word in f.detail for f in found)
    assert len(found) >= 4


def test_a_cut_muscle_may_be_small() -> None:
    """62 ml of medius with a tenth of it gone are 69 ml; without the allowance for the view the same number would be flagged."""
    labels = whole()
    volume = np.count_nonzero(labels.array == 120) * labels.grid.voxel_volume_ml
    chosen = changed(volume_ml=SETTINGS.volume_ml.model_dump() | {"gluteus_medius": (1.2 * volume, 2000.0)})
    seen = views(labels)
    cut = seen | {(MEDIUS, s): Coverage(0.8, ("superior",)) for s in Side}
    assert {r for _, _, r in reasons(check(labels, seen, chosen, automatic=True))} == {Reason.VOLUME_IMPLAUSIBLE}
    assert check(labels, cut, chosen, automatic=True) == ()


def swap(a: int, b: int):
    def edit(array: np.ndarray) -> None:
        one, other = array == a, array == b
        array[one], array[other] = b, a

    return edit


def test_minimus_and_medius_mixed_up() -> None:
    found = reasons(flags(edited(swap(120, 130))))
    assert {(MEDIUS, RIGHT, Reason.MUSCLE_ORDER), (MINIMUS, RIGHT, Reason.MUSCLE_ORDER)} <= found
    assert not any(side is LEFT and reason is Reason.MUSCLE_ORDER for _, side, reason in found)


def test_medius_and_maximus_mixed_up() -> None:
    found = reasons(flags(edited(swap(210, 220))))
    assert {(MEDIUS, LEFT, Reason.MUSCLE_ORDER), (MAXIMUS, LEFT, Reason.MUSCLE_ORDER)} <= found


@pytest.mark.parametrize("degrees", [-30, 30])
@pytest.mark.parametrize("axis", range(3))
def test_the_order_is_told_in_a_turned_body(axis: int, degrees: float) -> None:
    turn, c, s = np.eye(4), np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = (n for n in range(3) if n != axis)
    turn[[i, i, j, j], [i, j, i, j]] = c, -s, s, c
    seen = views(whole())
    assert check(Volume(whole().array, turn @ whole().affine), seen, SETTINGS, automatic=True) == ()
    mixed = Volume(edited(swap(120, 130)).array, turn @ whole().affine)
    assert (MINIMUS, RIGHT, Reason.MUSCLE_ORDER) in reasons(check(mixed, seen, SETTINGS, automatic=True))


def thin_left_medius(array: np.ndarray) -> None:
    z = np.argwhere(array == 220)
    array[tuple(z[z[:, 2] < np.quantile(z[:, 2], 0.75)].T)] = 0


def test_sides_too_different() -> None:
    found = flags(edited(thin_left_medius))
    assert {(MEDIUS, s, Reason.SIDES_UNEQUAL) for s in Side} <= reasons(found)


def test_sides_are_not_compared_where_one_is_cut() -> None:
    labels = edited(thin_left_medius)
    cut = views(labels) | {(MEDIUS, LEFT): Coverage(0.9, ("superior",))}
    assert Reason.SIDES_UNEQUAL not in {f.reason for f in check(labels, cut, SETTINGS, automatic=True)}


def test_an_unsure_segmenter() -> None:
    doubt = np.where(np.isin(whole().array, values(MINIMUS, LEFT)), 0.6, 0.08).astype(np.float32)
    assert reasons(flags(whole(), uncertainty=whole().with_array(doubt))) == {(MINIMUS, LEFT, Reason.LABEL_UNCERTAIN)}


def test_little_in_view() -> None:
    labels = whole()
    z = np.flatnonzero((labels.array == 110).any(axis=(0, 1)))
    low = labels.cropped((0, 0, 0), (*labels.shape[:2], int(z[0]) + len(z) // 6))
    found = reasons(flags(low))
    assert (MAXIMUS, RIGHT, Reason.LITTLE_IN_VIEW) in found
    assert not any(r is Reason.VOLUME_IMPLAUSIBLE for _, _, r in found), "what is out of view is not missing"


# -- what becomes of it


def test_automatic_labels_need_review_given_ones_do_not() -> None:
    labels = edited(swap(120, 130))
    automatic, user = (check(labels, views(labels), SETTINGS, automatic=a) for a in (True, False))
    assert automatic
    assert all(f.review for f in automatic)
    assert [(f.key, f.reason, f.detail) for f in user] == [(f.key, f.reason, f.detail) for f in automatic]
    assert not any(f.review for f in user)


def test_flags_come_in_order() -> None:
    affine = whole().affine.copy()
    affine[:3] *= 2
    found = [f.key for f in flags(Volume(whole().array, affine))]
    assert found == sorted(found, key=lambda key: (list(Side).index(key[1]), list(GLUTEI).index(key[0])))


# -- a muscle beside the glutei


def with_tensor() -> Volume:
    """Both tensors as balls before the hips."""
    labels = ball(whole(), Muscle.TENSOR_FASCIAE_LATAE, RIGHT, (125, 55, 40), 16)
    return ball(labels, Muscle.TENSOR_FASCIAE_LATAE, LEFT, (-125, 55, 40), 16)


def test_a_tensor_changes_nothing_for_the_glutei() -> None:
    labels = with_tensor()
    assert len(np.unique(labels.array)) == len(np.unique(whole().array)) + 2
    doubt = labels.with_array(np.full(labels.shape, 0.08, np.float32))
    found = flags(labels, uncertainty=doubt, uncertainty_beside=doubt, located=labels)
    assert [f for f in found if not f.muscle.optional] == []


def test_a_networks_tensor_always_needs_review_and_a_given_one_does_not() -> None:
    labels = with_tensor()
    both = {(Muscle.TENSOR_FASCIAE_LATAE, side, Reason.OUTLINE_UNPROVEN) for side in Side}
    assert reasons(flags(labels, located=labels)) >= both
    assert not reasons(check(labels, views(labels), SETTINGS, automatic=False)) & both
    assert not reasons(check(labels, views(labels), changed(always_review=()), automatic=True)) & both
