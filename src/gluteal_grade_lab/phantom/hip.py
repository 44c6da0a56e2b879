"""One half of the body in the canonical frame: which structure is where, by right of way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gluteal_grade.vocabulary import Muscle, Side
from gluteal_grade_lab.phantom import bones, muscles, viscera
from gluteal_grade_lab.phantom.envelope import SKIN_MM, Envelope
from gluteal_grade_lab.phantom.glutei import Layers, LayersAt, Maximus, MaximusAt
from gluteal_grade_lab.phantom.implant import head_and_stem, shell, socket
from gluteal_grade_lab.phantom.noise import WaveNoise
from gluteal_grade_lab.phantom.shapes import F32, FAR, Box, Shape, Union
from gluteal_grade_lab.phantom.structures import Structure

U8 = npt.NDArray[np.uint8]
S = Structure
_NONE = np.empty(0, dtype=np.intp)

# The split of minimus: angle of the fan seen from its insertion, in the plane along the wing; 0 points up, positive to the front.
FAN_APEX = (139.0, 4.0, -20.0)
WING_DIRECTION = (0.42, 0.907)  # lat, ant: from the posterior to the anterior spine
FAN_SPLIT_DEG = -8.0

_EPIMYSIUM_MM = 0.7
_PERIOSTEUM_MM = 0.7
_LOOSE_PLANE_MM = 1.9  # between muscles that slide on each other: sheath, fat, sheath
_CORTEX_MM = 2.0
_CLOSE_MM = 4.0  # beyond it a muscle leaves no trace
_BEHIND = 1.5  # maximus' fat planes are wider
_GROW_MM = 2.2  # how much fuller than their keys the other muscles are: they fill each other's gaps


def fan_angle_deg(lat: F32, ant: F32, sup: F32) -> F32:
    """Angle in the fan of minimus and medius seen from the trochanter, degrees; negative behind, positive in front."""
    apex, wing = np.array(FAN_APEX, dtype=np.float32), np.array(WING_DIRECTION, dtype=np.float32)
    along = (lat - apex[0]) * wing[0] + (ant - apex[1]) * wing[1]
    return np.asarray(np.degrees(np.arctan2(along, np.maximum(sup - apex[2], np.float32(1)))), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class GluteiPoints:
    """Points of one hip and what is known of them before the glutei's thicknesses are.

    Attributes:
        places: canonical lat, ant, sup of all, (n,) mm.
        sheets, back: indices of those near minimus and medius, and near maximus.
        layers, maximus: of those.
        rear: which of `sheets` belong to posterior minimus, if to minimus.
        sheets_gap, back_gap: width of the fat plane there, mm.
    """

    places: tuple[F32, F32, F32]
    sheets: np.ndarray
    layers: LayersAt
    rear: np.ndarray
    sheets_gap: F32
    back: np.ndarray
    maximus: MaximusAt
    back_gap: F32


@dataclass(frozen=True)
class Hip:
    """One side.

    Args:
        side: which.
        female: organs differ.
        fat_mm: subcutaneous fat, mm.
        thickness: calibration factors of the three glutei.
        seed: of the fat planes.
        implant: head and stem of a hip replacement instead of the femoral head and neck.
        cup: the socket is replaced too.
    """

    side: Side
    female: bool
    fat_mm: float
    thickness: dict[Muscle, float] = field(hash=False)
    seed: int
    implant: bool = False
    cup: bool = False

    @cached_property
    def _bones(self) -> tuple[tuple[Structure, Shape], ...]:
        return (
            (S.FEMUR_MARROW, bones.femur()),
            (S.HIP_MARROW, bones.hip_bone()),
            (S.SACRUM_MARROW, bones.sacrum()),
            (S.SACRUM_MARROW, bones.lumbar()),
            (S.DISC, bones.disc()),
        )

    @cached_property
    def _capsule(self) -> Shape:
        return bones.capsule()

    @cached_property
    def _metal(self) -> Shape:
        return head_and_stem()

    @cached_property
    def _alloy(self) -> Shape:
        return Union((self._metal, shell())) if self.cup else self._metal

    @cached_property
    def _others(self) -> tuple[tuple[Structure, Shape], ...]:
        return muscles.neighbours()

    @cached_property
    def _viscera(self) -> tuple[tuple[Structure, Shape], ...]:
        return viscera.viscera(self.side, female=self.female)

    @cached_property
    def _envelope(self) -> Envelope:
        return Envelope(self.fat_mm)

    @cached_property
    def _planes(self) -> WaveNoise:
        return WaveNoise(self.seed + 7, 18, 45)

    def metal_distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Distance of (n,) points from the implant's surface, mm, whether or not this side has one."""
        return self._metal.distance(lat, ant, sup)

    def alloy_distance(self, lat: F32, ant: F32, sup: F32) -> F32:
        """The same of head, stem and, where there is one, the cup's metal: what makes the field."""
        return self._alloy.distance(lat, ant, sup)

    def bones_at(self, lat: F32, ant: F32, sup: F32) -> U8:
        """(n,) uint8: the bones and joints only, 0 elsewhere."""
        work = _Work(lat, ant, sup)
        self._place_bones(work)
        return work.ids

    def glutei_at(self, lat: F32, ant: F32, sup: F32) -> U8:
        """(n,) uint8: the three glutei only, 0 elsewhere, for points that are known to be outside bone."""
        return self.glutei_of(self.glutei_points(lat, ant, sup))

    def glutei_points(self, lat: F32, ant: F32, sup: F32) -> GluteiPoints:
        """All that `glutei_of` needs to know of (n,) points but the thicknesses: worth keeping where these are still looked for."""
        work = _Work(lat, ant, sup)
        layers, maximus = self._glutei  # for their boxes
        sheets, back = work.inside(layers.box), work.inside(maximus.box)
        ahead, behind = work.at(sheets), work.at(back)
        return GluteiPoints(
            (lat, ant, sup),
            sheets,
            LayersAt.of(*ahead),
            fan_angle_deg(*ahead) < FAN_SPLIT_DEG,
            self._gap(*ahead),
            back,
            MaximusAt.of(*behind),
            self._gap(*behind),
        )

    def glutei_of(self, points: GluteiPoints) -> U8:
        """As `glutei_at`."""
        work = _Work(*points.places)
        layers, maximus = self._glutei
        self._claim_layers(work, points.sheets, layers.distances(points.layers), points.rear, points.sheets_gap)
        near = np.searchsorted(points.back, work.inside(maximus.box))  # those that are free still
        d = maximus.distance(points.maximus.some(near))
        close = d < _CLOSE_MM
        work.claim(S.GLUTEUS_MAXIMUS, points.back[near][close], d[close], points.back_gap[near][close] * np.float32(_BEHIND))
        return work.ids

    def structures(self, lat: F32, ant: F32, sup: F32) -> U8:
        """(n,) uint8 `Structure` ids."""
        work = _Work(lat, ant, sup)
        fascia = self._envelope.fascia_distance(lat, ant, sup)
        skin = self._envelope.skin_distance(fascia, lat, ant, sup)
        if skin.min() > 0:
            return work.ids
        self._place_bones(work)
        self._place_glutei(work)
        for structure, shape in self._others:
            work.muscle(structure, shape.box, shape.distance, self._loose_gap, grow=_GROW_MM)
        for structure, shape in self._viscera:
            work.place(structure, shape.box, shape.distance)
        self._place_wall(work, fascia)
        ids = work.ids
        free = ids == 0
        ids[free & work.coated] = S.SHEATH
        free &= ~work.coated
        ids[free] = np.where(fascia[free] < 0, S.DEEP_FAT, S.SUBCUTANEOUS_FAT)
        ids[free & (np.abs(fascia) < 0.35)] = S.FASCIA
        ids[free & ((skin > -SKIN_MM) | self._envelope.cleft(lat, ant, sup))] = S.SKIN
        ids[skin > 0] = S.AIR
        return ids

    def _place_bones(self, work: _Work) -> None:
        if self.implant:
            work.place(S.IMPLANT, self._metal.box, self._metal.distance)
            if self.cup:
                work.place(S.IMPLANT, socket().box, socket().distance)
        for structure, shape in self._bones:
            work.place(structure, shape.box, shape.distance, rim=None if structure is S.DISC else S.CORTEX)
        work.place(S.JOINT, self._capsule.box, self._capsule.distance, rim=S.FASCIA)

    def _place_glutei(self, work: _Work) -> None:
        layers, maximus = self._glutei
        near = work.inside(layers.box)
        if near.size:
            at = work.at(near)
            self._claim_layers(work, near, layers.distances(LayersAt.of(*at)), fan_angle_deg(*at) < FAN_SPLIT_DEG, self._gap(*at))
        work.muscle(S.GLUTEUS_MAXIMUS, maximus.box, lambda *at: maximus.distance(MaximusAt.of(*at)), self._gap, wide=_BEHIND)

    @property
    def _glutei(self) -> tuple[Layers, Maximus]:
        t = self.thickness
        return Layers(t[Muscle.GLUTEUS_MINIMUS], t[Muscle.GLUTEUS_MEDIUS]), Maximus(t[Muscle.GLUTEUS_MAXIMUS])

    @staticmethod
    def _claim_layers(work: _Work, near: np.ndarray, distances: tuple[F32, F32], rear: np.ndarray, gap: F32) -> None:
        d_min, d_med = distances
        for part, structure in ((~rear, S.GLUTEUS_MINIMUS_ANTERIOR), (rear, S.GLUTEUS_MINIMUS_POSTERIOR)):
            work.claim(structure, near[part], d_min[part], gap[part])
        work.claim(S.GLUTEUS_MEDIUS, near, d_med, gap)

    def _gap(self, lat: F32, ant: F32, sup: F32) -> F32:
        """Width of the fat plane between two muscles, mm: mostly none, some millimetres in patches."""
        return np.asarray(np.clip(np.float32(1.8) * (self._planes.at(lat, ant, sup) - np.float32(0.75)), 0, 3), dtype=np.float32)

    def _loose_gap(self, lat: F32, ant: F32, sup: F32) -> F32:
        """The same between muscles that slide on each other: never none."""
        return np.maximum(self._gap(lat, ant, sup), np.float32(_LOOSE_PLANE_MM))

    def _place_wall(self, work: _Work, fascia: F32) -> None:
        """Abdominal muscles: a shell under the fascia, in front and at the flank."""
        index = np.flatnonzero((fascia < -0.5) & (fascia > -17) & (work.sup > -20) & (work.ant > -75) & (work.ids == 0))
        if index.size:
            lat, ant, sup = work.at(index)
            low = np.interp(ant, (-70, -40, 20, 60, 80), (112, 122, 70, 10, -20)).astype(np.float32)
            thick = np.interp(ant, (-60, 0, 40, 70), (17, 17, 13, 10)).astype(np.float32)
            work.ids[index[(fascia[index] > -thick) & (sup > low) & (lat > 4)]] = S.ABDOMINAL_WALL


