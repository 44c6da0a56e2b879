"""A tensor and a piriformis beside glutei that came without."""

import numpy as np
import pytest

from gluteal_grade_lab.training.bodies import SPACING_MM
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.beside import with_neighbours

HEADS = np.array([[110.0, 60.0, 80.0], [50.0, 60.0, 80.0]])  # right, left
SHAPE = (160, 120, 160)


def pelvis() -> names.U8:
    """Blocks where bones and glutei lie; x grows to the right."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[65:95, 20:35, 90:130] = names.SACRUM
    for row, outwards in enumerate((1, -1)):
        side, head = 1 - row, HEADS[row]

        def block(value: int, inner: float, outer: float, y: tuple[int, int], z: tuple[int, int], head=head, way=outwards) -> None:
            low, high = sorted((int(head[0] + way * inner), int(head[0] + way * outer)))
            labels[low:high, y[0] : y[1], z[0] : z[1]] = value

        block(names.HIP_BONE[side], -10, 4, (45, 90), (75, 140))
        block(names.FEMUR[side], -10, 24, (50, 68), (20, 84))
        block(names.MINIMUS[side], 5, 10, (55, 80), (95, 130))
        block(names.MEDIUS[side], 11, 24, (45, 80), (85, 135))
        block(names.MAXIMUS[side], -15, 26, (8, 22), (40, 120))
    return labels


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_both_lie_against_the_glutei_on_their_own_side(seed: int) -> None:
    before = pelvis()
    after = with_neighbours(before, HEADS, seed)
    assert np.array_equal(after[before > 0], before[before > 0])
    for row, outwards in enumerate((1, -1)):
        side, head = 1 - row, HEADS[row]
        tensor, piriformis = (np.argwhere(after == muscle[side]) for muscle in (names.TFL, names.PIRIFORMIS))
        assert 25 < len(tensor) * SPACING_MM**3 / 1000 < 180  # ml; adults 30-135
        assert ((tensor[:, 0] - head[0]) * outwards > 0).all()
        medius = np.argwhere(before == names.MEDIUS[side])
        beside = tensor[(tensor[:, 2] > 100) & (tensor[:, 2] < 130)]
        assert beside[:, 1].mean() > medius[:, 1].max()
        assert beside[:, 1].min() - medius[:, 1].max() < 6 / SPACING_MM
        assert len(piriformis) * SPACING_MM**3 / 1000 > 3
        assert (piriformis[:, 0].min() < head[0] - 10) if outwards > 0 else (piriformis[:, 0].max() > head[0] + 10)


def test_what_a_body_brings_is_kept() -> None:
    labels = pelvis()
    labels[120:125, 85:95, 60:100] = names.TFL[1]
    after = with_neighbours(labels, HEADS, 0)
    assert np.array_equal(after == names.TFL[1], labels == names.TFL[1])
    assert (after == names.TFL[0]).any()
    assert (after == names.PIRIFORMIS[1]).any()


def test_without_bones_nothing_is_drawn() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[110:120, 45:80, 85:135] = names.MEDIUS[1]
    assert np.array_equal(with_neighbours(labels, HEADS, 0), labels)
