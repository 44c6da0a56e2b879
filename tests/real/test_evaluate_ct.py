"""The CT table on the real CT, where it is present."""

from pathlib import Path

import numpy as np
import pytest

from gluteal_grade_lab.training.evaluate import ct
from gluteal_grade_lab.training.evaluate.runner import run
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Found, Model, Setup

DATA = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not (DATA / "ct").is_dir(), reason="../shared/data/ct is not here")


class Half:
    """The CT's own labels, medius cut in half."""

    def __init__(self, truth):
        self.truth = truth

    def find(self, image, *, ct):
        assert ct
        labels = self.truth.array.copy()
        medius = np.argwhere(labels == 120)
        labels[tuple(medius[::2].T)] = 0
        return Found(image.with_array(labels))


@pytest.fixture
def setup(tmp_path):
    truth = ct.truth(Setup({}, tmp_path, DATA))
    return Setup({name: Model(lambda: Half(truth)) for name in (SHIPPED, "seed 2")}, tmp_path, DATA)


def test_the_labels_are_the_right_glutei(setup):
    truth = ct.truth(setup)
    assert truth.grid.matches(ct.image(setup).grid)
    volumes = [(truth.array == value).sum() * truth.grid.voxel_volume_ml for value in (110, 120, 130)]
    assert volumes == pytest.approx([369, 241, 71], abs=1)  # as the data's README has them
    assert set(np.unique(truth.array)) == {0, 110, 120, 130}


def test_every_model_is_a_row_against_the_target(setup, tmp_path):
    text = run(ct.table((SHIPPED, "seed 2")), 50, setup, tmp_path).markdown()
    assert "| shipped | 1.000 / 0.0 / +0.0 | 0.667" in text
    assert "| seed 2 | 1.000" in text
    assert "0.667 (wanted 0.88, **missed**)" in text
    assert "Models: 2." in text
