"""Regions by rule: agreement with the phantom's own fan, the same in every pose, grid and mirror, and silence where it cannot be told."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gluteal_grade.config import RegionSettings, load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.segmentation.regions import GIVEN, Split, split
from gluteal_grade.vocabulary import GLUTEI, LABEL_VALUES, REGIONS, Muscle, Region, Side, division
from gluteal_grade_lab.phantom.hip import fan_angle_deg
from tests.segmentation.phantom_labels import GRID, WHOLE_VIEWS, body, dice, of, values, views, whole, with_regions

SETTINGS = load_settings().regions
MAXIMUS, MEDIUS, MINIMUS = GLUTEI
HALVES = division(MINIMUS, 1)
REGION_VALUES = [of(m, r, s) for m in (MAXIMUS, MEDIUS) for r in REGIONS[m] for s in Side] + [
    of(MINIMUS, r, s) for r in HALVES for s in Side
]
MINIMUS_VALUES = [of(MINIMUS, r, s) for r in HALVES for s in Side]
THIRDS = {"by": "angle", "cuts": [0.333, 0.667]}


def changed(**changes: object) -> RegionSettings:
    return RegionSettings.model_validate(SETTINGS.model_dump() | changes)


def regions(labels: Volume, settings: RegionSettings = SETTINGS) -> Split:
    return split(labels, views(labels), settings)


@pytest.fixture(scope="module")
def reference() -> Volume:
    found = regions(whole())
    assert found.notes == ()
    return found.labels


def test_every_voxel_gets_a_region_of_its_own_muscle(reference: Volume) -> None:
    np.testing.assert_array_equal(reference.array // 10, whole().array // 10)
    assert set(np.unique(reference.array)) == {0, *REGION_VALUES}


@pytest.mark.parametrize("side", Side)
def test_minimus_is_halved_as_seen_from_the_phantoms_trochanter(reference: Volume, side: Side) -> None:
    """The phantom knows its insertion and its iliac wing; the rule has to find them from the muscles."""
    voxels = np.argwhere(np.isin(reference.array, values(MINIMUS, side)))
    lat, ant, sup, _ = body().canonical(GRID.to_world(voxels))
    angle = fan_angle_deg(lat, ant, sup)
    last, first = np.percentile(angle[sup > 0], (2, 98))
    true = np.where(angle >= (last + first) / 2, of(MINIMUS, Region.ANTERIOR, side), of(MINIMUS, Region.POSTERIOR, side))
    assert dice(reference.array[tuple(voxels.T)], true, [of(MINIMUS, r, side) for r in HALVES]) > 0.82


def test_minimus_agrees_with_the_phantoms_regions() -> None:
    """Its regions have other shares than halves of the angle; with their shares, the direction of the border must be theirs."""
    true = with_regions()
    minimus = true.array[np.isin(true.array, values(MINIMUS, Side.RIGHT))]
    share = float(np.mean(minimus == of(MINIMUS, Region.ANTERIOR, Side.RIGHT)))
    found = regions(whole(), changed(gluteus_minimus={"by": "volume", "cuts": [share]})).labels
    for value in (of(MINIMUS, r, Side.RIGHT) for r in HALVES):
        assert dice(found.array, true.array, [value]) > 0.8


def test_each_region_lies_where_its_name_says(reference: Volume) -> None:
    def centre(muscle: Muscle, region: Region) -> np.ndarray:
        return reference.with_array(reference.array == of(muscle, region, Side.RIGHT)).centroid_mm()

    assert centre(MINIMUS, Region.ANTERIOR)[1] > centre(MINIMUS, Region.POSTERIOR)[1] + 15
    front, middle, back = (centre(MEDIUS, r) for r in REGIONS[MEDIUS])
    assert front[1] > middle[1] + 15 > back[1] + 20
    assert middle[2] > back[2] + 15, "the fan's last fibres run level"
    assert centre(MAXIMUS, Region.UPPER)[2] > centre(MAXIMUS, Region.LOWER)[2] + 30


def test_two_thirds_is_a_setting(reference: Volume) -> None:
    more = regions(whole(), changed(gluteus_minimus={"by": "angle", "cuts": [0.667]})).labels
    half, two_thirds = (v.array == of(MINIMUS, Region.ANTERIOR, Side.RIGHT) for v in (reference, more))
    assert not np.any(half & ~two_thirds)
    assert two_thirds.sum() > 1.1 * half.sum()


def test_minimus_in_thirds(reference: Volume) -> None:
    """Front, middle, back; a border at 0.667 is where it is as the only one, and the other muscles are split as before."""
    found = regions(whole(), changed(gluteus_minimus=THIRDS))
    assert found.notes == ()
    assert found.rules[f"left {MINIMUS}"].startswith("by rule: angle, borders at 0.333, 0.667;")
    others = ~np.isin(reference.array // 10, (13, 23))
    np.testing.assert_array_equal(found.labels.array[others], reference.array[others])
    two_thirds = regions(whole(), changed(gluteus_minimus={"by": "angle", "cuts": [0.667]})).labels
    for side in Side:
        front, middle, back = (found.labels.array == of(MINIMUS, r, side) for r in REGIONS[MINIMUS])
        np.testing.assert_array_equal(front | middle, two_thirds.array == of(MINIMUS, Region.ANTERIOR, side))
        np.testing.assert_array_equal(back, two_thirds.array == of(MINIMUS, Region.POSTERIOR, side))
        y = [found.labels.with_array(part).centroid_mm()[1] for part in (front, middle, back)]
        assert y[0] > y[1] + 8 > y[2] + 16


@pytest.mark.parametrize("cut", [0.3, 0.5, 0.667])
def test_a_share_of_volume_is_that_share(cut: float) -> None:
    found = regions(whole(), changed(gluteus_minimus={"by": "volume", "cuts": [cut]}, gluteus_maximus={"by": "volume", "cuts": [cut]}))
    for muscle, region in ((MINIMUS, Region.ANTERIOR), (MAXIMUS, Region.UPPER)):
        mine = found.labels.array[np.isin(found.labels.array, values(muscle, Side.LEFT))]
        assert np.mean(mine == of(muscle, region, Side.LEFT)) == pytest.approx(cut, abs=0.02)


axes = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)


@given(axes, st.floats(-30, 30), st.tuples(*[st.floats(-200, 200)] * 3))
@settings(max_examples=25)
@example((1.0, 0.0, 0.0), 30.0, (0.0, 0.0, 0.0))
@example((1.0, 0.0, 0.0), -30.0, (0.0, 0.0, 0.0))
@example((0.0, 1.0, 0.0), 30.0, (0.0, 0.0, 0.0))
@example((0.0, 0.0, 1.0), -30.0, (0.0, 0.0, 0.0))
def test_a_turned_body_is_split_alike(axis: tuple[float, ...], degrees: float, shift: tuple[float, ...]) -> None:
    """The same voxels at turned and moved places: nothing but the muscles themselves may count."""
    move = np.eye(4)
    move[:3, :3] = Rotation.from_rotvec(np.radians(degrees) * np.array(axis) / np.linalg.norm(axis)).as_matrix()
    move[:3, 3] = shift
    labels = thinned()
    straight = split(labels, WHOLE_VIEWS, SETTINGS).labels
    turned = split(Volume(labels.array, move @ labels.affine), WHOLE_VIEWS, SETTINGS)
    assert turned.notes == ()
    assert np.mean(turned.labels.array != straight.array) < 1e-5


def thinned() -> Volume:
    """Every other voxel, for speed."""
    labels = whole()
    affine = labels.affine.copy()
    affine[:3, :2] *= 2
    return Volume(labels.array[::2, ::2], affine)


@pytest.mark.parametrize(
    ("spacing", "turn"),
    [((3.0, 3.0, 8.0), (0, 0, 0)), ((3.0, 3.0, 5.0), (20, -15, 25)), ((3.0, 7.0, 3.0), (0, 0, 0)), ((3.0, 6.0, 3.0), (-15, 10, 5))],
    ids=["axial 8 mm", "oblique axial 5 mm", "coronal 7 mm", "oblique coronal 6 mm"],
)
def test_thick_slices_in_any_plane_are_split_alike(reference: Volume, spacing: tuple[float, ...], turn: tuple[float, ...]) -> None:
    grid = grid_around(reference, spacing, turn)
    thick = whole(reference).resampled(grid, labels=True)
    found = regions(thick)
    assert found.notes == ()
    assert dice(found.labels.array, reference.resampled(grid, labels=True).array, REGION_VALUES) > 0.93


def grid_around(labels: Volume, spacing: tuple[float, ...], turn: tuple[float, ...]) -> Grid:
    corners = labels.grid.corners_mm()
    rotation = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    low, high = (corners @ rotation).min(axis=0), (corners @ rotation).max(axis=0)
    affine = np.eye(4)
    affine[:3, :3] = rotation * np.array(spacing)
    affine[:3, 3] = rotation @ low
    a, b, c = (int(n) for n in np.ceil((high - low) / spacing))
    return Grid((a, b, c), affine)


def test_left_is_the_mirror_of_right(reference: Volume) -> None:
    swap = np.arange(256)
    for value in LABEL_VALUES:
        swap[value] = value + 100 if value < 200 else value - 100
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])

    def mirrored(labels: Volume) -> Volume:
        return Volume(swap[labels.array].astype(np.uint8), mirror @ labels.affine).to_ras()

    np.testing.assert_array_equal(regions(mirrored(whole())).labels.array, mirrored(reference).array)


def cropped(labels: Volume, low_mm: float, high_mm: float) -> Volume:
    """The slices between two heights."""
    z = labels.grid.to_world(np.stack([np.zeros(labels.shape[2])] * 2 + [np.arange(labels.shape[2])], axis=-1))[:, 2]
    inside = np.flatnonzero((z >= low_mm) & (z <= high_mm))
    return labels.cropped((0, 0, int(inside[0])), (*labels.shape[:2], int(inside[-1]) + 1))


def reasons(found: Split) -> dict[str, str]:
    assert {n.reason for n in found.notes} <= {Reason.REGIONS_NOT_SPLIT}
    split = (n.detail.replace("not split into regions, ", "").split(": ", 1) for n in found.notes)
    return {name.replace("gluteus ", "gluteus_"): why for name, why in split}  # notes name muscles in words


def test_no_trochanter_no_fan() -> None:
    found = regions(cropped(whole(), -12, 150), changed(min_view=0.5))
    for side in Side:
        assert "trochanter is out of view" in reasons(found)[f"{side} {MINIMUS}"]
        assert "trochanter is out of view" in reasons(found)[f"{side} {MEDIUS}"]
    assert not np.isin(found.labels.array, MINIMUS_VALUES).any()


def test_a_cut_medius_stays_whole_and_does_not_turn_the_fan_of_minimus(reference: Volume) -> None:
    """A field of view that ends in the iliac wing: the long axis is lost, the header's vertical stands in."""
    top = 92.0
    found = regions(cropped(whole(), -200, top))
    assert "in view" in reasons(found)[f"right {MEDIUS}"]
    assert found.rules[f"right {MINIMUS}"].endswith("vertical from the image header")
    assert dice(found.labels.array, cropped(reference, -200, top).array, MINIMUS_VALUES) > 0.8


