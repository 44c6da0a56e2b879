"""N4 and no correction as named choices."""

import numpy as np
import pytest

from gluteal_grade.config import FatSettings, load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.n4 import n4_corrected
from gluteal_grade.fat.t1 import METHOD, from_t1
from gluteal_grade.vocabulary import SeriesKind
from tests.synthetic import Toy, make_toy, series, t1

FAT = load_settings().fat


def choosing(method: str) -> FatSettings:
    bias = FAT.t1.bias.model_copy(update={"method": method})
    return FAT.model_copy(update={"t1": FAT.t1.model_copy(update={"bias": bias})})


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy(0.12, shape=(64, 47, 16), spacing=(5.6, 5.6, 9.0))


def made(toy: Toy, method: str, bias: float) -> FatMap:
    image = toy.volume(t1(toy, bias=bias))
    settings = choosing(method)
    assert METHOD.within_labels is not None
    return METHOD.within_labels(from_t1(series("t1", SeriesKind.T1, image), settings), toy.labels, settings)


@pytest.mark.long
def test_n4_takes_shading_away(toy: Toy) -> None:
    array = t1(toy, snr=60, bias=0.5).astype(np.float32)
    lean = toy.fat < 0.06
    flat = n4_corrected(toy.volume(array), toy.body, grid_mm=11.0)
    assert flat.dtype == np.float32
    assert np.array_equal(flat[~toy.body], array[~toy.body])
    assert flat[lean].std() / flat[lean].mean() < 0.5 * array[lean].std() / array[lean].mean()


@pytest.mark.parametrize("method", ["n4", "none"])
def test_the_choice_is_noted_and_no_second_field_is_fitted(toy: Toy, method: str) -> None:
    fat = made(toy, method, bias=0.0)
    (note,) = (n for n in fat.notes if n.reason is Reason.BIAS_METHOD)
    assert "fat.t1.bias.method" in note.detail
    assert "field_from_outside_labels" not in fat.facts
    glutei = toy.labels.array > 0
    assert np.nanmean(fat.volume.array[glutei]) == pytest.approx(toy.fat[glutei].mean(), abs=0.05)


def test_the_programs_own_way_is_not_noted(toy: Toy) -> None:
    fat = made(toy, "own", bias=0.3)
    assert Reason.BIAS_METHOD not in {n.reason for n in fat.notes}
    assert fat.facts["field_from_outside_labels"] == 1
