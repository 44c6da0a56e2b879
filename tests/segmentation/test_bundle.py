"""Two looks with networks that threshold: labels land where the truth is, whatever the image's orientation."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.imaging.masks import values_in
from gluteal_grade.io.study import Series, Study
from gluteal_grade.segmentation.bundle import HIP, LOCATOR
from gluteal_grade.segmentation.hip import segment_hip
from gluteal_grade.segmentation.locate import Box, locate
from gluteal_grade.segmentation.locate import centred as around
from gluteal_grade.vocabulary import Muscle, SeriesKind, Side
from tests.segmentation.fakes import HIP_MM, LEFT, RIGHT, blobs, centred, fake_segmenter, level, points_of
from tests.synthetic import series

PLANES = {
    "axial": ([1, 2, 3], (3.0, 3.0, 5.0)),
    "coronal": ([1, 3, 2], (3.0, 3.0, 6.0)),
    "sagittal": ([2, 3, 1], (3.0, 3.0, 6.0)),
    "axial LPS": ([-1, -2, 3], (1.9, 1.9, 7.0)),
    "axial, feet first": ([1, -2, -3], (3.5, 2.5, 5.0)),
    "left-handed": ([-1, 2, 3], (3.5, 3.5, 3.0)),
    "isotropic, coarse": ([1, 2, 3], (4.5, 4.5, 4.5)),
}


def plane(axes: list[int], spacing: tuple[float, ...], turn: np.ndarray | None = None) -> Grid:
    """A grid of 320 x 260 x 240 mm (along x, y, z) whose array axes run along these signed world axes."""
    matrix = np.zeros((3, 3))
    for column, axis in enumerate(axes):
        matrix[abs(axis) - 1, column] = np.sign(axis) * spacing[column]
    extent = np.array([320.0, 260.0, 240.0])[[abs(a) - 1 for a in axes]]
    i, j, k = np.ceil(extent / spacing).astype(int).tolist()
    return centred((i, j, k), matrix if turn is None else turn @ matrix)


def check_place(labels: Volume) -> None:
    """Every voxel that is not within half a voxel of a surface has its true label, and the sides are the patient's."""
    points = points_of(labels.grid)
    right, left = level(points, RIGHT), level(points, LEFT)
    slack = max(*labels.spacing_mm, HIP_MM) / 2
    for wanted, depth, sign in ((range(100, 200), right, 1), (range(200, 256), left, -1)):
        mask = np.isin(labels.array, wanted)
        assert mask[depth < -slack].all(), f"{(~mask[depth < -slack]).sum()} voxels missing"
        assert not mask[depth > slack].any(), f"{mask[depth > slack].sum()} voxels too many"
        assert (sign * points[mask][:, 0] > 0).all()
    for side, sign in ((Side.RIGHT, 1), (Side.LEFT, -1)):
        x = {m: points[np.isin(labels.array, v)][:, 0].mean() for (m, s), v in values_in(labels).items() if s is side}
        assert sign * (x[Muscle.GLUTEUS_MAXIMUS] - x[Muscle.GLUTEUS_MEDIUS]) > 20, "lateral is the same end of the array on both sides"


