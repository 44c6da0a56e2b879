"""Images without glutei, and images stored in every direction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.geometry import Volume
from gluteal_grade_lab.training.evaluate import orientation, refusals
from gluteal_grade_lab.training.evaluate.cases import Case
from gluteal_grade_lab.training.evaluate.orientation import OBLIQUE, TURNS, Turned, stored
from gluteal_grade_lab.training.evaluate.workbench import Found
from gluteal_grade_lab.training.strangers import STRANGERS
from tests.strategies import grids


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(STRANGERS))
def test_strangers_are_pictures(name):
    one, again, other = (STRANGERS[name](seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.array, again.array)
    assert np.isfinite(one.array).all()
    assert min(one.shape) >= 30
    if name != "empty":
        assert not np.array_equal(one.array, other.array)
        assert one.array.std() > 0


def test_what_is_refused_and_what_is_not(bench, oracle, tmp_path):
    items = refusals.table(tmp_path).items(10)
    assert {item.name for item in items} == set(STRANGERS)
    rows = [row for item in items for row in refusals.measure(item, bench)]
    assert {row["refused"] for row in rows} == {"no_label"}
    assert "| empty | 128x128x30 | 1 | 1 | no_label | - |" in refusals.render(rows)

    class Everything:
        def find(self, image, *, ct):
            return Found(image.with_array(np.full(image.shape, 110, np.uint8)))

    bench._made["shipped"] = Everything()
    (row,) = refusals.measure(items[-1], bench)
    assert row["refused"] is None
    assert row["labelled_ml"] == pytest.approx(128 * 128 * 30 * 2 * 2 * 6 / 1000)
    assert f"| empty | 128x128x30 | 1 | 0 | - | {row['labelled_ml']:.0f} |" in refusals.render([row])


@given(grids(), st.sampled_from(sorted(TURNS)), st.integers(0, 2**31))
def test_storing_moves_no_voxel(grid, turn, seed):
    """Every voxel keeps its value at its place in the patient."""
    volume = Volume(np.random.default_rng(seed).permutation(np.prod(grid.shape)).reshape(grid.shape), grid.affine)
    turned = stored(volume, turn)
    assert (turned.shape == volume.shape) or turn not in ("as drawn", "left-right reversed")
    points = turned.grid.to_world(np.argwhere(np.ones(turned.shape, bool)))
    index = np.rint(volume.grid.to_voxel(points)).astype(int)
    np.testing.assert_array_equal(volume.array[tuple(index.T)], turned.array.ravel())
    assert np.abs(volume.grid.to_world(index) - points).max() < 1e-6


@pytest.mark.parametrize("turn", [*TURNS, OBLIQUE])
def test_sides_hold_however_stored(bench, oracle, turn):
    case = Case("open3d", "t1", 1, in_plane_mm=2.0)
    rows = orientation.measure(Turned(case, turn), bench)
    least = 0.75 if turn == OBLIQUE else 1.0  # the oracle's labels are resampled, and so are the truth's
    assert min(row["dice"] for row in rows) >= least
    assert not any(row["wrong_side"] for row in rows)
    image = oracle.images[-1][0]
    assert image.grid.axis_codes == "RAS"
    assert f"| {turn} | 1 | 0 |" in orientation.render(rows)
