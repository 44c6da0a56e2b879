"""Which DICOM images a result belongs to."""

import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import Study
from gluteal_grade.io.stations import with_stations
from gluteal_grade.report.dicom.sources import sources_of
from tests.in_stations import station


def test_a_stitched_image_has_no_dicom_series_on_its_grid() -> None:
    series, _ = with_stations([*station("s1", 0, 16, uid="1.2.3"), *station("s5", 14, 16, uid="1.2.4")])
    with pytest.raises(RefusedInput) as caught:
        sources_of(Study("0" * 12, tuple(series)), "s1.water.stitched")
    assert caught.value.reason is Reason.DICOM_NOT_WRITTEN
    assert "stitched of several stations" in caught.value.detail
