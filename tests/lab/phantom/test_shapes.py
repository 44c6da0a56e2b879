import numpy as np
import pytest

from gluteal_grade_lab.phantom.shapes import Blob, Column, Keys, Tube, Union, curve_coordinates, smooth_min


def points(n=400, low=-40, high=40, seed=0):
    return tuple(np.random.default_rng(seed).uniform(low, high, (3, n)).astype(np.float32))


def test_keys_pass_through_their_rows_and_never_leave_their_range():
    keys = Keys(((0, 5.0, 1.0), (10, 9.0, 0.0), (20, 2.0, 4.0)))
    assert keys.at(np.float32([0, 10, 20])) == pytest.approx(np.array([[5, 9, 2], [1, 0, 4]]), abs=1e-4)
    values = keys.at(np.linspace(-30, 60, 500, dtype=np.float32))
    assert values.min(axis=1) == pytest.approx([2, 0])
    assert values.max(axis=1) == pytest.approx([9, 4])


def test_steepness_is_the_slope_of_a_parameter():
    keys = Keys(((0, 0.0), (10, 5.0), (20, 10.0))).with_steepness(0)
    assert keys.at(np.float32([10]))[1, 0] == pytest.approx(0.5, abs=1e-3)


def test_tube_is_the_distance_to_its_segments():
    tube = Tube(((0, 0, -20, 5), (10, 5, 20, 8)), segments=1)
    x, y, z = points()
    a, b = np.array([0, 0, -20.0]), np.array([10, 5, 20.0])
    p = np.stack([x, y, z], axis=1)
    t = np.linspace(0, 1, 4001)
    axis = a + t[:, None] * (b - a)
    radius = 5 + 3 * t
    brute = np.array([(np.linalg.norm(axis - q, axis=1)).argmin() for q in p])
    expected = np.linalg.norm(axis[brute] - p, axis=1) - radius[brute]
    assert tube.distance(x, y, z) == pytest.approx(expected, abs=0.05)


def test_round_column_and_ball_are_exact_near_their_surface():
    column = Column(((-50, 3, 4, 10, 10, 0), (50, 3, 4, 10, 10, 0)))
    x, y, z = points()
    d = np.hypot(x - 3, y - 4) - 10
    near = np.abs(d) < 3
    assert column.distance(x, y, z)[near] == pytest.approx(d[near], abs=1e-3)
    ball = Blob((1, 2, 3), (12, 12, 12))
    d = np.sqrt((x - 1) ** 2 + (y - 2) ** 2 + (z - 3) ** 2) - 12
    near = np.abs(d) < 3
    assert ball.distance(x, y, z)[near] == pytest.approx(d[near], abs=1e-3)


@pytest.mark.parametrize(
    "shape",
    [
        Tube(((0, 0, 0, 4), (20, 3, 9, 6), (5, 20, 30, 3)), squash=0.7),
        Column(((-10, 0, 5, 8, 3, 30), (0, 4, 2, 9, 5, 60), (15, 8, 0, 0, 0, 80)), power=3),
        Blob((3, 4, 5), (6, 2, 9)),
        Union((Blob((3, 4, 5), (6, 2, 9)), Blob((3, 9, 5), (3, 7, 4))), blend=6),
    ],
)
def test_nothing_of_a_shape_lies_outside_its_box(shape):
    x, y, z = points(40000)
    inside = shape.distance(x, y, z) < 0
    assert inside.any()
    box = shape.box
    for values, low, high in ((x, box[0], box[1]), (y, box[2], box[3]), (z, box[4], box[5])):
        assert low - 0.1 <= values[inside].min()
        assert values[inside].max() <= high + 0.1


def test_curve_coordinates_match_brute_force():
    keys = np.array([10, -60, 60, -20, 80, 40], dtype=np.float32)
    px, py, mx, my, ax, ay = keys
    x, y, _ = points(300, -60, 80)
    x = x + 60
    s = np.linspace(-0.4, 1.4, 20001)
    cx = px * (2 * s - 1) * (s - 1) + mx * 4 * s * (1 - s) + ax * s * (2 * s - 1)
    cy = py * (2 * s - 1) * (s - 1) + my * 4 * s * (1 - s) + ay * s * (2 * s - 1)
    t, n = curve_coordinates(x, y, np.repeat(keys[:, None], x.size, axis=1))
    d2 = (cx[None] - x[:, None]) ** 2 + (cy[None] - y[:, None]) ** 2
    near = np.sqrt(d2.min(axis=1)) < 35  # as far as muscles reach
    assert t[near] == pytest.approx(s[d2.argmin(axis=1)][near], abs=5e-3)
    assert np.abs(n)[near] == pytest.approx(np.sqrt(d2.min(axis=1))[near], abs=0.05)
    lateral = curve_coordinates(np.float32([90]), np.float32([-60]), keys[:, None])[1]
    assert lateral[0] > 0


def test_smooth_min_rounds_only_near_the_seam():
    a, b = np.float32([0, 0, 5]), np.float32([0, 20, 0])
    assert smooth_min(a, b, 8) == pytest.approx([-2, 0, -0.28125])
    assert smooth_min(a, b, 0) == pytest.approx([0, 0, 0])
