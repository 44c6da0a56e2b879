"""Fat in muscle reaches the asked mean, whatever its pattern; scanner effects keep shape and scale."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gluteal_grade_lab.training import artefacts, noise, signal
from gluteal_grade_lab.training import tissues as t


@pytest.mark.long
@pytest.mark.parametrize("level", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("streaks", [0.0, 1.0])
def test_mean_fat_is_near_the_level(level: float, streaks: float) -> None:
    tissue = torch.full((64, 64, 64), t.GLUTEI[0], dtype=torch.uint8)
    mean = np.zeros(t.COUNT, np.float32)
    mean[t.GLUTEI[0]] = level
    got = [float(signal.fat_fraction(tissue, signal.Fat(mean, streaks), np.random.default_rng(s)).mean()) for s in range(12)]
    assert abs(float(np.mean(got)) - level) < 0.06


def test_fat_is_only_in_muscle() -> None:
    tissue = torch.full((32, 32, 32), t.FAT, dtype=torch.uint8)
    tissue[:16] = t.GLUTEI[1]
    ff = signal.fat_fraction(tissue, signal.draw_fat(np.random.default_rng(0), 0.6), np.random.default_rng(0))
    assert float(ff[:16].mean()) > 0.2
    assert not ff[16:].any()


def test_fat_planes_lie_between_muscles_only() -> None:
    tissue = torch.zeros((16, 16, 16), dtype=torch.uint8)
    tissue[:8], tissue[8:] = t.GLUTEI[0], t.GLUTEI[1]
    planes = signal.fat_planes(tissue, np.random.default_rng(4))
    assert planes[7].any()
    assert not planes[:7].any()
    assert not planes[8:].any()


def test_septa_within_muscle_are_thin_and_only_there() -> None:
    tissue = torch.full((48, 48, 48), t.FAT, dtype=torch.uint8)
    tissue[:32] = t.GLUTEI[1]
    drawn = [signal.sheets(tissue, np.random.default_rng(seed)) for seed in range(20)]
    shown = [one for one in drawn if bool(one.any())]
    assert 6 <= len(shown) < 20  # three of five
    assert all(not one[32:].any() and float(one.max()) <= 1 for one in shown)
    assert max(float(one.max()) for one in shown) > 0.5  # as bright as a plane between muscles
    assert max(float((one[:32] > 0.3).float().mean()) for one in shown) < 0.2


@pytest.mark.parametrize("kind", ["fine", "lobular", "streaky", "broad"])
def test_fields_are_standard_normal(kind: str) -> None:
    fields = torch.stack([noise.field(kind, (128, 128, 128), np.random.default_rng(s)) for s in range(3)])
    assert abs(float(fields.mean())) < 0.01
    assert abs(float(fields.std()) - 1) < 0.01


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_thick_slices_keep_a_constant_and_blur_along_their_axis(axis: int) -> None:
    rng = np.random.default_rng(0)
    assert torch.allclose(artefacts.thick_slices(torch.full((30, 31, 32), 0.7), axis, 3.3, rng), torch.tensor(0.7))
    image = torch.zeros((30, 30, 30))
    image.narrow(axis, 15, 15).fill_(1.0)
    thick = artefacts.thick_slices(image, axis, 5.0, rng)
    partial = (thick > 0.05) & (thick < 0.95)
    assert partial.any()
    assert torch.all(thick.narrow(axis, 0, 8) < 0.05)
    assert torch.all(thick.narrow(axis, 24, 6) > 0.95)


def test_noise_has_the_rician_mean() -> None:
    noisy = artefacts.rician_noise(torch.zeros((40, 40, 40)), 0.1, np.random.default_rng(0))
    assert float(noisy.mean()) == pytest.approx(0.1 * np.sqrt(np.pi / 2), rel=0.02)


def test_blur_keeps_the_sum() -> None:
    image = torch.zeros((21, 21, 21))
    image[10, 10, 10] = 1.0
    blurred = signal.blur(image, 1.0)
    assert float(blurred.sum()) == pytest.approx(1.0, abs=1e-4)
    assert float(blurred.max()) == pytest.approx((2 * np.pi) ** -1.5, rel=0.08)
