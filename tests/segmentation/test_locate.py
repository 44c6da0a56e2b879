"""The coarse look: boxes around the hips that are in view."""

import numpy as np
import pytest

from gluteal_grade.segmentation.bundle import LOCATOR
from gluteal_grade.segmentation.locate import locate
from gluteal_grade.segmentation.look import field_of_view
from gluteal_grade.vocabulary import Side
from tests.segmentation.fakes import LEFT, RIGHT, SETTINGS, blobs, centred, fake_models

GRID = centred((100, 90, 50), np.diag([4.0, 4.0, 5.0]))
LOOSE_MM = 12.0  # two coarse voxels: soft borders, and the outermost voxels that are left out


@pytest.mark.parametrize("margin", [0.0, 25.0, 50.0])
def test_a_box_holds_the_muscles_and_the_margin(margin: float) -> None:
    settings = SETTINGS.segmentation.locator.model_copy(update={"margin_mm": margin})
    found = locate(blobs(GRID, RIGHT, LEFT), fake_models()[LOCATOR], settings, ct=False)
    low_view, high_view = field_of_view(GRID)
    assert [box.side for box in found.boxes] == [Side.RIGHT, Side.LEFT]
    for box, (centre, radii) in zip(found.boxes, (RIGHT, LEFT), strict=True):
        low, high = np.subtract(centre, radii) - margin, np.add(centre, radii) + margin
        assert np.abs(box.low_mm - np.maximum(low, low_view)).max() < LOOSE_MM
        assert np.abs(box.high_mm - np.minimum(high, high_view)).max() < LOOSE_MM
        assert (box.low_mm >= low_view).all()
        assert (box.high_mm <= high_view).all()


def test_a_stray_piece_does_not_widen_the_box() -> None:
    stray = ((150.0, 120.0, 100.0), (14.0, 14.0, 14.0))
    settings = SETTINGS.segmentation.locator
    alone, beside = (locate(blobs(GRID, *which), fake_models()[LOCATOR], settings, ct=False).boxes for which in ((RIGHT,), (RIGHT, stray)))
    assert np.allclose(alone[0].low_mm, beside[0].low_mm, atol=1.0)
    assert np.allclose(alone[0].high_mm, beside[0].high_mm, atol=1.0)


def test_too_little_is_no_hip() -> None:
    small = ((80.0, 0.0, 0.0), (22.0, 22.0, 22.0))  # 45 ml
    bright = blobs(GRID, small)
    hu = bright.with_array(250 - 0.4 * bright.array)  # CT is seen turned over; the scale of CT does not depend on how much is bright
    for least, count in ((20.0, 1), (80.0, 0)):
        settings = SETTINGS.segmentation.locator.model_copy(update={"min_volume_ml": least})
        assert len(locate(hu, fake_models()[LOCATOR], settings, ct=True).boxes) == count


@pytest.mark.parametrize(("share", "sides"), [(0.0, [Side.RIGHT, Side.LEFT]), (0.3, [Side.RIGHT])])
def test_the_edge_of_the_other_side_is_no_hip(share: float, sides: list[Side]) -> None:
    edge = ((-75.0, -40.0, -25.0), (20.0, 30.0, 30.0))  # 75 ml beside 600
    settings = SETTINGS.segmentation.locator.model_copy(update={"min_side_share": share})
    found = locate(blobs(GRID, RIGHT, edge), fake_models()[LOCATOR], settings, ct=False)
    assert [box.side for box in found.boxes] == sides
    assert list(found.slivers) == [side for side in Side if side not in sides]
