"""Surfaces for the 3-D view: where the muscles lie in patient space, closed, and seen from outside."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gluteal_grade.geometry import Grid
from gluteal_grade.report import view_of
from gluteal_grade.review.runs import WHOLE_VALUES
from gluteal_grade.review.surfaces import surface_bytes
from gluteal_grade.vocabulary import COLOURS, Muscle, Part, Region, Side, label_value

MEDIUS, ANTERIOR = WHOLE_VALUES[Muscle.GLUTEUS_MEDIUS, Side.RIGHT], label_value(Part(Muscle.GLUTEUS_MEDIUS, Region.ANTERIOR, Side.RIGHT))


def decoded(content: bytes) -> dict[int, tuple[str, np.ndarray, np.ndarray]]:
    """Colour, points and triangles by label, as the page's script reads them."""
    start = 4 + int.from_bytes(content[:4], "little")
    found = {}
    for mesh in json.loads(content[4:start]):
        points = np.frombuffer(content, "<f4", 3 * mesh["points"], start).reshape(-1, 3).astype(float)
        start += points.size * 4
        triangles = np.frombuffer(content, "<u4", 3 * mesh["triangles"], start).reshape(-1, 3)
        start += triangles.size * 4
        found[mesh["value"]] = (mesh["colour"], points, triangles)
    assert start == len(content)
    return found


@pytest.mark.parametrize("mirrored", [False, True], ids=["RAS", "LAS"])
@pytest.mark.parametrize("slice_axis", range(3))
def test_a_surface_encloses_its_muscle_where_it_lies(slice_axis: int, mirrored: bool) -> None:
    affine = np.diag([-1.0 if mirrored else 1.0, 1.0, 4.0, 1.0])
    affine[:3, 3] = (30, -60, 12)
    grid = Grid((48, 40, 14), affine)
    labels = np.zeros(grid.shape, np.uint8)
    labels[10:34, 8:26, 3:11] = MEDIUS
    labels[10:34, 8:14, 3:11] = ANTERIOR  # a region is a part of its muscle
    view = view_of(grid, slice_axis)
    stack = np.stack([view.picture(labels, n) for n in range(grid.shape[slice_axis])])
    found = decoded(surface_bytes(stack, grid, view))
    assert list(found) == [MEDIUS]
    colour, points, triangles = found[MEDIUS]
    assert colour == COLOURS[Muscle.GLUTEUS_MEDIUS, Region.WHOLE]
    corners = np.sort(grid.to_world([[9.5, 7.5, 2.5], [33.5, 25.5, 10.5]]), axis=0)
    assert np.abs(np.stack([points.min(axis=0), points.max(axis=0)]) - corners).max() < 2.1
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    assert set(np.unique(edges, axis=0, return_counts=True)[1]) == {2}  # closed
    a, b, c = (points[triangles[:, n]] - points.mean(axis=0) for n in range(3))
    volume_mm3 = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    assert volume_mm3 == pytest.approx(24 * 18 * 8 * 4, rel=0.1)  # positive: triangles turn the way that is seen from outside


def test_without_a_muscle_there_is_none() -> None:
    grid = Grid((6, 5, 4), np.eye(4))
    assert decoded(surface_bytes(np.zeros((4, 5, 6), np.uint8), grid, view_of(grid, 2))) == {}


def test_what_is_thin_keeps_a_surface() -> None:
    grid = Grid((20, 20, 6), np.diag([1.0, 1.0, 5.0, 1.0]))
    labels = np.zeros((6, 20, 20), np.uint8)
    labels[2, 9, 4:15] = MEDIUS
    assert len(decoded(surface_bytes(labels, grid, view_of(grid, 2)))[MEDIUS][2]) > 20
