"""A part of a muscle that does not look like the rest is noticed; streaks, fatty ends and blotches are not taken for one."""

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.config.settings import Settings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Series, Study
from gluteal_grade.measurement.focal import focal_part
from gluteal_grade.pipeline import Graded, grade_study
from gluteal_grade.result import MuscleStatus
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.vocabulary import Muscle, Region, Side
from gluteal_grade_lab.measuring.focal import Drawn, drawn
from tests.synthetic import dixon_study, make_toy

SETTINGS = load_settings().measure.focal


def found_in(one: Drawn, axis: int = 2) -> tuple[bool, float]:
    """Whether one is found, and its overlap with the mass; slices along `axis`."""
    mask, fat = (np.moveaxis(a, 2, axis) for a in (one.mask, one.fat))
    order = list(one.spacing_mm[:2])
    order.insert(axis, one.spacing_mm[2])
    found = focal_part(mask, fat, (order[0], order[1], order[2]), axis, SETTINGS)
    if found is None or one.mass is None:
        return found is not None, 0.0
    mass = np.moveaxis(one.mass, 2, axis)
    return True, float(2 * (found.mask & mass).sum() / (found.mask.sum() + mass.sum()))


def test_sound_muscles_are_not_marked() -> None:
    assert not any(found_in(drawn(seed, with_mass=False))[0] for seed in range(300, 316))


def test_masses_are_found_whatever_the_slices_axis() -> None:
    found = [found_in(drawn(seed, with_mass=True), axis=seed % 3) for seed in range(300, 312)]
    assert sum(there for there, _ in found) >= 11  # a small one in a thin muscle leaves too little beside it
    assert np.median([overlap for there, overlap in found if there]) > 0.8


def test_it_says_what_it_is_like() -> None:
    one = drawn(305, with_mass=True)
    found = focal_part(one.mask, one.fat, one.spacing_mm, 2, SETTINGS)
    assert found is not None
    assert one.mass is not None
    assert abs(found.fat - one.level) < 0.08
    assert abs(found.across_mm - 2 * one.radius_mm) < 12
    assert 0.6 < found.ml / (one.mass.sum() * np.prod(one.spacing_mm) / 1000) < 1.2
    assert "tumour" not in found.words
    assert f"{found.ml:.0f} ml" in found.words


def test_fat_itself_is_no_mass() -> None:
    """Fatty replacement of a part is what is graded here; so is a muscle that is the same throughout."""
    one = drawn(305, with_mass=True)
    assert one.mass is not None
    fatty = np.where(one.mass, np.float32(0.93), one.fat - one.fat.mean() + np.float32(0.2))
    assert focal_part(one.mask, fatty, one.spacing_mm, 2, SETTINGS) is None
    assert focal_part(one.mask, np.full_like(one.fat, 0.4), one.spacing_mm, 2, SETTINGS) is None
    assert focal_part(one.mask, np.full_like(one.fat, np.nan), one.spacing_mm, 2, SETTINGS) is None


class Given:
    """The toy's own labels."""

    def __init__(self, labels: Volume) -> None:
        self.labels = labels

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        return Segmentation(self.labels, preferred[0], "test", "0" * 64)


def graded(settings: Settings) -> Graded:
    """A pelvis whose left medius of 12 % holds a ball of 32 mm that reads as 45 % fat."""
    toy = make_toy()
    x, y, z = np.moveaxis(toy.grid.to_world(np.moveaxis(np.indices(toy.grid.shape), 0, -1)), -1, 0)
    toy.fat[np.sqrt((x + 95) ** 2 + (y - 5) ** 2 + (z - 25) ** 2) < 16] = 0.45
    return grade_study(dixon_study(toy), settings, Given(toy.labels))


def test_the_muscle_needs_review_and_says_why() -> None:
    result = graded(load_settings()).result
    whole = {(m.side, m.muscle): m for m in result.muscles if m.region is Region.WHOLE}
    marked = whole.pop((Side.LEFT, Muscle.GLUTEUS_MEDIUS))
    assert marked.status is MuscleStatus.NEEDS_REVIEW
    assert (marked.reason, [c.reason for c in marked.checks]) == (Reason.FOCAL_REGION, [Reason.FOCAL_REGION])
    assert marked.fat_fraction > 0.13  # measured as it is
    assert all(m.status is MuscleStatus.GRADED and not m.checks for m in whole.values())


def test_left_out_on_request() -> None:
    found = graded(load_settings({"measure": {"focal": {"leave_out": True}}}))
    marked = next(m for m in found.result.muscles if (m.side, m.muscle, m.region) == (Side.LEFT, Muscle.GLUTEUS_MEDIUS, Region.WHOLE))
    assert marked.status is MuscleStatus.NEEDS_REVIEW
    assert abs(marked.fat_fraction_core - 0.12) < 0.02
    assert marked.evaluable_share < 0.95
    assert [n.reason for n in found.result.notes].count(Reason.FOCAL_REGION) == 1
    assert np.isnan(found.images.fat_fraction.array).any()


def test_not_looked_for() -> None:
    result = graded(load_settings({"measure": {"focal": {"look": False}}})).result
    assert not any(m.checks for m in result.muscles)
