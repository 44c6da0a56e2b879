"""Which scale the converter left a Philips image on."""

from typing import Any

import pytest

from gluteal_grade.io.philips import Scale, scale_of

PHILIPS = {"Manufacturer": "Philips"}


@pytest.mark.parametrize(
    ("sidecar", "wanted"),
    [
        ({**PHILIPS, "UsePhilipsFloatNotDisplayScaling": 1, "PhilipsRescaleSlope": 3.0, "PhilipsScaleSlope": 0.01}, Scale(1.0, True)),
        ({**PHILIPS, "UsePhilipsFloatNotDisplayScaling": 0, "PhilipsRescaleSlope": 2.0, "PhilipsScaleSlope": 0.5}, Scale(1.0, True)),
        ({**PHILIPS, "UsePhilipsFloatNotDisplayScaling": 0, "PhilipsRescaleSlope": 4.0, "PhilipsScaleSlope": 0.5}, Scale(0.5, True)),
        ({**PHILIPS, "PhilipsRWVSlope": 4.0, "PhilipsRescaleSlope": 4.0, "PhilipsScaleSlope": 0.5}, Scale(0.5, True)),
        ({**PHILIPS, "UsePhilipsFloatNotDisplayScaling": 0}, Scale(1.0, False)),  # nothing tells how to undo it
        ({**PHILIPS, "UsePhilipsFloatNotDisplayScaling": 0, "PhilipsRescaleSlope": "x", "PhilipsScaleSlope": -1}, Scale(1.0, False)),
        (PHILIPS, Scale(1.0, True)),
        ({}, Scale(1.0, True)),
    ],
)
def test_display_values_go_back_to_the_scanners_scale(sidecar: dict[str, Any], wanted: Scale) -> None:
    assert scale_of(sidecar, scaled=True, fraction=False) == wanted


def test_maps_in_a_unit_and_unscaled_files_stay_as_they_are() -> None:
    display = {**PHILIPS, "UsePhilipsFloatNotDisplayScaling": 0, "PhilipsRescaleSlope": 4.0, "PhilipsScaleSlope": 0.5}
    assert scale_of(display, scaled=True, fraction=True) == Scale(1.0, True)
    assert scale_of(display, scaled=False, fraction=False) == Scale(1.0, False)
