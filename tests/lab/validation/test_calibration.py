"""Width factors are found from errors whose size is known."""

import numpy as np
import pytest

from gluteal_grade_lab.validation.calibration import calibrate
from tests.lab.validation.records import COHORT, record


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
