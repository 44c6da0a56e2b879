"""Names, sides and femoral heads of incomplete label maps."""

import numpy as np
import pytest

from gluteal_grade_lab.training import tissues
from gluteal_grade_lab.training.bodies import Body, load_body, save_body
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.labelled import find_heads, fit_sphere, mirrored
from tests.lab.training.prepare.toy_labels import SHAPE, ellipsoid, toy


def body(**changes):
    given = {
        "name": "toy",
        "tissue": np.arange(60, dtype=np.uint8).reshape(3, 4, 5),
        "outside_mm": np.full((3, 4, 5), 7, dtype=np.uint8),
        "heads": np.array([[2.0, 1, 1], [0, 1, 1]]),
        "span": (1, 3),
        "source": "made up",
    }
    return Body(**{**given, **changes})


def test_a_body_comes_back_from_disk(tmp_path):
    back = load_body(save_body(body(), tmp_path / "new"))
    assert (back.name, back.span, back.source) == ("toy", (1, 3), "made up")
    np.testing.assert_array_equal(back.tissue, body().tissue)
    np.testing.assert_array_equal(back.outside_mm, body().outside_mm)
    np.testing.assert_array_equal(back.heads, body().heads)


@pytest.mark.parametrize(
    "changes",
    [
        {"tissue": np.full((3, 4, 5), tissues.COUNT, dtype=np.uint8)},
        {"outside_mm": np.zeros((3, 4, 4), dtype=np.uint8)},
        {"span": (3, 5)},
        {"span": (2, 2)},
        {"heads": np.zeros((3, 3))},
    ],
    ids=["unknown-tissue", "shapes", "span-beyond", "span-empty", "heads"],
)
def test_a_body_that_cannot_be_is_refused(changes):
    with pytest.raises(ValueError, match=r"tissue|span|heads"):
        body(**changes)


def test_something_else_is_no_body(tmp_path):
    np.savez(tmp_path / "x.npz", tissue=np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="heads"):
        load_body(tmp_path / "x.npz")


def test_every_label_has_a_tissue_and_every_muscle_its_side():
    table = names.tissue_table()
    assert [int(table[v]) for v in (2, 4, 6, 1, 3, 5)] == list(tissues.GLUTEI)
    assert (table[1:82] != tissues.AIR).all()
    assert table.max() < tissues.COUNT
    mirror = names.mirror_table()
    paired = [v for v in range(names.COUNT) if mirror[v] != v]
    muscles = [v for v in paired if int(table[v]) in tissues.OTHER_MUSCLES]
    assert all(table[v] != table[mirror[v]] for v in muscles)
    assert not {int(table[v]) for v in muscles} & {int(table[v]) for v in range(names.COUNT) if v not in muscles}


def test_a_mirror_twice_is_no_mirror():
    seen = toy(low=(5, 0, 9))
    once = mirrored(seen)
    assert once.high[0] == SHAPE[0] - 5
    assert (once.labels[SHAPE[0] - 1 - 25, 18, 36], seen.labels[25, 18, 36]) == (2, 1)
    twice = mirrored(once)
    np.testing.assert_array_equal(twice.labels, seen.labels)
    np.testing.assert_allclose(twice.heads, seen.heads)


def test_heads_are_found_where_femur_meets_hip_bone():
    labels = np.zeros((90, 60, 60), dtype=np.uint8)
    for side, x in ((0, 24), (1, 66)):
        near = ellipsoid(labels.shape, (x, 30, 32), (16, 16, 16))
        labels[near & (np.arange(60) > 30)] = 57 + side
        labels[ellipsoid(labels.shape, (x, 30, 32), (14, 14, 14))] = 0
        labels[ellipsoid(labels.shape, (x, 30, 32), (13, 13, 13))] = 59 + side
        labels[x - 5 : x + 5, 25:35, :20] = 59 + side
    heads, radii = find_heads(labels)
    np.testing.assert_allclose(heads, [[66, 30, 32], [24, 30, 32]], atol=0.5)
    np.testing.assert_allclose(radii, 13, atol=0.8)


def test_a_sphere_is_found_among_outliers():
    rng = np.random.default_rng(4)
    way = rng.standard_normal((300, 3))
    points = np.array([5.0, -2, 9]) + 16 * way / np.linalg.norm(way, axis=1, keepdims=True)
    points[:30] += rng.uniform(4, 9, (30, 3))
    centre, radius = fit_sphere(points)
    np.testing.assert_allclose(centre, [5, -2, 9], atol=0.3)
    assert radius == pytest.approx(16, abs=0.3)
