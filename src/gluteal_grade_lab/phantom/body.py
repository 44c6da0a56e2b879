"""The whole body: parameters, calibration to requested muscle volumes, and `tissue_at` for any points in patient space."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.vocabulary import GLUTEI, Muscle, Part, Region, Side, label_value
from gluteal_grade_lab.phantom.bones import LESSER_TROCHANTER_SUP
from gluteal_grade_lab.phantom.hip import Hip
from gluteal_grade_lab.phantom.noise import WaveNoise
from gluteal_grade_lab.phantom.shapes import F32
from gluteal_grade_lab.phantom.structures import BESIDE, GLUTEAL, Structure

# Medians of healthy adults, ml (Belzunce 2022, 10.1002/nbm.4636); maximus cropped at the lesser trochanter.
HEALTHY_VOLUME_ML: dict[str, dict[Muscle, float]] = {
    "M": {Muscle.GLUTEUS_MAXIMUS: 742.0, Muscle.GLUTEUS_MEDIUS: 387.0, Muscle.GLUTEUS_MINIMUS: 97.0},
    "F": {Muscle.GLUTEUS_MAXIMUS: 585.0, Muscle.GLUTEUS_MEDIUS: 266.0, Muscle.GLUTEUS_MINIMUS: 71.0},
}
_SEX_SCALE = {"M": (1.0, 1.0, 1.0), "F": (0.97, 0.93, 0.92)}
_SIDES = (Side.LEFT, Side.RIGHT)


@dataclass(frozen=True)
class BodyParameters:
    """A person.

    Attributes:
        sex: "M" or "F": skeleton proportions, organs, default volumes.
        size: overall scale of the skeleton, 1 = average.
        subcutaneous_fat_mm: at the side of the hip, 5-80 mm.
        volume_factors: ((side, muscle, factor), ...) on the healthy volume; what is not named has factor 1.
        implant_side: side with a hip replacement, or None.
        implant_cup: the replacement has a cup.
        seed: small shape differences between people and sides.

    Raises:
        ValueError: a number is out of its range.
    """

    sex: str = "M"
    size: float = 1.0
    subcutaneous_fat_mm: float = 22.0
    volume_factors: tuple[tuple[Side, Muscle, float], ...] = ()
    implant_side: Side | None = None
    seed: int = 1
    implant_cup: bool = False

    def __post_init__(self) -> None:
        if self.sex not in _SEX_SCALE:
            raise ValueError("sex must be M or F")
        if not 5 <= self.subcutaneous_fat_mm <= 80:
            raise ValueError("subcutaneous fat must be 5-80 mm")
        if not 0.8 <= self.size <= 1.2:
            raise ValueError("size must be 0.8-1.2")
        if any(not 0.25 <= factor <= 1.5 for _, _, factor in self.volume_factors):
            raise ValueError("volume factors must be 0.25-1.5")

    def target_volume_ml(self, side: Side, muscle: Muscle) -> float:
        """The volume asked for, ml; maximus above the lesser trochanter."""
        factors = {(s, m): f for s, m, f in self.volume_factors}
        return HEALTHY_VOLUME_ML[self.sex][muscle] * factors.get((side, muscle), 1.0) * self.size**3

    @property
    def scale(self) -> tuple[float, float, float]:
        """mm in the patient per canonical mm, along x, y, z."""
        x, y, z = _SEX_SCALE[self.sex]
        return x * self.size, y * self.size, z * self.size


@dataclass(frozen=True, eq=False)
class Lattice:
    """Regularly spaced points of one hip that are not bone: (n, 3) RAS+ mm, canonical coordinates (n,), volume of each in ml."""

    points: F32
    lat: F32
    ant: F32
    sup: F32
    above_trochanter: npt.NDArray[np.bool_]
    point_ml: float


@dataclass(frozen=True, eq=False)
class Body:
    """Anatomy as a function of place. Make one with `build_body`.

    Attributes:
        parameters: the person.
        thickness: calibration factors a side and muscle.
        lattices: the points outside bone that it was calibrated on.
        lattice_ids: structure ids of the glutei there, 0 elsewhere.
    """

    parameters: BodyParameters
    thickness: dict[Side, dict[Muscle, float]]
    lattices: dict[Side, Lattice] = field(default_factory=dict, repr=False)
    lattice_ids: dict[Side, npt.NDArray[np.uint8]] = field(default_factory=dict, repr=False)

    @cached_property
    def hips(self) -> dict[Side, Hip]:
        """The two halves."""
        p = self.parameters
        return {
            side: Hip(
                side, p.sex == "F", p.subcutaneous_fat_mm, self.thickness[side], p.seed * 2 + i, p.implant_side is side, p.implant_cup
            )
            for i, side in enumerate(_SIDES)
        }

    @cached_property
    def _warp(self) -> tuple[WaveNoise, ...]:
        return tuple(WaveNoise(self.parameters.seed * 3 + axis, 110, 320, waves=3) for axis in range(3))

    def warped(self, points: npt.NDArray[Any]) -> F32:
        """(n, 3) RAS+ mm points moved by a smooth warp of some millimetres: nobody is symmetric, and no muscle is a formula."""
        x, y, z = (points[:, axis].astype(np.float32) for axis in range(3))
        return np.stack([c + np.float32(a) * w.at(x, y, z) for c, a, w in zip((x, y, z), (1.2, 1.8, 1.8), self._warp, strict=True)], axis=1)

    def canonical(self, points: npt.NDArray[Any]) -> tuple[F32, F32, F32, npt.NDArray[np.bool_]]:
        """Canonical lat, ant, sup (mm) of (n, 3) RAS+ mm points, and which of them are right."""
        cx, cy, cz = (self.warped(points) / np.array(self.parameters.scale, dtype=np.float32)).T
        return np.abs(cx), np.ascontiguousarray(cy), np.ascontiguousarray(cz), cx > 0

    def tissue_at(self, points: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """`Structure` ids at (n, 3) RAS+ mm points: (n,) uint8."""
        lat, ant, sup, right = self.canonical(points)
        return self.structures_at(lat, ant, sup, right)

    def structures_at(self, lat: F32, ant: F32, sup: F32, right: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
        """`Structure` ids at canonical points."""
        ids = np.zeros(lat.shape, dtype=np.uint8)
        for side, mask in ((Side.RIGHT, right), (Side.LEFT, ~right)):
            if mask.all():
                return np.asarray(self.hips[side].structures(lat, ant, sup))
            if mask.any():
                ids[mask] = self.hips[side].structures(lat[mask], ant[mask], sup[mask])
        return ids

    def points_in(self, side: Side, muscle: Muscle, target: int = 60_000) -> tuple[F32, F32, F32]:
        """Canonical lat, ant, sup of some `target` points inside one muscle, on a regular lattice in patient space."""
        lattice = self.lattices[side]
        structures = [s for s, m in GLUTEAL.items() if m is muscle]
        coarse = lattice.points[np.isin(self.lattice_ids[side], structures)]
        spacing = (len(coarse) * lattice.point_ml * 1000 / target) ** (1 / 3)
        low, high = coarse.min(axis=0) - 3, coarse.max(axis=0) + 3
        axes = [np.arange(a, b, spacing, dtype=np.float32) for a, b in zip(low, high, strict=True)]
        lat, ant, sup, _ = self.canonical(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3))
        hip = self.hips[side]
        mine = np.isin(hip.glutei_at(lat, ant, sup), structures)
        lat, ant, sup = lat[mine], ant[mine], sup[mine]
        bare = hip.bones_at(lat, ant, sup) == 0
        return lat[bare], ant[bare], sup[bare]

    @property
    def lesser_trochanter_mm(self) -> float:
        """Height (RAS+ z, mm) of the middle of the lesser trochanters, where maximus volumes are cropped in the literature."""
        return LESSER_TROCHANTER_SUP * self.parameters.scale[2]


def label_table(beside: bool = False) -> npt.NDArray[np.uint8]:
    """(2, 256) uint8: label value by side (0 left, 1 right) and structure id; minimus by its two parts; muscles `beside` the glutei too."""
    table = np.zeros((2, 256), dtype=np.uint8)
    for i, side in enumerate(_SIDES):
        for structure, muscle in (GLUTEAL | (BESIDE if beside else {})).items():
            region = {
                Structure.GLUTEUS_MINIMUS_ANTERIOR: Region.ANTERIOR,
                Structure.GLUTEUS_MINIMUS_POSTERIOR: Region.POSTERIOR,
            }.get(structure, Region.WHOLE)
            table[i, structure] = label_value(Part(muscle, region, side))
    return table


@lru_cache(maxsize=16)
def build_body(parameters: BodyParameters, spacing_mm: float = 2.5, rounds: int = 12) -> Body:
    """A body whose glutei have the volumes that its parameters ask for.

    The three thickness factors a side are corrected together until every volume, counted on a lattice of `spacing_mm`, is within
    0.2 % of its target (the lattice itself is good for about 0.3 %).

    Raises:
        ValueError: a volume cannot be reached with this skeleton.
    """
    thickness = {side: dict.fromkeys(GLUTEI, 1.0) for side in _SIDES}
    first = Body(parameters, thickness)
    lattices = {side: _bare_lattice(first, side, spacing_mm) for side in _SIDES}
    points = {side: first.hips[side].glutei_points(v.lat, v.ant, v.sup) for side, v in lattices.items()}
    for _ in range(rounds):
        hips = Body(parameters, thickness).hips
        body = Body(parameters, thickness, lattices, {side: hips[side].glutei_of(points[side]) for side in _SIDES})
        volumes = _volumes_ml(body)
        ratio = {side: {m: volumes[side][m] / parameters.target_volume_ml(side, m) for m in GLUTEI} for side in _SIDES}
        if all(abs(r - 1) < 2e-3 for by_muscle in ratio.values() for r in by_muscle.values()):
            return body
        thickness = {side: {m: float(np.clip(thickness[side][m] * ratio[side][m] ** -1.05, 0.1, 4)) for m in GLUTEI} for side in _SIDES}
    worst = max(abs(r - 1) for by_muscle in ratio.values() for r in by_muscle.values())
    if worst > 0.01:
        raise ValueError(f"the requested muscle volumes cannot be reached (off by {worst:.1%})")
    return body


def hip_lattice(body: Body, side: Side, spacing_mm: float) -> npt.NDArray[np.float64]:
    """(n, 3) RAS+ mm points of a regular lattice that holds the glutei of one side."""
    sx, sy, sz = body.parameters.scale
    x = np.arange(0, 185 * sx, spacing_mm) + spacing_mm / 2
    y = np.arange(-155 * sy, 70 * sy, spacing_mm)
    # cells end at the lesser trochanter, where volumes of maximus are cropped
    trochanter = body.lesser_trochanter_mm
    below, above = int(np.ceil((trochanter + 135 * sz) / spacing_mm)), int(np.ceil((140 * sz - trochanter) / spacing_mm))
    z = trochanter + (np.arange(-below, above) + 0.5) * spacing_mm
    grid = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1)
    # every other layer moved by half a step: a plain lattice would count thin sheets along its planes badly
    grid[:, :, ::2, :2] += spacing_mm / 2
    points = grid.reshape(-1, 3)
    points[:, 0] *= 1 if side is Side.RIGHT else -1
    return points


def _bare_lattice(body: Body, side: Side, spacing_mm: float) -> Lattice:
    points = hip_lattice(body, side, spacing_mm)
    lat, ant, sup, _ = body.canonical(points)
    keep = body.hips[side].bones_at(lat, ant, sup) == 0
    return Lattice(
        points[keep].astype(np.float32), lat[keep], ant[keep], sup[keep], points[keep, 2] >= body.lesser_trochanter_mm, spacing_mm**3 / 1000
    )


def _volumes_ml(body: Body) -> dict[Side, dict[Muscle, float]]:
    volumes: dict[Side, dict[Muscle, float]] = {}
    for side, ids in body.lattice_ids.items():
        lattice = body.lattices[side]
        volumes[side] = dict.fromkeys(GLUTEI, 0.0)
        for structure, muscle in GLUTEAL.items():
            hit = ids == structure
            if muscle is Muscle.GLUTEUS_MAXIMUS:
                hit &= lattice.above_trochanter
            volumes[side][muscle] += float(np.count_nonzero(hit)) * lattice.point_ml
    return volumes
