"""The outline and the area of each part where it is largest."""

import numpy as np
import pytest

from gluteal_grade.io.frames import Frame, Placement
from gluteal_grade.report.dicom._outlines import outlines_of
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Part, Region, Side

VALUES = {part: value for value, part in LABEL_VALUES.items()}
MEDIUS = Part(Muscle.GLUTEUS_MEDIUS, Region.WHOLE, Side.LEFT)
PARTS = [Part(Muscle.GLUTEUS_MEDIUS, region, Side.LEFT) for region in (Region.ANTERIOR, Region.POSTERIOR)]


def frames(count: int) -> tuple[Frame, ...]:
    place = Placement((0, 0, 0), (1, 0, 0), (0, 1, 0), (2.0, 0.5))  # rows lie 2 mm apart, columns 0.5 mm
    return tuple(Frame(None, n, None, None, (20, 30), None, place) for n in range(count))  # type: ignore[arg-type]


def labels(planes: int = 3) -> np.ndarray:
    return np.zeros((planes, 20, 30), np.uint8)


def test_the_largest_slice_its_area_and_a_closed_line_from_the_corner() -> None:
    array = labels()
    array[0, 4:6, 4:6] = array[1, 3:9, 10:20] = VALUES[MEDIUS]
    found = outlines_of(array, frames(3))
    assert set(found) == {MEDIUS}
    one = found[MEDIUS]
    assert (one.plane, one.area_cm2) == (1, pytest.approx(60 * 2.0 * 0.5 / 100))
    (line,) = one.lines
    assert (line[0] == line[-1]).all()
    # the border of the pixels' area: columns 10 to 20, rows 3 to 9, counted from the corner of the first pixel
    assert (line.min(axis=0) == [10, 3]).all()
    assert (line.max(axis=0) == [20, 9]).all()


def test_a_muscle_in_regions_has_one_of_all_of_them_too() -> None:
    array = labels(1)
    array[0, 3:9, 10:14], array[0, 3:9, 14:20] = (VALUES[part] for part in PARTS)
    found = outlines_of(array, frames(1))
    assert set(found) == {MEDIUS, *PARTS}
    assert found[MEDIUS].area_cm2 == pytest.approx(sum(found[part].area_cm2 for part in PARTS))
    assert len(found[MEDIUS].lines) == 1


def test_pieces_in_order_of_size_without_holes_and_not_thousands() -> None:
    array = labels(1)
    array[0, 12:15, 2:6], array[0, 2:10, 10:20] = VALUES[MEDIUS], VALUES[MEDIUS]
    array[0, 4:6, 12:14] = 0
    large, small = outlines_of(array, frames(1))[MEDIUS].lines
    assert (large.min(axis=0)[0], small.min(axis=0)[0]) == (10, 2)
    array[0, ::2, ::2] = VALUES[MEDIUS]
    assert len(outlines_of(array, frames(1))[MEDIUS].lines) == 10


def test_a_muscle_that_touches_the_border_is_closed_there() -> None:
    array = labels(1)
    array[0, :5, :5] = VALUES[MEDIUS]
    (line,) = outlines_of(array, frames(1))[MEDIUS].lines
    assert (line.min(axis=0) == [0, 0]).all()
    assert (line[0] == line[-1]).all()


def test_one_pixel_is_a_line_too() -> None:
    array = labels(1)
    array[0, 7, 7] = VALUES[MEDIUS]
    (line,) = outlines_of(array, frames(1))[MEDIUS].lines
    assert len(line) == 5