@dataclass
class _Work:
    """Points being given their structure; earlier structures keep what they have."""

    lat: F32
    ant: F32
    sup: F32

    def __post_init__(self) -> None:
        n = self.lat.shape
        self.ids = np.zeros(n, dtype=np.uint8)
        self.coated = np.zeros(n, dtype=bool)
        self.near = np.full(n, FAR, dtype=np.float32)  # distance to the muscles placed so far
        self._axes = (self.lat, self.ant, self.sup)
        self._low = [float(v.min()) for v in self._axes]
        self._high = [float(v.max()) for v in self._axes]

    def inside(self, box: Box, margin: float = 3.0) -> np.ndarray:
        """Indices of free points in a box."""
        keep = None
        for axis in range(3):
            low, high = box[2 * axis] - margin, box[2 * axis + 1] + margin
            if self._low[axis] > high or self._high[axis] < low:
                return _NONE
        for axis, values in enumerate(self._axes):
            low, high = box[2 * axis] - margin, box[2 * axis + 1] + margin
            if self._low[axis] < low:
                keep = values >= low if keep is None else keep & (values >= low)
            if self._high[axis] > high:
                keep = values <= high if keep is None else keep & (values <= high)
        free = self.ids == 0
        return np.flatnonzero(free if keep is None else keep & free)

    def at(self, index: np.ndarray) -> tuple[F32, F32, F32]:
        return self.lat[index], self.ant[index], self.sup[index]

    def place(self, structure: Structure, box: Box, distance: Callable[[F32, F32, F32], F32], rim: Structure | None = None) -> None:
        """Fill a shape; its outer 2 mm with another structure if asked, and a thin sheath around."""
        near = self.inside(box)
        if near.size:
            d = distance(*self.at(near))
            self.ids[near[d < 0]] = structure
            if rim is not None:
                self.ids[near[(d < 0) & (d > -_CORTEX_MM)]] = rim
                self.ids[near[(d >= 0) & (d < _PERIOSTEUM_MM)]] = S.SHEATH

    def muscle(
        self,
        structure: Structure,
        box: Box,
        distance: Callable[[F32, F32, F32], F32],
        gap: Callable[[F32, F32, F32], F32],
        wide: float = 1.0,
        grow: float = 0.0,
    ) -> None:
        """Fill a muscle, with its fat plane towards earlier muscles and its epimysium."""
        near = self.inside(box, 3.0 + grow)
        if near.size:
            points = self.at(near)
            d = distance(*points) - np.float32(grow)
            close = d < _CLOSE_MM
            if close.any():
                self.claim(structure, near[close], d[close], gap(*(p[close] for p in points)) * np.float32(wide))

    def claim(self, structure: Structure, index: np.ndarray, d: F32, gap: F32) -> None:
        """Give free points with d < 0 to a muscle, except within `gap` mm of an earlier one."""
        free = (self.ids[index] == 0) & (d < _CLOSE_MM)
        index, d, gap = index[free], d[free], gap[free]
        plane = self.near[index] < gap
        self.ids[index[(d < 0) & ~plane]] = structure
        self.coated[index[(d >= 0) & (d < _EPIMYSIUM_MM)]] = True
        self.near[index] = np.minimum(self.near[index], d)
