"""Where water meets fat, as a graph, and the surface about a ball that cuts the least of either.

The border of an exchanged region has water on one side wherever there is fat on the other: it cuts neither water nor fat, and is
crossed in both senses. Any other closed surface as large cuts through muscle or fat somewhere, or has fat on one side only (a muscle
in its fascia). The surface is a minimum cut (Boykov & Jolly 2001, 10.1109/ICCV.2001.937505), found by `scipy`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging import Mask

Index = npt.NDArray[np.int64]
Spacing = tuple[float, float, float]
Point = tuple[float, float, float]

_ANYWHERE = 0.08  # cost of a surface, a share of what cutting pure water or fat costs: of two alike the smaller
_UNIT = 1000  # a flow is counted in whole numbers: of 0.1 mm2
_CM2 = 100.0  # mm2


@dataclass(frozen=True)
class Cut:
    """A surface.

    Attributes:
        same: area with the same tissue on both sides, cm2, by how pure it is.
        gained, lost: area with water inside and fat outside; with fat inside and water outside, cm2.
        inside: (nodes,) what lies inside.
    """

    same: float
    gained: float
    lost: float
    inside: Mask

    @property
    def gain(self) -> float:
        """cm2 in favour of an exchange: turned in both senses, less what it cuts."""
        return 2 * min(self.gained, self.lost) - 2 * self.same

    @property
    def through(self) -> float:
        """Share of the surface that cuts muscle or fat, 0-1; 1 for none."""
        area = self.same + self.gained + self.lost
        return self.same / area if area else 1.0

    @property
    def turned(self) -> float:
        """The same, but what is turned in one sense only counts a little: for a choice among surfaces not yet settled."""
        return self.gain + 0.3 * (self.gained + self.lost)


@dataclass(frozen=True)
class Interfaces:
    """Nodes of one tissue, and the areas in which they touch.

    Attributes:
        node: node of each voxel; -1 outside the body.
        place: (nodes, 3) middles, mm from the corner of the grid.
        volume: (nodes,) ml.
        fat: (nodes,) more fat than water.
        ends: (2, edges) nodes.
        same, turned, cost: (edges,) cm2 that part the same tissue, that part water from fat; what cutting the edge costs.
    """

    node: Index
    place: FloatArray
    volume: FloatArray
    fat: Mask
    ends: Index
    same: FloatArray
    turned: FloatArray
    cost: FloatArray

    def middle(self, inside: Mask) -> tuple[Point, float]:
        """Of what lies inside a surface: its middle, and the radius of a ball as large, mm."""
        weight = self.volume * inside
        x, y, z = (float(v) for v in weight @ self.place / weight.sum())
        return (x, y, z), float((3 * 1000 * weight.sum() / (4 * np.pi)) ** (1 / 3))

    def cut(self, centre: Point, radius: float, band: float) -> Cut | None:
        """The surface between two balls about `centre`, `radius` - `band` and `radius` + `band` (mm), that costs least.

        Returns:
            None where one of them holds nothing, or nothing joins them.
        """
        distance = np.linalg.norm(self.place - np.asarray(centre), axis=1)
        inner, outer = distance < max(radius - band, min(0.35 * radius, 12.0)), distance > radius + band
        free = ~inner & ~outer
        n = int(free.sum())
        name = np.where(inner, n, n + 1)
        name[free] = np.arange(n)
        a, b = name[self.ends]
        edges = np.flatnonzero((a != b) & ~(outer[self.ends[0]] & outer[self.ends[1]]))
        a, b = a[edges], b[edges]
        capacity = np.maximum(1, np.round(_UNIT * self.cost[edges])).astype(np.int32)
        both = (np.concatenate([a, b]), np.concatenate([b, a]))
        graph = sparse.coo_matrix((np.concatenate([capacity, capacity]), both), (n + 2, n + 2)).tocsr()
        if not (graph.indptr[n + 1] > graph.indptr[n] and graph.indptr[n + 2] > graph.indptr[n + 1]):
            return None
        inside = _reached(graph, n, n + 1)[name]
        crossed = edges[inside[self.ends[0][edges]] != inside[self.ends[1][edges]]]
        start, end = self.ends[:, crossed]
        fat_inside = np.where(inside[start], self.fat[start], self.fat[end])
        turned = self.turned[crossed]
        return Cut(float(self.same[crossed].sum()), float(turned[~fat_inside].sum()), float(turned[fat_inside].sum()), inside)


def interfaces(polarity: FloatArray, spacing_mm: Spacing, decided: float, lump_mm: float | None = None) -> Interfaces:
    """The graph of a picture.

    Args:
        polarity: 2 FF - 1; NaN where there is no tissue.
        spacing_mm: of its voxels.
        decided: |2 FF - 1| above which a voxel is mostly one or the other.
        lump_mm: joins voxels of one tissue within cubes of this size to a node; None: each voxel is one.
    """
    there = np.isfinite(polarity)
    value = np.where(there, polarity, 0.0)
    fat = value > 0
    node, count = _lumps(there, fat, spacing_mm, lump_mm)
    ends, same, turned, cost = _edges(value, node, spacing_mm, decided)
    seen = np.flatnonzero(there)
    mine = node.ravel()[seen]
    voxels = np.bincount(mine, minlength=count)
    at = [(np.stack(np.unravel_index(seen, there.shape))[d] + 0.5) * spacing_mm[d] for d in range(3)]
    place = np.stack([np.bincount(mine, x, minlength=count) / np.maximum(voxels, 1) for x in at], axis=1)
    of_node = np.zeros(count, bool)
    of_node[mine] = fat.ravel()[seen]
    return Interfaces(node, place, voxels * float(np.prod(spacing_mm)) / 1000, of_node, ends, same, turned, cost)


def _lumps(there: Mask, fat: Mask, spacing_mm: Spacing, lump_mm: float | None) -> tuple[Index, int]:
    """Node of each voxel, -1 for none, and how many there are."""
    node = np.full(there.size, -1, np.int64)
    seen = np.flatnonzero(there)
    if lump_mm is None:
        node[seen] = np.arange(len(seen))
        return node.reshape(there.shape), len(seen)
    cube = [(np.arange(n) * s / lump_mm).astype(np.int64) for n, s in zip(there.shape, spacing_mm, strict=True)]
    size = [int(c[-1]) + 1 for c in cube]
    key = (cube[0][:, None, None] * size[1] + cube[1][None, :, None]) * size[2] + cube[2][None, None, :]
    key = np.where(there, 2 * key + fat, -1)
    index = np.arange(there.size).reshape(there.shape)
    joined = []
    for low, high in _neighbours():
        alike = (key[low] == key[high]) & there[low]
        joined.append(np.stack([index[low][alike], index[high][alike]]))
    a, b = np.concatenate(joined, axis=1)
    _, parts = csgraph.connected_components(sparse.coo_matrix((np.ones(len(a), bool), (a, b)), (there.size, there.size)), directed=False)
    names, node[seen] = np.unique(parts[seen], return_inverse=True)
    return node.reshape(there.shape), len(names)


def _edges(value: FloatArray, node: Index, spacing_mm: Spacing, decided: float) -> tuple[Index, FloatArray, FloatArray, FloatArray]:
    ends, parts = [], []
    for axis, (low, high) in enumerate(_neighbours()):
        area = float(np.prod([s for d, s in enumerate(spacing_mm) if d != axis])) / _CM2
        a, b = node[low], node[high]
        touch = (a != b) & (a >= 0) & (b >= 0)
        p, q = value[low][touch], value[high][touch]
        ends.append(np.sort(np.stack([a[touch], b[touch]]), axis=0))
        alike = (p > 0) == (q > 0)
        sure = (np.abs(p) > decided) & (np.abs(q) > decided)
        pure = area * np.where(sure, np.sqrt(np.abs(p * q)), 0)
        parts.append(np.stack([pure * alike, pure * ~alike, np.full(len(p), area)]))
    both, areas = np.concatenate(ends, axis=1), np.concatenate(parts, axis=1)
    names, inverse = np.unique(both[0] * (int(node.max()) + 1) + both[1], return_inverse=True)
    same, turned, touching = (np.asarray(np.bincount(inverse, row), np.float64) for row in areas)
    pair = np.stack(np.divmod(names, int(node.max()) + 1)).astype(np.int64)
    return pair, same, turned, same + _ANYWHERE * touching


def _neighbours() -> list[tuple[Any, Any]]:
    """For each axis, slices of an array: voxels, and the next ones along it."""
    every, low, high = slice(None), slice(None, -1), slice(1, None)
    return [tuple(tuple(end if d == axis else every for d in range(3)) for end in (low, high)) for axis in range(3)]  # type: ignore[misc]


def _reached(graph: Any, source: int, sink: int) -> Mask:
    """(nodes,) on the source's side of the minimum cut."""
    left = graph - csgraph.maximum_flow(graph, source, sink).flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = np.zeros(graph.shape[0], bool)
    reached[csgraph.breadth_first_order(left, source, return_predecessors=False)] = True
    return reached
