"""Gaps between slices, the coil's edge, and signal cut off."""

import itertools

import numpy as np
import pytest
import torch
from scipy import ndimage

from gluteal_grade.geometry import Volume, upright_grid
from gluteal_grade_lab.training.artefacts import coil_edge, cut_off, gapped_slices, thin_lines


def test_between_thin_slices_lies_a_straight_line():
    image = torch.arange(30.0)[None, None, :].expand(2, 3, 30) ** 2
    found, seen = gapped_slices(image, 2, 7.0, 1.0, np.random.default_rng(0))
    curve = found[0, 0]
    held = [z for z in range(30) if abs(float(curve[z]) - z * z) < 1e-3]
    assert all(b - a == 7 for a, b in itertools.pairwise(held))
    start = held[0]
    assert torch.allclose(curve[start : start + 8], torch.linspace(start**2, (start + 7) ** 2, 8))
    assert torch.equal(seen, torch.tensor([start - 3.5 <= z <= held[-1] + 3.5 for z in range(30)]))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gapped_slices_are_what_the_program_sees_of_a_gapped_image(axis):
    """The same slices through `Volume.resampled`, as `look.look` does."""
    image = torch.rand((24, 24, 24), generator=torch.Generator().manual_seed(0))
    found, seen = gapped_slices(image, axis, 6.0, 1.0, np.random.default_rng(4))
    kept = torch.movedim(found == image, axis, 0).flatten(1).all(dim=1).nonzero()
    first = int(kept[0])
    index = torch.arange(first, 24, 6)
    thin = image.index_select(axis, index).numpy()
    affine = np.diag([6.0 if a == axis else 1.0 for a in range(3)] + [1.0])
    affine[axis, 3] = first
    whole = upright_grid(np.zeros(3), np.full(3, 23.0), 1.0)
    again = Volume(thin, affine).resampled(whole, fill=np.nan).array
    inside = np.isfinite(again)
    assert np.allclose(found.numpy()[inside], again[inside], atol=1e-5)
    assert np.array_equal(inside.any(axis=tuple({0, 1, 2} - {axis})), seen.numpy())


def test_signal_fades_at_one_end_only():
    for seed in range(10):
        faded = coil_edge(torch.ones((2, 2, 50)), 2, np.random.default_rng(seed))[0, 0]
        assert (faded[-1] - faded[0]).abs() > 0.2
        steps = faded.diff()
        assert bool((steps >= -1e-6).all()) or bool((steps <= 1e-6).all())
        assert float(faded.max()) > 0.95
        assert float(faded.min()) >= 0.02


def test_weak_signal_is_cut_off():
    image = torch.linspace(0, 1, 1000).reshape(10, 10, 10)
    found = cut_off(image, 0.1)
    assert bool((found[image < 0.09] == 0).all())
    assert torch.equal(found[image > 0.11], image[image > 0.11])


@pytest.mark.parametrize("across", [0, 1, 2])
def test_thin_lines_are_what_an_opening_of_each_slice_takes_away_and_stands_out(across):
    image = torch.rand((13, 15, 17), generator=torch.Generator().manual_seed(2)) + 5
    lines = image.numpy() - ndimage.grey_opening(image.numpy(), [1 if axis == across else 3 for axis in range(3)])
    usual = ndimage.uniform_filter(lines, [1 if axis == across else 7 for axis in range(3)])
    inside = (slice(5, -5),) * 3  # beyond the border both go on differently
    wanted = image.numpy() + 1.5 * np.maximum(lines - usual, 0)
    assert np.allclose(thin_lines(image, across, 1.5).numpy()[inside], wanted[inside], atol=1e-5)


def test_no_line_becomes_darker():
    image = torch.full((5, 9, 9), 1.0)
    image[:, 4], image[:, :, 4] = 0.2, 3.0
    found = thin_lines(image, 0, 2.0)
    assert bool((found >= image).all())
    assert float(found[2, 2, 4]) > 5
