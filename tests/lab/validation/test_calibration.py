"""Width factors are found from errors whose size is known."""

import numpy as np
import pytest

from gluteal_grade_lab.validation.calibration import calibrate, calibrate_muscles, held_out
from tests.lab.validation.records import COHORT, MUSCLES, record


@pytest.mark.parametrize("truth_sd", [0.5, 2.0])
def test_calibration_finds_the_width(truth_sd):
    found = calibrate([record(seed, truth_sd=truth_sd) for seed in range(60)], "true", ("dixon", "t1"))
    assert set(found) == {"labels", "dixon"}
    own = found["dixon"]
    sd = np.hypot(own["spread"] * 0.02, own["offset"])  # what is wide enough, by whichever factor
    assert np.hypot(sd, 0.45 * own["gain"]) == pytest.approx(truth_sd * 0.02, rel=0.2)
    assert own["hold"] >= 0.95
    assert own["muscles"] == 360


def test_calibration_wants_enough():
    with pytest.raises(ValueError, match="muscles"):
        calibrate(COHORT[:3], "true", ("dixon",))


def test_each_muscle_has_the_width_of_its_own_errors():
    """Outlines of one muscle are twice as sure as stated, those of another half as sure; the method's share stays."""
    records = [record(seed) for seed in range(60)]
    rng = np.random.default_rng(5)
    errors = dict(zip(MUSCLES, (0.5, 1.0, 2.0), strict=True))
    for one in records:
        for method in one["factors"]["methods"].values():
            method.update(spread=0.0, offset=0.0, gain=0.0, not_seen=0.0)
        one["factors"]["given"] = {"partial_volume": 1.0, "border": 1.0, "segmentation": 1.0}
        for row in one["runs"][0]["rows"]:
            row["parts"] = row["parts"] | {"map": (0.0, 0.0), "border": (0.02, 0.02)}
            row["ff"] = row["true"] + float(rng.normal(0, 0.02 * errors[row["muscle"]]))
    others = held_out(records, "true", ("dixon", "t1"))
    for muscle, wanted in errors.items():
        assert others[f"dixon, {muscle}"]["width"] == pytest.approx(100 * 2 * 1.96 * 0.02 * wanted, rel=0.25)
        assert 0.88 < others[f"dixon, {muscle}"]["hold"] <= 1
        assert others[f"dixon, {muscle}"]["muscles"] == 120
    found = calibrate_muscles(records, "true", ("dixon", "t1"))
    assert set(found) == set(MUSCLES)
    for muscle, wanted in errors.items():
        assert found[muscle]["border"] == pytest.approx(wanted, rel=0.25)
        assert found[muscle]["hold"] >= 0.95
        assert found[muscle]["muscles"] == 120


def test_a_muscle_seen_too_rarely_is_left_out():
    assert calibrate_muscles(COHORT[:3], "true", ("dixon",)) == {}
