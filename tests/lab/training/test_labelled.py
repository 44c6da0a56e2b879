"""Real images with labels as training samples: a toy dataset on disk, with sides, planes and contrasts mixed."""

import pickle

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io.nifti import save_volume
from gluteal_grade.segmentation.numbering import Numbering, load_numbering
from gluteal_grade.vocabulary import GLUTEI, Side
from gluteal_grade_lab.training.classes import HIP, LOCATOR
from gluteal_grade_lab.training.labelled import LabelledSampler, Mixed, _classes, _shapes, labelled_patches
from gluteal_grade_lab.training.metrics import muscle_value
from gluteal_grade_lab.training.pairs import find_pairs
from tests.synthetic import dixon, make_toy, t1

OURS = load_numbering("gluteal_grade")
PATCH = (64, 64, 64)


def save(volume, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_volume(volume, path)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Two subjects: T1 with labels beside it; Dixon with labels among the derivatives."""
    root = tmp_path_factory.mktemp("bids")
    first = make_toy(seed=1)
    save(first.volume(t1(first)), root / "sub-01/anat/sub-01_T1w.nii.gz")
    save(first.labels, root / "sub-01/anat/sub-01_dseg.nii.gz")
    second = make_toy(seed=2, shape=(120, 90, 24), spacing=(3, 3, 6))
    water, fat = dixon(second)
    for name, image in (("water", water), ("fat", fat)):
        save(second.volume(image), root / f"sub-02/ses-a/anat/sub-02_ses-a_acq-{name}_Dixon.nii.gz")
    save(second.labels, root / "derivatives/hand/sub-02/ses-a/anat/sub-02_ses-a_desc-hand_dseg.nii.gz")
    return root


def test_every_image_on_the_grid_of_a_label_map_is_a_pair(dataset):
    pairs = find_pairs(dataset, OURS)
    assert sorted((p.image.description, p.labels.name) for p in pairs) == [
        ("sub-01_T1w", "sub-01_dseg.nii.gz"),
        ("sub-02_ses-a_acq-fat_Dixon", "sub-02_ses-a_desc-hand_dseg.nii.gz"),
        ("sub-02_ses-a_acq-water_Dixon", "sub-02_ses-a_desc-hand_dseg.nii.gz"),
    ]


@pytest.mark.long
def test_samples_depend_on_their_number_alone(dataset):
    pairs = find_pairs(dataset, OURS)
    one, other = (LabelledSampler(pairs, OURS, "hip", PATCH, 1.5, seed=5) for _ in range(2))
    forwards = [one(i) for i in (0, 9, 17)]
    for index, sample in zip((17, 9, 0), reversed(forwards), strict=True):
        again = other(index)
        np.testing.assert_array_equal(sample.image.numpy(), again.image.numpy())
        np.testing.assert_array_equal(sample.labels.numpy(), again.labels.numpy())
    assert not np.array_equal(forwards[0].image.numpy(), one(1).image.numpy())


def test_it_travels_to_another_process(dataset):
    sampler = LabelledSampler(find_pairs(dataset, OURS), OURS, "hip", (32, 32, 32), 2.5)
    expected = sampler(3)
    sampler = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(sampler(3).image.numpy(), expected.image.numpy())


@pytest.mark.parametrize(("look", "classes"), [("hip", HIP), ("locator", LOCATOR)])
def test_what_is_no_gluteus_is_left_to_the_network(dataset, look, classes):
    """Or a lab's labels would teach it that a hip has no bone, and `checks.min_hip_bone_ml` would refuse every hip."""
    sample = LabelledSampler(find_pairs(dataset, OURS), OURS, look, PATCH, 1.5)(0)
    assert [classes[number - 1] for number in sample.unknown] == [name for name in classes if "gluteus" not in name]
    assert not set(sample.labels.unique().tolist()) & set(sample.unknown)


def test_few_images_are_held(dataset):
    sampler = LabelledSampler(find_pairs(dataset, OURS) * 3, OURS, "hip", (16, 16, 16), 2.5)
    for index in range(0, 160, 8):
        sampler(index)
    assert len(sampler._held) == 4


@pytest.mark.long
def test_samples_are_what_a_network_takes(dataset):
    sampler = LabelledSampler(find_pairs(dataset, OURS), OURS, "hip", PATCH, 1.5)
    seen = set()
    for index in range(0, 48, 4):
        sample = sampler(index)
        assert sample.image.shape == sample.labels.shape == PATCH
        assert sample.image.dtype.is_floating_point
        assert 0 <= float(sample.image.min()) <= float(sample.image.max()) <= 1
        seen |= set(np.unique(sample.labels.numpy()).tolist())
    assert seen == {0, 1, 2, 3}


def lateral_bright(tmp_path, numbering_side=None):
    """One image whose signal grows to the sides, with medius-like boxes: the canonical frame shows alike on both sides."""
    shape, affine = (128, 60, 40), np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = [-(n - 1) * 1.5 for n in shape]
    x = affine[0, 3] + 3 * np.arange(shape[0])
    image = np.broadcast_to(100 + np.abs(x)[:, None, None], shape).astype(np.float32)
    labels = np.zeros(shape, np.uint8)
    for side, sign in ((Side.RIGHT, 1), (Side.LEFT, -1)):
        for muscle, (low, high) in zip(GLUTEI, ((100, 130), (70, 95), (40, 65)), strict=True):
            rows = (sign * x >= low) & (sign * x < high)
            labels[rows, 20:40, 10:30] = muscle_value(muscle, side)
    save(Volume(image, affine), tmp_path / "sub-1/anat/sub-1_T1w.nii.gz")
    save(Volume(labels, affine), tmp_path / "sub-1/anat/sub-1_dseg.nii.gz")
    return find_pairs(tmp_path, OURS)


@pytest.mark.long
def test_thin_fat_is_as_plain_to_the_fine_network_in_training_as_in_use(tmp_path):
    """One line of pixels through a muscle: plainer in a sample of the hip, as it is in one of the locator."""
    toy = make_toy(seed=1, shape=(180, 140, 20), spacing=(1.5, 1.5, 5))
    image = toy.volume(t1(toy))
    places = np.argwhere(np.isin(toy.labels.array, [muscle_value(GLUTEI[0], side) for side in Side]))
    x, y, z = places[len(places) // 2]
    image.array[x, y - 4 : y + 5, z] *= 1.5
    save(image, tmp_path / "sub-01/anat/sub-01_T1w.nii.gz")
    save(toy.labels, tmp_path / "sub-01/anat/sub-01_dseg.nii.gz")
    pairs = find_pairs(tmp_path, OURS)
    held = {look: LabelledSampler(pairs, OURS, look, PATCH, 1.5)._load(0).image.to_ras().array for look in ("hip", "locator")}
    around = held["locator"][x - 1 : x + 2, y, z].mean()
    assert np.array_equal(held["locator"], image.to_ras().array)
    assert held["hip"][x, y, z] - around > 1.5 * (held["locator"][x, y, z] - around) > 0


def test_both_sides_lie_alike_in_the_hip_frame(tmp_path):
    """Lateral is the same end of the first axis for left and right hips, maximus (here) further out than minimus."""
    sampler = LabelledSampler(lateral_bright(tmp_path), OURS, "hip", (96, 48, 48), 1.5)
    checked = 0
    for index in range(24):
        sample = sampler(index)
        labels, image = sample.labels.numpy(), sample.image.numpy()
        if not {1, 3} <= set(np.unique(labels)):
            continue
        maximus, minimus = (np.argwhere(labels == n)[:, 0].mean() for n in (1, 3))
        assert maximus > minimus + 10
        assert image[labels == 1].mean() > image[labels == 3].mean()
        checked += 1
    assert checked >= 6


def test_the_locator_keeps_the_sides(tmp_path):
    sampler = LabelledSampler(lateral_bright(tmp_path), OURS, "locator", (80, 48, 48), 5.0)
    labels = sampler(0).labels.numpy()
    assert set(np.unique(labels)) == set(range(7))
    right, left = (np.argwhere(np.isin(labels, group))[:, 0].mean() for group in ((1, 2, 3), (4, 5, 6)))
    assert right > left


def test_thick_slices_keep_their_volume_and_leave_no_stairs():
    """A cone in 6 mm slices, read at 1.5 mm: same volume, and not every four sections alike, as the nearest voxel would give."""
    affine = np.diag([1.5, 1.5, 6.0, 1.0])
    x, y, z = np.indices((60, 60, 16)) * np.array([1.5, 1.5, 6.0])[:, None, None, None]
    labels = np.where(np.hypot(x - 45, y - 45) < 40 - 0.35 * z, np.uint8(110), np.uint8(120))
    labels[:, :, [0, -1]] = 0
    fine = _classes(_shapes(Volume(labels, affine)), Grid((60, 60, 64), np.diag([1.5, 1.5, 1.5, 1.0])), (110, 120, 130))
    for number, value in ((1, 110), (2, 120)):
        assert (fine == number).sum() * 1.5 == pytest.approx((labels == value).sum() * 6, rel=0.03)
    sections = [(fine[:, :, k] == 1).sum() for k in range(12, 48)]
    assert len(set(sections)) > 1.5 * len(sections) / 4
    assert set(np.unique(fine[:, :, 12:48])) == {1, 2}


def test_stream(dataset):
    stream = labelled_patches(dataset, OURS, PATCH, np.random.default_rng(1))
    again = labelled_patches(dataset, OURS, PATCH, np.random.default_rng(1))
    for _ in range(2):
        np.testing.assert_array_equal(next(stream).image.numpy(), next(again).image.numpy())


def test_mixed_takes_its_share():
    mixed = Mixed(lambda i: ("synthetic", i), lambda i: ("real", i), 0.3, seed=4)
    drawn = [mixed(i) for i in range(500)]
    assert [number for _, number in drawn] == list(range(500))
    assert sum(kind == "real" for kind, _ in drawn) / 500 == pytest.approx(0.3, abs=0.06)
    assert drawn == [mixed(i) for i in range(500)]


def refusal(folder, numbering=OURS):
    with pytest.raises(RefusedInput) as caught:
        find_pairs(folder, numbering)
    return caught.value


def test_labels_on_no_image_are_refused(tmp_path):
    toy = make_toy(shape=(40, 30, 8), spacing=(8, 8, 20))
    save(toy.volume(t1(toy)), tmp_path / "sub-1/anat/sub-1_T1w.nii.gz")
    assert refusal(tmp_path).reason is Reason.LABELS_NOT_FOUND
    other = make_toy(shape=(40, 30, 9), spacing=(8, 8, 20))
    save(other.labels, tmp_path / "sub-1/anat/sub-1_dseg.nii.gz")
    assert refusal(tmp_path).reason is Reason.LABELS_GEOMETRY


def test_a_numbering_that_would_teach_muscle_as_background_is_refused(dataset):
    half = Numbering.model_validate({"title": "t", "source": "s", "labels": {1: {"muscle": "gluteus_medius", "side": "right"}}})
    error = refusal(dataset, half)
    assert error.reason is Reason.LABELS_NUMBERING
    assert "gluteus_maximus" in error.detail


def test_an_empty_label_map_is_refused_when_drawn(tmp_path):
    toy = make_toy(shape=(40, 30, 8), spacing=(8, 8, 20))
    save(toy.volume(t1(toy)), tmp_path / "sub-1/anat/sub-1_T1w.nii.gz")
    save(toy.labels.with_array(np.zeros_like(toy.labels.array)), tmp_path / "sub-1/anat/sub-1_dseg.nii.gz")
    sampler = LabelledSampler(find_pairs(tmp_path, OURS), OURS, "hip", (16, 16, 16), 1.5)
    with pytest.raises(RefusedInput, match="labels_empty"):
        sampler(0)


def test_an_unknown_look_is_a_mistake(dataset):
    with pytest.raises(ValueError, match="look"):
        LabelledSampler(find_pairs(dataset, OURS), OURS, "knee", PATCH, 1.5)
