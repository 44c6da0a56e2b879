"""Masses that grew: muscles lie around them, keep their room, and bone stays where it is."""

import numpy as np
import pytest
import torch

from gluteal_grade_lab.training import growth
from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.draw import Drawn

SPACING_MM = 2.5


def drawn() -> Drawn:
    """From outside: air, fat, maximus, a thigh muscle, bone; 48 voxels each way."""
    tissue = torch.full((48, 48, 48), t.FAT, dtype=torch.uint8)
    tissue[:4] = t.AIR
    tissue[10:16], tissue[16:38], tissue[38:] = t.GLUTEI[0], t.OTHER_MUSCLES[5], t.MARROW_FEMUR
    where = torch.stack(torch.meshgrid(*(torch.arange(48.0) for _ in range(3)), indexing="ij"))
    return Drawn(tissue, torch.ones(tissue.shape, dtype=torch.bool), where)


def grown(seed: int) -> tuple[Drawn, torch.Tensor]:
    return growth.grow(drawn(), SPACING_MM, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(8))
def test_what_is_known_of_a_mass(seed: int) -> None:
    rest, (after, mass) = drawn(), grown(seed)
    assert float(mass.sum()) * SPACING_MM**3 / 1000 > 3.0  # ml
    assert set(after.tissue[mass].unique().tolist()) in ({t.TUMOUR}, {t.GLUTEI[0]})
    bone = (rest.tissue == t.MARROW_FEMUR) | (rest.tissue == t.AIR)
    assert not bool((mass & bone & (after.tissue == rest.tissue)).any())
    assert torch.equal(after.tissue[42:], rest.tissue[42:])  # deep in the bone


def test_muscles_drape_over_a_mass_and_are_not_eaten() -> None:
    """Masses beside maximus move it; most of its voxels are still there, which a mass drawn over it would not leave."""
    kept, moved = [], 0
    for seed in range(24):
        rest, (after, mass) = drawn(), grown(seed)
        if not bool((after.tissue[mass] == t.TUMOUR).all()):
            continue
        maximus = rest.tissue == t.GLUTEI[0]
        met = int((mass & maximus).sum())
        if met > 400:
            moved += 1
            kept.append(int((after.tissue == t.GLUTEI[0]).sum()) - (int(maximus.sum()) - met))
            assert kept[-1] > 0
    assert moved > 3


def test_where_a_voxel_came_from_goes_with_its_tissue() -> None:
    rest, (after, mass) = drawn(), grown(3)
    index = after.where.round().long()
    outside = ~mass
    assert torch.equal(rest.tissue[index[0], index[1], index[2]][outside], after.tissue[outside])


def test_no_mass_without_soft_tissue() -> None:
    rest = drawn()
    rest.tissue[:] = t.AIR
    after, mass = growth.grow(rest, SPACING_MM, np.random.default_rng(0))
    assert after is rest
    assert not mass.any()


def test_a_mass_counts_as_the_gluteus_that_surrounds_it_alone() -> None:
    counted = {"within": 0, "beside": 0}
    for seed in range(40):
        after, mass = grown(seed)
        around = torch.nn.functional.max_pool3d(mass.float()[None, None], 5, 1, 2)[0, 0].bool() & ~mass
        share = float((after.tissue[around] == t.GLUTEI[0]).float().mean())
        if bool((after.tissue[mass] == t.GLUTEI[0]).all()):
            counted["within"] += 1
            assert share > 0.4
        else:
            counted["beside"] += 1
    assert min(counted.values()) > 0