def test_a_cut_minimus_stays_whole() -> None:
    found = regions(cropped(whole(), -200, 40))
    assert reasons(found).keys() >= {f"{side} {muscle}" for side in Side for muscle in (MEDIUS, MINIMUS)}
    assert not np.isin(found.labels.array, MINIMUS_VALUES).any()


def test_minimus_alone_is_split_by_the_header(reference: Volume) -> None:
    alone = whole().with_array(np.where(whole().array % 100 == 30, whole().array, 0))
    found = regions(alone)
    assert found.rules == {f"{s} {MINIMUS}": "by rule: angle, borders at 0.5; vertical from the image header" for s in Side}
    assert dice(found.labels.array, np.where(alone.array > 0, reference.array, 0), MINIMUS_VALUES) > 0.8


def test_maximus_alone_is_split_by_the_header(reference: Volume) -> None:
    alone = whole().with_array(np.where(whole().array % 100 == 10, whole().array, 0))
    found = regions(alone)
    assert dice(found.labels.array, np.where(alone.array > 0, reference.array, 0), [111, 112, 211, 212]) > 0.8


def test_a_tiny_muscle_stays_whole() -> None:
    array = whole().array.copy()
    minimus = np.argwhere(array == 130)
    array[tuple(minimus[60:].T)] = 0
    found = regions(whole().with_array(array))
    assert reasons(found)[f"right {MINIMUS}"].endswith("ml, 5 ml needed")
    assert np.count_nonzero(found.labels.array == 130) == 60
    assert f"left {MINIMUS}" in found.rules


