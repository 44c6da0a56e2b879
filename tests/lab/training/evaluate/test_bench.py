"""`scripts/bench_segmenter.py`: the peers do the work they are said to do; small sizes only."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from monai.data.utils import dense_patch_slices

from gluteal_grade.geometry import Volume
from gluteal_grade_lab.bench import segmenter as bench


@given(st.integers(32, 400), st.sampled_from([32, 64, 128, 256]), st.sampled_from([0.0, 0.5, 0.9]))
def test_windows_are_those_of_monai(size, window, overlap):
    size = max(size, window)
    step = max(1, int(window * (1 - overlap)))
    theirs = dense_patch_slices((size,), (window,), (step,))
    assert bench.starts(size, window, overlap) == [s[0].start for s in theirs]


def test_windows_left_out_are_counted(monkeypatch):
    """Ten windows, three measured, each a tenth of a second: a second in all; labels come from the network."""
    ticks = iter(np.arange(0, 100, 0.05))
    monkeypatch.setattr(bench.time, "perf_counter", lambda: float(next(ticks)))

    def network(batch):
        import torch

        return torch.nn.functional.one_hot((batch[:, 0] > 0).long(), bench.CLASSES).movedim(-1, 1).float()

    fine = np.zeros((40, 4, 4), np.float32)
    fine[:4] = 1
    places = [(slice(4 * n, 4 * n + 4), slice(0, 4), slice(0, 4)) for n in range(10)]
    labels, found = bench._slide(fine, places, network, 3, begin=-0.05)
    assert (found["windows"], found["measured"]) == (10, 3)
    # from -0.05 to the last tick, and seven windows of one tick each
    assert found["seconds"] == pytest.approx(0.35 + 7 * 0.05)
    assert labels[:4].all()
    assert not labels[4:].any()


def test_volumes_have_the_sizes_of_the_issue_and_hold_a_pelvis():
    for case in bench.CASES.values():
        extent = np.array(case.shape) * case.spacing_mm
        assert (extent[:2] >= 400).all(), "the whole width"
        assert extent[2] >= 240, "glutei from crest to fold"
    assert [c.shape for c in bench.CASES.values()] == [(320, 320, 40), (512, 512, 60), (256, 256, 120)]


def test_a_row_says_what_was_missed_and_what_was_extrapolated():
    fast = {"seconds": 4.0, "first": 9.0, "megabytes": 1500.0, "note": ""}
    peer = {"seconds": 100.0, "windows": 50, "measured": 4, "megabytes": 3000.0}
    case = bench.CASES["t1"]
    good = bench.row(case, {"ours": fast, "3d": peer, "2d": peer | {"measured": 50}})
    assert good == "| T1 512x512x60 | 4.0 | 9.0 | 1500 | 100 (4 of 50 windows measured) | 3000 | 25.0 | 100 | 3000 | 25.0 | met |"
    assert "**missed**" in bench.row(case, {"ours": fast | {"megabytes": 4000.0}, "3d": peer, "2d": peer})
    assert "**missed**" in bench.row(case, {"ours": fast, "3d": peer, "2d": peer | {"seconds": 60.0}})
    failed = {"seconds": math.nan, "megabytes": math.nan, "note": "no_segmenter"}
    assert "**missed** (no_segmenter)" in bench.row(case, {"ours": failed, "3d": peer, "2d": peer})


def test_peers_are_of_the_size_said():
    for dimensions, filters, low, high in ((3, (32, 64, 128, 256, 320), 10e6, 25e6), (2, (32, 64, 128, 256, 512, 512), 15e6, 45e6)):
        network = bench.dynunet(dimensions, filters)
        assert low < sum(p.numel() for p in network.parameters()) < high


def test_the_2d_peer_labels_every_slice(monkeypatch):
    monkeypatch.setattr(bench, "dynunet", lambda *_: lambda batch: batch.new_zeros((1, bench.CLASSES, *batch.shape[2:])))
    image = Volume(np.zeros((300, 260, 3), np.float32), np.eye(4))
    found = bench.peer_2d(image, 10**6)
    assert found["windows"] == found["measured"] == 3 * 3 * 2


def test_the_3d_peer_covers_the_volume_at_its_spacing(monkeypatch):
    monkeypatch.setattr(bench, "dynunet", lambda *_: lambda batch: batch.new_zeros((1, bench.CLASSES, *batch.shape[2:])))
    image = Volume(np.zeros((80, 60, 20), np.float32), np.diag([3.0, 3.0, 6.0, 1.0]))
    assert bench.peer_3d(image, 1)["windows"] == 2  # 159 x 119 x 77 voxels of 1.5 mm
