"""Voxels whose bytes were changed in storage have no fat fraction, and the result says so."""

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Study
from gluteal_grade.measurement.evidence import check_study
from gluteal_grade.measurement.plan import plan_study
from gluteal_grade.vocabulary import SeriesKind, Side
from tests.synthetic import Toy, make_toy, series, t1

SETTINGS = load_settings()


def study(toy: Toy, image: np.ndarray) -> Study:
    return Study("0" * 12, (series("t1", SeriesKind.T1, Volume(image.astype(np.float32), toy.grid.affine)),))


def fat_of(one: Study):
    return plan_study(one, SETTINGS).sides[Side.RIGHT].elsewhere[0].measure(SETTINGS)


def test_a_changed_byte_on_t1_moves_nothing_and_is_told() -> None:
    """One voxel of 14 times the signal of fat moved a muscle by more than a point."""
    toy = make_toy(spread=0.05)
    image = t1(toy)
    sound = fat_of(study(toy, image))
    muscle = toy.labels.array == np.unique(toy.labels.array)[1]
    place = tuple(np.argwhere(muscle)[muscle.sum() // 2])
    spoilt = image.copy()
    spoilt[place] = 11 * image.max()
    fat = fat_of(study(toy, spoilt))
    assert np.isnan(fat.volume.array[place])
    assert abs(np.nanmean(fat.volume.array[muscle]) - np.nanmean(sound.volume.array[muscle])) < 0.001
    (note,) = [n for n in fat.notes if n.reason is Reason.STRAY_VOXELS]
    assert note.detail.startswith("series t1: a single voxel is far brighter")
    assert Reason.STRAY_VOXELS not in {n.reason for n in sound.notes}


def test_inspect_tells_it_once() -> None:
    toy = make_toy(spread=0.05)
    image = t1(toy)
    image[30, 50, 5] = image[60, 50, 9] = 11 * image.max()
    told = [f for f in check_study(study(toy, image), SETTINGS) if f.reason is Reason.STRAY_VOXELS]
    assert [(f.against, f.words) for f in told] == [
        (True, "series t1: 2 single voxels are far brighter than all that surrounds them, as no tissue is")
    ]