@pytest.mark.parametrize("axis", range(3))
def test_labels_in_one_slice_stay_whole(axis: int) -> None:
    """A single drawn slice, however large, has no fan."""
    labels = whole()
    middle = int(np.median(np.argwhere(labels.array == 120)[:, axis]))
    one = np.zeros_like(labels.array)
    place = [slice(None)] * 3
    place[axis] = slice(middle, middle + 1)
    one[tuple(place)] = labels.array[tuple(place)]
    found = regions(labels.with_array(one), changed(min_ml=0.0, min_view=0.0))
    np.testing.assert_array_equal(found.labels.array, one)
    assert set(reasons(found).values()) == {"labelled in fewer than 3 slices"}


def test_a_level_sheet_stays_whole() -> None:
    """Not anatomy: a plate under the table has neither front nor top."""
    plate = np.zeros((40, 40, 12), np.uint8)
    plate[5:35, 5:35, 4:8] = 110
    plate[5:30, 5:35, 9:12] = 130
    found = split(Volume(plate, np.diag([4.0, 4.0, 4.0, 1.0])), WHOLE_VIEWS, SETTINGS)
    assert set(reasons(found).values()) == {"it lies level: neither front nor top can be told"}


def test_an_absurd_part_is_not_made() -> None:
    found = regions(whole(), changed(gluteus_minimus={"by": "volume", "cuts": [0.04]}))
    assert reasons(found) == {f"{s} {MINIMUS}": "one of its parts would be 4% of it" for s in Side}


