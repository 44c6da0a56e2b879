"""Contact sheets."""

import numpy as np
import pytest
from PIL import Image

from gluteal_grade_lab.training.evaluate import pictures, synthetic
from gluteal_grade_lab.training.evaluate.cases import Case
from gluteal_grade_lab.training.evaluate.pictures import worst_cases, write_pictures
from gluteal_grade_lab.training.evaluate.sheet import Strip, chosen_slices, slice_axis, write_sheet
from tests.synthetic import make_toy, t1


@pytest.fixture(scope="module")
def toy():
    return make_toy(shape=(72, 52, 20), spacing=(5, 5, 7.5))


def test_slices_run_through_the_labels(toy):
    image = toy.volume(t1(toy))
    assert slice_axis(image) == 2
    at = chosen_slices(Strip("a", image, toy.labels, 5))
    labelled = np.flatnonzero(toy.labels.array.any(axis=(0, 1)))
    assert (at[0], at[-1], len(at)) == (labelled[0], labelled[-1], 5)
    nothing = toy.labels.with_array(np.zeros_like(toy.labels.array))
    assert chosen_slices(Strip("a", image, nothing, 40)) == tuple(range(20))
    assert chosen_slices(Strip("a", image, nothing, at=(3, 4))) == (3, 4)


def test_a_sheet_shows_contours_and_is_the_same_each_time(toy, tmp_path):
    image = toy.volume(t1(toy))
    strips = [Strip("labels", image, toy.labels, 7), Strip("none", image, toy.labels.with_array(np.zeros_like(toy.labels.array)), 3)]
    one, two = (write_sheet(strips, tmp_path / f"{n}.png").read_bytes() for n in "ab")
    assert one == two
    rgb = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    coloured = np.ptp(rgb, axis=2) > 60
    rows = np.flatnonzero(coloured.any(axis=1))
    assert rows.size
    assert rows[-1] < 0.75 * len(rgb), "the strip without labels is grey"


def test_a_label_of_the_wrong_side_shows(toy, tmp_path):
    """Left in paler colours: the same muscle labelled as the other side is another picture."""
    image = toy.volume(t1(toy))
    swapped = toy.labels.with_array(np.where(toy.labels.array > 200, toy.labels.array - 100, toy.labels.array).astype(np.uint8))
    one, two = (write_sheet([Strip("a", image, labels, 3)], tmp_path / "s.png").read_bytes() for labels in (toy.labels, swapped))
    assert one != two


def test_the_worst_draws_are_shown(bench, oracle):
    good, bad = (Case("ts_s0327", mode, 3, in_plane_mm=2.0) for mode in ("t1", "stir"))
    rows = synthetic.measure(good, bench)
    oracle.change = lambda labels: np.where(labels == 120, 0, labels).astype(np.uint8)
    rows += synthetic.measure(bad, bench)
    assert worst_cases(rows, 1) == [bad]
    assert worst_cases([], 3) == []


@pytest.mark.long
def test_all_sheets_that_have_data(bench, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(pictures, "MODES", ("t1",))
    rows = synthetic.measure(Case("ts_s0327", "t1", 3, in_plane_mm=2.0), bench)
    written = write_pictures(bench, rows, tmp_path / "out", told.append, worst=1)
    names = {path.name for path in written}
    assert names == {"synthetic_t1.png", "synthetic_ct.png", "worst.png"}
    assert len(told) == len(written)
