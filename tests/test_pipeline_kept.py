"""Label map after label map, with what does not depend on labels kept: the numbers are those of a first measurement."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Kept, keeping
from gluteal_grade.io.study import Study
from gluteal_grade.measurement import plan as plans
from gluteal_grade.pipeline import Graded, grade_study
from gluteal_grade.vocabulary import SeriesKind
from tests.metal import test_sides as metal
from tests.synthetic import Toy, ct, dixon_study, make_toy, series, t1
from tests.test_pipeline import FRACTIONS, Given

SETTINGS = load_settings()
TOY = make_toy(FRACTIONS, shape=(96, 70, 28), spacing=(3.75, 3.75, 5.0))


def stir(toy: Toy) -> Study:
    water = np.where(toy.body, 1 - np.nan_to_num(toy.fat), 0)
    noisy = toy.volume(100 * water + 5 * np.random.default_rng(1).random(water.shape))
    return replace(dixon_study(toy), series=(*dixon_study(toy).series, series("s2", SeriesKind.STIR, noisy)))


def one(kind: SeriesKind, image: np.ndarray) -> Study:
    return Study("0" * 12, (series("s1", kind, TOY.volume(image)),))


STUDIES: dict[str, tuple[Callable[[], Study], Volume, set[str]]] = {
    "dixon": (lambda: dixon_study(TOY), TOY.labels, {"dixon"}),
    "dixon and STIR": (lambda: stir(TOY), TOY.labels, {"dixon"}),
    "t1": (lambda: one(SeriesKind.T1, t1(TOY, bias=0.3)), TOY.labels, {"t1"}),
    "ct": (lambda: one(SeriesKind.CT, ct(TOY)), TOY.labels, {"ct"}),
    "metal, two contrasts": (metal.both_contrasts, metal.toy().labels, {"t1", "dixon"}),
}


def changed(labels: Volume) -> Volume:
    """A muscle gone in some slices, and everything a little forwards in others."""
    array = labels.array.copy()
    used = np.flatnonzero((array > 0).any(axis=(0, 1)))
    array[:, :, used[::3]] = np.roll(array[:, :, used[::3]], 1, axis=1)
    array[:, :, used[1::4]] = np.where(array[:, :, used[1::4]] == 120, 0, array[:, :, used[1::4]])
    return labels.with_array(array)


def told(graded: Graded) -> dict[str, object]:
    found = json.loads(graded.result.to_json())
    del found["provenance"]["seconds"], found["provenance"]["created"]
    return found


@pytest.mark.long
@pytest.mark.parametrize("name", STUDIES)
def test_numbers_are_equal_to_the_last_digit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, labels, methods = STUDIES[name]
    study = make()
    reference, other = study.series[0].id, changed(labels)
    first, second = (grade_study(study, SETTINGS, Given(one, reference)) for one in (labels, other))
    assert {m.method for m in second.result.muscles} == methods
    assert told(first) != told(second)
    kept, read_once = Kept(), study.read_once()
    with keeping(kept):
        assert told(grade_study(read_once, SETTINGS, Given(labels, reference))) == told(first)
        # no map is made again
        monkeypatch.setattr(plans.Candidate, "measure", lambda *_: pytest.fail("measured again"))
        again = grade_study(read_once, SETTINGS, Given(other, reference))
    assert told(again) == told(second)
    for image in ("image", "labels", "fat_fraction", "excluded"):
        mine, fresh = (getattr(graded.images, image) for graded in (again, second))
        assert (mine is None) == (fresh is None)
        assert mine is None or np.array_equal(mine.array, fresh.array, equal_nan=True)