def test_given_regions_are_left_alone() -> None:
    """A lab's own split of one muscle is kept to the voxel; the others are split by rule."""
    labels = with_regions()
    found = regions(labels)
    given_minimus = np.isin(labels.array, MINIMUS_VALUES)
    np.testing.assert_array_equal(found.labels.array[given_minimus], labels.array[given_minimus])
    assert found.rules[f"left {MINIMUS}"] == GIVEN
    assert found.rules[f"left {MEDIUS}"].startswith("by rule: angle, borders at 0.333, 0.667")


def test_no_cuts_no_regions_no_notes() -> None:
    none = {"by": "volume", "cuts": []}
    found = regions(whole(), changed(gluteus_maximus=none, gluteus_medius=none, gluteus_minimus=none))
    np.testing.assert_array_equal(found.labels.array, whole().array)
    assert (found.rules, found.notes) == ({}, ())


def test_an_empty_label_map_has_no_regions() -> None:
    assert split(whole().with_array(np.zeros(GRID.shape, np.uint8)), {}, SETTINGS).rules == {}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("gluteus_minimus: {by: width}", "split by angle or volume"),
        ("gluteus_maximus: {by: angle}", "split by width or volume"),
        ("gluteus_medius: {cuts: [0.5]}", "2 cuts, or none"),
        ("gluteus_minimus: {cuts: [0.2, 0.4, 0.6]}", "1 or 2 cuts, or none"),
        ("tensor_fasciae_latae: {by: volume, cuts: [0.5]}", "is not split"),
        ("gluteus_medius: {cuts: [0.6, 0.4]}", "cuts must increase"),
        ("gluteus_minimus: {cuts: [50]}", "less than 1"),
    ],
)
def test_mistaken_rules_are_named(tmp_path, rule: str, message: str) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(f"regions: {{{rule}}}\n")
    with pytest.raises(ValueError, match=message):
        load_settings(own)
