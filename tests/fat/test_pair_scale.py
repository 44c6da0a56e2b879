"""Two images that cannot be on one scale give no fat fraction: one was multiplied by a billion, or is black."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.pair import load_pair
from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import SeriesKind
from tests.synthetic import dixon, make_toy, series

SETTINGS = load_settings()


def pair(water: np.ndarray, fat: np.ndarray):
    kinds = (("w", SeriesKind.DIXON_WATER, water), ("f", SeriesKind.DIXON_FAT, fat))
    return tuple(series(name, kind, Volume(a.astype(np.float32), np.diag([2.5, 2.5, 5.0, 1.0]))) for name, kind, a in kinds)


@pytest.mark.parametrize("factor", [1e9, 1e-9, 100.0, 0.0])
@pytest.mark.parametrize("which", [0, 1], ids=["water", "fat"])
def test_an_impossible_scale_is_refused(factor: float, which: int) -> None:
    images = list(dixon(make_toy()))
    images[which] = images[which] * factor
    with pytest.raises(RefusedInput) as caught:
        load_pair(*pair(*images))
    assert caught.value.reason is (Reason.UNEQUAL_SCALING if factor else Reason.EMPTY_SLICES)


def test_lean_muscle_alone_in_view_is_sound() -> None:
    toy = make_toy(0.03)
    water, fat = dixon(toy, snr=100)
    i, j, k = (slice(int(n.min()) + 3, int(n.max()) - 2) for n in np.nonzero(toy.labels.array == np.unique(toy.labels.array)[1]))
    load_pair(*pair(water[i, j, k], fat[i, j, k]))
