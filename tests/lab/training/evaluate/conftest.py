"""Miniature bodies and a segmenter that has seen the truth."""

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.bodies import Body, save_body
from gluteal_grade_lab.training.evaluate import cases
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Found, Model, Setup, Workbench

_SHAPE = (110, 80, 56)
# right side: centre from the middle and radii, voxels
_GLUTEI = (((24, -14, -2), (13, 9, 15)), ((27, 4, 8), (8, 9, 11)), ((19, 8, 6), (6, 9, 13)))


def toy_body(name):
    """An ellipse of fat with six muscles and two femoral heads, 16 cm wide."""
    i, j, k = (np.arange(n) - (n - 1) / 2 for n in _SHAPE)
    x, y, z = i[:, None, None], j[None, :, None], k[None, None, :]
    radius = np.hypot(x / 42, y / 28) + 0 * z
    tissue = np.where(radius < 1, t.FAT, t.AIR).astype(np.uint8)
    for side, sign in ((0, 1), (1, -1)):
        tissue[((x - sign * 18) / 7) ** 2 + (y / 7) ** 2 + ((z + 12) / 7) ** 2 < 1] = t.MARROW_FEMUR
        for n, (centre, radii) in enumerate(_GLUTEI):
            near = sum(((a - c) / r) ** 2 for a, c, r in zip((x, y, z), (sign * centre[0], *centre[1:]), radii, strict=True))
            tissue[near < 1] = t.GLUTEI[3 * side + n]
    outside = np.clip((radius - 1) * 40 * 1.5, 0, 120).astype(np.uint8)
    middle = (np.array(_SHAPE) - 1) / 2
    heads = middle + np.array([(18, 0, -12), (-18, 0, -12)])
    return Body(name, tissue, outside, heads, (2, 53), "made up")


@pytest.fixture(scope="session")
def bodies(tmp_path_factory):
    """Prepared bodies, named as the validation bodies are."""
    root = tmp_path_factory.mktemp("bodies")
    for name in cases.VALIDATION_BODIES:
        save_body(toy_body(f"{name}_donor"), root / "validate")
    save_body(toy_body("vhf_s0010"), root / "train")
    return root


class Oracle:
    """Labels from the last study drawn, changed by `change`; refuses any other image."""

    def __init__(self, change=lambda labels: labels):
        self.change, self.last, self.images = change, None, []

    def find(self, image, *, ct):
        self.images.append((image, ct))
        if self.last is None:
            raise RefusedInput(Reason.NO_LABEL, "never seen")
        labels = self.last.labels.resampled(image.grid, labels=True)
        return Found(labels.with_array(self.change(labels.array)))


@pytest.fixture
def oracle(monkeypatch):
    """See `Oracle`; it learns of every draw."""
    found = Oracle()
    real = cases.draw_study

    def draw(*arguments):
        found.last = real(*arguments)
        return found.last

    monkeypatch.setattr(cases, "draw_study", draw)
    return found


@pytest.fixture
def setup(oracle, bodies, tmp_path):
    return Setup({SHIPPED: Model(lambda: oracle), "without vhf": Model(lambda: oracle)}, bodies, tmp_path / "data")


@pytest.fixture
def bench(setup):
    return Workbench(setup)
