"""Training samples come from the seed alone, in range, with labels of the right hip."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gluteal_grade.segmentation.intensity import CT_WINDOW_HU, normalise
from gluteal_grade_lab.training import patches
from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.contrast import MODES, draw_contrast
from gluteal_grade_lab.training.deform import Frame, Shape, body_coordinates, sample
from gluteal_grade_lab.training.draw import draw_body, gluteal_labels
from gluteal_grade_lab.training.picture import Picture
from tests.lab.training.toy_body import toy_body

STILL = Shape(rotation_deg=0, tilt_deg=0, scale=0, elastic_mm=0, fine_elastic_mm=0, flexion_deg=0)


@pytest.mark.parametrize("look", ["hip", "locator"])
def test_a_sample_depends_on_its_number_alone(look: str) -> None:
    one, other = (patches.Sampler((toy_body("a"), toy_body("b")), look, (32, 32, 32), 2.0, seed=3) for _ in range(2))
    other(0)
    first, again, next_one = one(5), other(5), one(6)
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.labels, again.labels)
    assert not torch.equal(first.image, next_one.image)


@pytest.mark.long
@pytest.mark.parametrize(("look", "classes"), [("hip", 10), ("locator", 13)])
def test_samples_are_in_range_and_hold_muscle(look: str, classes: int) -> None:
    sampler = patches.Sampler((toy_body(),), look, (32, 32, 32), 2.0)
    samples = [sampler(i) for i in range(25)]
    for drawn in samples:
        assert drawn.image.shape == drawn.labels.shape == (32, 32, 32)
        assert torch.isfinite(drawn.image).all()
        assert float(drawn.image.min()) >= 0
        assert float(drawn.image.max()) < 1.2
        assert int(drawn.labels.max()) < classes
    assert sum(bool(s.labels.any()) for s in samples) > 8
    assert len({s.mode for s in samples}) > 5


def test_a_frame_without_change_is_the_body_itself() -> None:
    body = toy_body()
    where = body_coordinates(body, Frame((64, 48, 40), (1.5,) * 3, (31.5, 23.5, 19.5)), STILL, np.random.default_rng(0))
    assert np.array_equal(sample((body.tissue,), (0,), where)[0].numpy(), body.tissue)


def test_a_left_hip_is_mirrored_into_the_right_ones_frame() -> None:
    """The muscles of the toy are symmetrical about the middle of the grid: both hips give the same labels."""
    body = toy_body()
    rng = np.random.default_rng(0)
    right = body_coordinates(body, Frame((21, 48, 40), (1.5,) * 3, (46.0, 23.5, 19.5)), STILL, rng)
    left = body_coordinates(body, Frame((21, 48, 40), (1.5,) * 3, (17.0, 23.5, 19.5), mirrored=True), STILL, rng)
    right_labels = gluteal_labels(sample((body.tissue,), (0,), right)[0], t.GLUTEI[:3])
    left_labels = gluteal_labels(sample((body.tissue,), (0,), left)[0], t.GLUTEI[3:])
    assert right_labels.any()
    assert torch.equal(right_labels, left_labels)


def test_subcutaneous_fat_is_as_thick_as_asked() -> None:
    body = toy_body()
    frame = Frame((64, 48, 40), (1.5,) * 3, (31.5, 23.5, 19.5))
    volumes = []
    for thickness in (5.0, 14.0):
        drawn = draw_body(body, frame, STILL, np.random.default_rng(1), subcutaneous_mm=thickness)
        volumes.append(int((drawn.tissue == t.FAT).sum()))
    assert volumes[1] > 1.5 * volumes[0] > 0


def test_what_is_unknown_is_outside_the_scan() -> None:
    body = toy_body()
    drawn = draw_body(body, Frame((64, 48, 40), (1.5,) * 3, (31.5, 23.5, 19.5)), STILL, np.random.default_rng(1))
    assert not drawn.known[:, :, :2].any()
    assert drawn.known[:, :, 2:38].all()
    assert not drawn.known[:, :, 38:].any()


@pytest.mark.parametrize("mode", MODES)
def test_every_contrast_tells_muscle_from_fat(mode: str) -> None:
    for seed in range(20):
        contrast = draw_contrast(mode, np.random.default_rng(seed))
        fat = contrast.fat - (contrast.water[t.GLUTEI[1]] if mode == "opposed" else 0)
        muscle = contrast.water[t.GLUTEI[1]]
        assert np.isfinite(contrast.water).all()
        below = contrast.water < 0
        below[[t.AIR, t.GAS]] = False  # on CT, whose window ends above air
        assert not below.any()
        if mode != "opposed":
            assert abs(fat - muscle) > 0.05


def test_a_field_that_holds_air_alone_is_not_taken() -> None:
    """Air on CT lies below the window: nothing would be in the picture."""
    image, known, labels = (
        torch.full((32, 32, 32), -1.0),
        torch.ones((32, 32, 32), dtype=torch.bool),
        torch.ones((32, 32, 32), dtype=torch.uint8),
    )
    image[:16], known[:16] = 0.5, False
    sample = patches._finish(Picture(image, "ct", known), labels, known, np.random.default_rng(0), 0.0, ())
    assert bool((sample.image > 0).any())
    empty = patches._finish(Picture(image[16:], "ct", known[16:]), labels[16:], known[16:], np.random.default_rng(0), 0.0, ())
    assert patches._trimmed(empty).image.shape == (16, 32, 32)


def test_an_unknown_contrast_is_refused() -> None:
    with pytest.raises(ValueError, match="no such contrast"):
        draw_contrast("flair", np.random.default_rng(0))


@pytest.mark.parametrize("side", [0, 1])
def test_a_scan_of_one_hip_ends_near_the_midline(side: int) -> None:
    body = toy_body()
    where = body_coordinates(body, Frame((64, 48, 40), (6.0, 1.5, 1.5), (31.5, 23.5, 19.5)), STILL, np.random.default_rng(0))
    middle = float(body.heads[:, 0].mean())
    edges = []
    for seed in range(30):
        columns = patches._one_side(where[0], body, side, np.random.default_rng(seed))[:, 0, 0]
        kept = where[0, :, 0, 0][columns]
        edges.append(float((kept.min() - middle) if side == 0 else (middle - kept.max())) * 1.5)
    assert min(edges) < 0 < max(edges)
    assert -51.5 <= min(edges) < max(edges) <= 86.5


def test_ct_is_turned_over_in_samples_as_it_is_in_use() -> None:
    """Air, fat, muscle, cortex in four slabs, -200 to 300 HU as 0 to 1."""
    hu = torch.tensor([-1000.0, -100.0, 55.0, 900.0]).repeat_interleave(5)[:, None, None].expand(20, 20, 20)
    image = ((hu - CT_WINDOW_HU[0]) / (CT_WINDOW_HU[1] - CT_WINDOW_HU[0])).clamp(0, 1)
    everywhere = torch.ones(image.shape, dtype=torch.bool)
    labels = torch.zeros(image.shape, dtype=torch.uint8)
    seen = patches._finish(Picture(image, "ct", everywhere), labels, everywhere, np.random.default_rng(1), 0.0, ()).image
    used = torch.from_numpy(normalise(hu.numpy(), ct=True))
    values = [float(seen[i][seen[i] > 0].mean()) if bool((seen[i] > 0).any()) else 0.0 for i in (2, 7, 12, 17)]
    assert values[0] == values[3] == 0
    assert values[1] > values[2] > 0.2
    assert [float(used[i, 0, 0]) > 0 for i in (2, 7, 12, 17)] == [v > 0 for v in values]
