"""Masses, swellings and septa that cannot be seen."""

import numpy as np
import torch

from gluteal_grade_lab.training import lesions
from gluteal_grade_lab.training import tissues as t


def layers():
    """Muscle, a thin plane of fat, another muscle, much fat; 24 voxels each way."""
    tissue = torch.full((24, 24, 24), t.FAT, dtype=torch.uint8)
    tissue[:7], tissue[8:14] = t.GLUTEI[0], t.GLUTEI[1]
    return tissue


def test_thin_fat_looks_like_muscle_and_the_labels_stay():
    tissue = layers()
    before = tissue.clone()
    shown = lesions.hide_septa(tissue, 2.5, np.random.default_rng(0))
    assert torch.equal(tissue, before)
    assert float((shown[7] != t.FAT).float().mean()) > 0.9
    assert bool((shown[18:] == t.FAT).all())


def test_a_mass_keeps_the_label_of_its_muscle():
    grown = 0
    for seed in range(20):
        tissue = layers()
        before = tissue.clone()
        mass = lesions.add_mass(tissue, 2.5, np.random.default_rng(seed))
        changed = tissue != before
        assert bool((before[changed] == t.FAT).all())  # it bulges into fat alone
        assert not bool((changed & ~mass).any())
        grown += int(changed.sum()) > 0
    assert 5 < grown < 20  # some lie beside the muscles and change no label


def test_no_mass_in_air():
    assert not lesions.add_mass(torch.zeros((8, 8, 8), dtype=torch.uint8), 2.5, np.random.default_rng(0)).any()


def test_a_mass_shows_only_where_it_is():
    image, mass = torch.full((32, 32, 32), 0.5), torch.zeros((32, 32, 32), dtype=torch.bool)
    mass[10:20, 10:20, 10:20] = True
    shown = lesions.show_mass(image, mass, np.random.default_rng(1))
    assert torch.equal(shown[:6], image[:6])
    assert float((shown[15, 15, 15] - 0.5).abs()) > 0.02
    assert float(shown.min()) >= 0


def test_swelling_brings_tissues_together_and_leaves_air():
    image = torch.zeros((40, 40, 40))
    image[:, 10:25], image[:, 25:] = 0.3, 1.0
    shown = lesions.show_swelling(image, np.random.default_rng(3), 2.5)
    assert torch.equal(shown[:, :10], image[:, :10])
    assert float((shown - image).abs().max()) > 0.05


def test_bowel_fills_visceral_fat_alone():
    tissue = layers()
    tissue[20:] = t.VISCERAL_FAT
    lesions.add_bowel(tissue, np.random.default_rng(0))
    assert bool((tissue[:20] != t.BOWEL).all())
    assert bool((tissue[20:] == t.BOWEL).any())


def test_half_of_the_masses_are_as_bright_as_what_they_lie_in():
    image, mass = torch.full((32, 32, 32), 0.2), torch.zeros((32, 32, 32), dtype=torch.bool)
    image[:, :, 16:], mass[8:24, 8:24, 2:14] = 1.0, True
    seen = [float(lesions.show_mass(image, mass, np.random.default_rng(seed))[mass].median()) for seed in range(40)]
    assert 10 < sum(0.12 < s < 0.33 for s in seen) < 40
    assert max(seen) > 0.5
