"""The field of a ball and a cylinder is known in closed form; displacement keeps signal and moves it where its frequency says."""

import numpy as np
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import Side
from gluteal_grade_lab.phantom.body import Body, BodyParameters
from gluteal_grade_lab.phantom.encoding import Encoding, acquired, dephasing, disturbed, gradient_echo, mars, spin_echo
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.implant import Alloy
from gluteal_grade_lab.phantom.susceptibility import dipole_field, implant_field_ppm


def radii(n: int) -> tuple[np.ndarray, np.ndarray]:
    x, y, z = (v - n // 2 for v in np.indices((n, n, n)))
    return np.sqrt(x**2 + y**2 + z**2), z


def test_a_balls_field_is_a_dipole() -> None:
    n, radius = 96, 8
    r, z = radii(n)
    field = dipole_field(np.clip(0.5 + radius - r, 0, 1).astype(np.float32), 1.0)
    near = (r > 11) & (r < 24)  # outside the partial-volume rim, far from the periodic images
    cos2 = (z[near] / r[near]) ** 2
    exact = (radius / r[near]) ** 3 * (3 * cos2 - 1) / 3
    assert np.abs(field[near] - exact).max() < 0.01
    assert np.abs(field[r < 6]).max() < 0.01  # zero inside (Lorentz sphere)


def test_a_cylinder_along_the_field_has_none_outside() -> None:
    x, y, _ = np.indices((64, 64, 32)) - 32
    field = dipole_field((np.hypot(x, y) < 6).astype(np.float32), 1.0)
    ring = (np.hypot(x, y) > 9) & (np.hypot(x, y) < 20)
    assert np.abs(field[ring]).max() < 0.02
    assert field[32, 32].mean() == pytest.approx(1 / 3, abs=0.03)


GRID = axial_grid((-40, -40, -30), (40, 40, 30), (2, 2, 4))


def flat(ppm: float) -> Volume:
    """The same field everywhere."""
    return Volume(np.full((11, 11, 11), ppm, np.float32), np.diag([20, 20, 20, 1.0]) + np.array([[0, 0, 0, -100]] * 3 + [[0, 0, 0, 0]]))


@pytest.mark.parametrize("axis", [0, 1])
def test_an_even_field_shifts_the_whole_picture(axis: int) -> None:
    clean = np.random.default_rng(1).uniform(1, 2, GRID.shape).astype(np.float32)
    hz = 42.577 * 1.5
    moved = acquired(clean, GRID, flat(3.0), 1.5, Encoding(bandwidth_hz=hz, readout_axis=axis, slice_bandwidth_hz=3 * hz))
    expected = np.roll(np.roll(clean, 3, axis), 1, 2)
    inner = (slice(4, -4), slice(4, -4), slice(2, -2))
    assert np.allclose(moved[inner], expected[inner], rtol=1e-4)


def test_no_field_changes_nothing() -> None:
    clean = np.random.default_rng(1).uniform(1, 2, GRID.shape).astype(np.float32)
    for encoding, te in ((spin_echo(200), None), (mars(), None), (gradient_echo(), 4.0)):
        assert np.array_equal(acquired(clean, GRID, flat(0.0), 3.0, encoding, te), clean)


def test_an_uneven_field_keeps_the_signal_but_gathers_it() -> None:
    """A field bump inside the picture: sums stay, voids and pile-up appear."""
    clean = np.ones(GRID.shape, np.float32)
    x, y, z = (v - 20.0 for v in np.indices((41, 41, 41)))
    bump = Volume(
        (60 * np.exp(-(x**2 + y**2 + z**2) / 18)).astype(np.float32), np.diag([2, 2, 2, 1.0]) + np.array([[0, 0, 0, -40]] * 3 + [[0] * 4])
    )
    picture = acquired(clean, GRID, bump, 1.5, Encoding(bandwidth_hz=500, slice_bandwidth_hz=None))
    assert picture.sum() == pytest.approx(clean.sum(), rel=1e-6)
    assert picture.min() < 0.6
    assert picture.max() > 1.5
    wide = acquired(clean, GRID, bump, 1.5, Encoding(bandwidth_hz=5000, slice_bandwidth_hz=None))
    assert np.ptp(wide) < 0.5 * np.ptp(picture)


def test_dephasing_of_a_gradient_is_a_sinc() -> None:
    ramp = np.broadcast_to(100.0 * np.arange(8)[:, None, None], (8, 8, 8)).astype(np.float32)  # 100 Hz a voxel
    assert dephasing(ramp, 5.0) == pytest.approx(np.sinc(0.5), rel=1e-5)
    assert dephasing(ramp, 10.0) == pytest.approx(0, abs=1e-6)


@pytest.fixture(scope="module")
def cupped(body: Body) -> Body:
    p = body.parameters
    return Body(BodyParameters("M", volume_factors=p.volume_factors, implant_side=Side.LEFT, implant_cup=True, seed=5), body.thickness)


def test_alloy_field_strength_and_sequence_order_the_damage(cupped: Body) -> None:
    grid = axial_grid((-200, -120, -80), (-10, 100, 80), (5, 5, 8))

    def share(alloy: Alloy, tesla: float, encoding: Encoding, te: float | None = None) -> float:
        return float(disturbed(grid, implant_field_ppm(cupped, alloy), tesla, encoding, te).mean())

    chrome, titanium = Alloy.COBALT_CHROME, Alloy.TITANIUM
    reduced, wide, plain = (share(chrome, 1.5, e) for e in (mars(), spin_echo(600), spin_echo(200)))
    assert 0 < reduced < wide < plain
    for encoding in (mars(), spin_echo(600), spin_echo(200)):
        assert share(titanium, 1.5, encoding) < share(chrome, 1.5, encoding) < share(chrome, 3.0, encoding)
    assert share(chrome, 1.5, gradient_echo(), 2.4) < share(chrome, 1.5, gradient_echo(), 4.8)


def test_the_field_belongs_to_the_implants_side(cupped: Body) -> None:
    field = implant_field_ppm(cupped, Alloy.TITANIUM)
    strongest = field.grid.to_world(np.unravel_index(np.argmax(np.abs(field.array)), field.shape))
    assert -140 < strongest[0] < -50
    assert np.abs(field.array).max() > 50
