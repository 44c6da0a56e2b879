"""Surfaces in the graph of water and fat: their areas against a count of voxel pairs, and the ball that was exchanged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.fat.interfaces import Interfaces, interfaces
from tests.fat.patches import SPACING, patches, turned_ball

DECIDED = 0.4


def areas(polarity: np.ndarray, inside: np.ndarray) -> tuple[float, float, float]:
    """Same, gained and lost, cm2, counted pair by pair."""
    same = gained = lost = 0.0
    for place in np.argwhere(inside):
        for axis in range(3):
            for step in (-1, 1):
                there = place.copy()
                there[axis] += step
                if not 0 <= there[axis] < polarity.shape[axis] or inside[tuple(there)]:
                    continue
                p, q = float(polarity[tuple(place)]), float(polarity[tuple(there)])
                if not (abs(p) > DECIDED and abs(q) > DECIDED):  # NaN is neither
                    continue
                area = np.prod([s for d, s in enumerate(SPACING) if d != axis]) / 100 * (abs(p * q) ** 0.5)
                same, gained, lost = same + area * (p * q > 0), gained + area * (p < 0 < q), lost + area * (q < 0 < p)
    return same, gained, lost


@given(st.integers(0, 1000), st.floats(14, 26))
def test_areas_are_those_of_the_pairs_it_cuts(seed: int, radius: float) -> None:
    picture = patches((14, 15, 12), seed, size=2.0)
    picture[:2] = np.nan
    graph = interfaces(picture, SPACING, DECIDED)
    cut = graph.cut((30.0, 30.0, 30.0), radius, 8.0)
    assert cut is not None
    inside = (graph.node >= 0) & cut.inside[graph.node]
    assert (cut.same, cut.gained, cut.lost) == pytest.approx(areas(picture, inside), abs=1e-6)


@given(st.integers(0, 1000))
def test_no_surface_between_the_balls_is_cheaper_than_the_balls(seed: int) -> None:
    picture = patches((16, 16, 12), seed, size=2.0)
    graph = interfaces(picture, SPACING, DECIDED)
    centre = (32.0, 32.0, 30.0)
    cut = graph.cut(centre, 20.0, 8.0)
    assert cut is not None
    for radius in (13.0, 20.0, 27.0):
        ball = np.linalg.norm(graph.place - centre, axis=1) < radius
        assert cost(graph, cut.inside) <= cost(graph, ball) + 0.01 * len(graph.cost) / 1000


def cost(graph: Interfaces, inside: np.ndarray) -> float:
    return float(graph.cost[inside[graph.ends[0]] != inside[graph.ends[1]]].sum())


@pytest.mark.parametrize("lump_mm", [None, 10.0])
def test_the_border_of_an_exchanged_ball_is_found(lump_mm: float | None) -> None:
    picture, ball = turned_ball(patches((50, 50, 34), 3), (100.0, 98.0, 104.0), 45.0)
    graph = interfaces(picture, SPACING, DECIDED, lump_mm)
    cut = graph.cut((106.0, 94.0, 100.0), 50.0, 14.0)
    assert cut is not None
    inside = cut.inside[graph.node]
    assert np.mean(inside == ball) > 0.99
    assert cut.gain > 50
    assert min(cut.gained, cut.lost) > 2 * cut.same


def test_lumps_hold_one_tissue_and_all_of_it() -> None:
    picture = patches((20, 20, 16), 5)
    picture[:, :3] = np.nan
    graph = interfaces(picture, SPACING, DECIDED, 10.0)
    there = np.isfinite(picture)
    assert (graph.node[~there] == -1).all()
    assert set(graph.node[there]) == set(range(len(graph.volume)))
    assert (graph.fat[graph.node[there]] == (picture[there] > 0)).all()
    assert graph.volume.sum() == pytest.approx(there.sum() * np.prod(SPACING) / 1000)


def test_nothing_about_a_place_is_no_surface() -> None:
    graph = interfaces(patches((10, 10, 10), 1), SPACING, DECIDED)
    assert graph.cut((500.0, 0.0, 0.0), 40.0, 14.0) is None  # the inner ball is empty
    assert graph.cut((20.0, 20.0, 30.0), 200.0, 14.0) is None  # the outer holds all