@pytest.mark.parametrize("name", PLANES)
def test_labels_land_in_place_in_every_plane(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, _ = fake_segmenter(monkeypatch)
    image = blobs(plane(*PLANES[name]), RIGHT, LEFT)
    labels = segmenter.segment_volume(image, ct=False)
    assert labels.grid.matches(image.grid, 1e-9)
    check_place(labels)


@pytest.mark.long
@given(
    degrees=st.tuples(*[st.floats(-40, 40)] * 3),
    order=st.permutations([1, 2, 3]),
    signs=st.tuples(*[st.sampled_from([1, -1])] * 3),
    thick=st.floats(2.5, 6),
)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_labels_land_in_place_on_oblique_grids(
    degrees: tuple[float, ...], order: list[int], signs: tuple[int, ...], thick: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    segmenter, _ = fake_segmenter(monkeypatch)
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    grid = plane([s * a for s, a in zip(signs, order, strict=True)], (3.0, 3.0, thick), turn)
    check_place(segmenter.segment_volume(blobs(grid, RIGHT, LEFT), ct=False))


def test_more_views_give_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, _ = fake_segmenter(monkeypatch)
    views = segmenter.settings.hip.model_copy(update={"views": 5})
    segmenter = replace(segmenter, settings=segmenter.settings.model_copy(update={"hip": views}))
    image = blobs(plane(*PLANES["axial"]), RIGHT, LEFT)
    labels = segmenter.segment_volume(image, ct=False).array
    points = points_of(image.grid)
    assert (labels[level(points, RIGHT) < -3] >= 110).all()
    assert not labels[(level(points, RIGHT) > 3) & (level(points, LEFT) > 3)].any()


def test_small_passes_give_the_same_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A threshold looks at single voxels, so tiles must not show."""
    image = blobs(plane(*PLANES["axial"]), RIGHT, LEFT)
    found = []
    for limit in (10_000_000, 100_000):
        segmenter, models = fake_segmenter(monkeypatch)
        models[HIP].network.split = False
        hip = segmenter.settings.hip.model_copy(update={"max_voxels": limit})
        segmenter = replace(segmenter, settings=segmenter.settings.model_copy(update={"hip": hip}))
        found.append(segmenter.segment_volume(image, ct=False).array)
        assert max(np.prod(shape) for shape in models[HIP].network.seen) <= limit
    assert len(models[HIP].network.seen) > 2
    assert np.array_equal(*found)


def test_one_hip_in_view_gives_one_side(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, models = fake_segmenter(monkeypatch)
    for blob, side in ((RIGHT, Side.RIGHT), (LEFT, Side.LEFT)):
        labels = segmenter.segment_volume(blobs(plane(*PLANES["axial"]), blob), ct=False)
        assert {s for _, s in values_in(labels)} == {side}
    assert len(models[HIP].network.seen) == 2 * segmenter.settings.hip.looks, "the other hip is not looked at"


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_an_empty_image_is_refused_without_a_look(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, models = fake_segmenter(monkeypatch)
    grid = plane(*PLANES["isotropic, coarse"])
    with pytest.raises(RefusedInput) as caught:
        segmenter.segment_volume(Volume(np.full(grid.shape, value, np.float32), grid.affine), ct=False)
    assert caught.value.reason is Reason.NO_GLUTEAL_MUSCLE
    assert not models[LOCATOR].network.seen


def test_nothing_found_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, models = fake_segmenter(monkeypatch)
    strict = segmenter.settings.locator.model_copy(update={"min_volume_ml": 1000.0})
    segmenter = replace(segmenter, settings=segmenter.settings.model_copy(update={"locator": strict}))
    with pytest.raises(RefusedInput) as caught:
        segmenter.segment_volume(blobs(plane(*PLANES["axial"]), RIGHT, LEFT), ct=False)
    assert caught.value.reason is Reason.NO_GLUTEAL_MUSCLE
    assert len(models[LOCATOR].network.seen) == 1
    assert not models[HIP].network.seen


def test_values_that_are_not_finite_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, _ = fake_segmenter(monkeypatch)
    image = blobs(plane(*PLANES["axial"]), RIGHT, LEFT)
    image.array[:3] = np.nan
    image.array[-3:] = np.inf
    check_place(segmenter.segment_volume(image, ct=False))


def test_ct_is_windowed_in_hounsfield_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """-200 to 300 HU is 1-0, so 50 HU is the threshold of the fakes, whatever else is in the image."""
    segmenter, _ = fake_segmenter(monkeypatch)
    bright = blobs(plane(*PLANES["axial"]), RIGHT, LEFT)
    hu = bright.with_array(250 - 0.4 * bright.array)
    labels = segmenter.segment_volume(hu, ct=True)
    points = points_of(hu.grid)
    truth = hu.array < 50
    wrong = (labels.array > 0) != truth
    near = np.minimum(np.abs(level(points, RIGHT)), np.abs(level(points, LEFT))) < 3
    assert not wrong[~near].any()


def dixon(*kinds: SeriesKind) -> tuple[Study, dict[SeriesKind, Series]]:
    grid = plane(*PLANES["axial"])
    empty = Volume(np.zeros(grid.shape, np.float32), grid.affine)
    made = {k: series(f"s{i}", k, blobs(grid, RIGHT, LEFT) if i == 0 else empty) for i, k in enumerate(kinds)}
    return Study("0" * 12, tuple(made.values())), made


def test_the_segmentation_tells_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, _ = fake_segmenter(monkeypatch)
    study, made = dixon(SeriesKind.T1, SeriesKind.STIR)
    found = segmenter.segment(study, (made[SeriesKind.T1],))
    assert found.reference is made[SeriesKind.T1]
    assert found.source == "gluteal_locator 0 + gluteal_hip 0 on t1"
    assert found.source_hash == "a" * 64 + "+" + "b" * 64
    assert found.automatic
    assert found.located is not None
    assert set(np.unique(found.located.array)) == {0, 110, 210}
    assert found.uncertainty is not None
    assert found.uncertainty.grid.matches(found.labels.grid, 1e-9)
    doubt = found.uncertainty.array
    assert 0 <= doubt.min() < 0.05 < doubt.max() <= 0.75
    points = points_of(found.labels.grid)
    assert doubt[np.abs(level(points, RIGHT)) < 1].mean() > 3 * doubt[level(points, RIGHT) < -6].mean()


def test_of_a_dixon_acquisition_the_best_contrast_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fat-fraction map is measured, the water image looked at; the labels are the map's."""
    segmenter, _ = fake_segmenter(monkeypatch)
    study, made = dixon(SeriesKind.DIXON_WATER, SeriesKind.FAT_FRACTION, SeriesKind.DIXON_FAT)
    found = segmenter.segment(study, (made[SeriesKind.FAT_FRACTION],))
    assert found.reference is made[SeriesKind.FAT_FRACTION]
    assert found.source.endswith("on dixon_water")
    check_place(found.labels)


def test_dixon_images_elsewhere_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, _ = fake_segmenter(monkeypatch)
    study, made = dixon(SeriesKind.FAT_FRACTION)
    moved = plane(*PLANES["isotropic, coarse"])
    other = series("s9", SeriesKind.DIXON_WATER, Volume(np.zeros(moved.shape, np.float32), moved.affine))
    found = segmenter.segment(replace(study, series=(*study.series, other)), (made[SeriesKind.FAT_FRACTION],))
    assert found.source.endswith("on fat_fraction")


def test_an_image_that_cannot_be_read_makes_room_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, _ = fake_segmenter(monkeypatch)
    study, made = dixon(SeriesKind.DIXON_FAT, SeriesKind.DIXON_WATER)

    def torn() -> Volume:
        raise RefusedInput(Reason.TRUNCATED_PIXELS, "cut")

    water = replace(made[SeriesKind.DIXON_WATER], load=torn)
    study = replace(study, series=(made[SeriesKind.DIXON_FAT], water))
    assert segmenter.segment(study, (made[SeriesKind.DIXON_FAT],)).source.endswith("on dixon_fat")
    with pytest.raises(RefusedInput) as caught:
        segmenter.segment(replace(study, series=(water,)), (water,))
    assert caught.value.reason is Reason.TRUNCATED_PIXELS


def test_a_series_without_glutei_makes_room_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, _ = fake_segmenter(monkeypatch)
    study, made = dixon(SeriesKind.CT, SeriesKind.T1)
    found = segmenter.segment(study, (made[SeriesKind.T1], made[SeriesKind.CT]))
    assert found.reference is made[SeriesKind.CT]


def test_an_acquisition_without_glutei_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, models = fake_segmenter(monkeypatch)
    strict = segmenter.settings.locator.model_copy(update={"min_volume_ml": 1000.0})
    segmenter = replace(segmenter, settings=segmenter.settings.model_copy(update={"locator": strict}))
    study, made = dixon(SeriesKind.DIXON_WATER, SeriesKind.FAT_FRACTION, SeriesKind.DIXON_IN_PHASE)
    with pytest.raises(RefusedInput) as caught:
        segmenter.segment(study, (made[SeriesKind.DIXON_WATER], made[SeriesKind.FAT_FRACTION], made[SeriesKind.DIXON_IN_PHASE]))
    assert caught.value.reason is Reason.NO_GLUTEAL_MUSCLE
    assert len(models[LOCATOR].network.seen) == 1


def test_the_same_image_gives_the_same_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, _ = fake_segmenter(monkeypatch)
    image = blobs(plane(*PLANES["coronal"]), RIGHT, LEFT)
    first, second = (segmenter.find(image, ct=False) for _ in range(2))
    assert np.array_equal(first.labels.array, second.labels.array)
    assert np.array_equal(first.uncertainty.array, second.uncertainty.array)


def test_a_second_look_is_centred_on_what_the_first_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The locator's box may be off: the hip network's own finding moves it."""
    segmenter, models = fake_segmenter(monkeypatch)
    image = blobs(plane(*PLANES["axial"]), RIGHT)
    found = locate(image, models[LOCATOR], segmenter.settings.locator, ct=False).boxes[0]
    shift = np.array([0, 0, 40.0])
    off = Box(found.side, found.low_mm + shift, found.high_mm + shift)
    muscles = segment_hip(image, off, models[HIP], segmenter.settings.hip, ct=False).muscles
    again = around(off, muscles, image.grid, segmenter.settings.locator)
    assert np.abs(again.low_mm - found.low_mm).max() < 12
    assert np.abs(off.low_mm - found.low_mm).max() == 40
