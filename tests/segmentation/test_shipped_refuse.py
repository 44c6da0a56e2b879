"""The shipped networks on what is no hip."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.segmentation.bundle import BundleSegmenter
from gluteal_grade_lab.training.strangers import STRANGERS

SETTINGS = load_settings()
SHIPPED = BundleSegmenter(SETTINGS.segmentation, SETTINGS.checks)


@pytest.mark.long
@pytest.mark.parametrize("name", ["knee, T1", "calves, T1", "noise", "blobs"])
def test_what_is_no_hip_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(RefusedInput) as caught:
        SHIPPED.find(STRANGERS[name](950_000), ct=False)
    assert caught.value.reason is Reason.NO_GLUTEAL_MUSCLE
    assert np.any([word in caught.value.detail for word in ("hip", "ml", "look")])
