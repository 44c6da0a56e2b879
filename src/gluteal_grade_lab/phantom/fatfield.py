"""Fat inside the muscles: a prescribed mean and pattern, as a fat fraction at any point.

Fat fraction here is the proton-density fat fraction; lean muscle and fat have the same density per volume in this phantom, so it is
also the share of volume. FF = 1 / (1 + exp(-(offset + pattern))): bounded, smooth on the scale of a voxel, streaky along the
fibres. The offset is solved so that the mean over the muscle is the prescribed one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit

from gluteal_grade.vocabulary import GLUTEI, Muscle, Side
from gluteal_grade_lab.phantom.body import Body
from gluteal_grade_lab.phantom.hip import FAN_APEX, WING_DIRECTION, fan_angle_deg
from gluteal_grade_lab.phantom.noise import WaveNoise
from gluteal_grade_lab.phantom.shapes import F32
from gluteal_grade_lab.phantom.structures import FIRST_MUSCLE, GLUTEAL, LAST_MUSCLE

NEIGHBOUR_FF = 0.05  # of every muscle that is not graded: young, healthy muscle


class Pattern(StrEnum):
    """How fat lies in a muscle."""

    DIFFUSE = "diffuse"  # nearly even
    STREAKY = "streaky"  # along the fibres
    POSTERIOR = "posterior"  # streaky, most of it in the posterior (maximus: lower) part


# amplitudes of streaks, of blotches, and of the trend to posterior, in logit units
AMPLITUDES = {Pattern.DIFFUSE: (0.30, 0.25, 0.0), Pattern.STREAKY: (1.0, 0.45, 0.25), Pattern.POSTERIOR: (0.7, 0.4, 1.5)}
_STRETCH = np.float32(1 / 7)  # streaks are some 7 times longer than wide
_MAXIMUS_FIBRE = (0.72, 0.36, -0.60)  # lat, ant, sup: down, out and forward


@dataclass(frozen=True)
class FatPrescription:
    """One muscle.

    Attributes:
        mean: mean fat fraction, 0.005-0.98.
        pattern: where it lies.

    Raises:
        ValueError: mean out of range.
    """

    mean: float
    pattern: Pattern = Pattern.DIFFUSE

    def __post_init__(self) -> None:
        if not 0.005 <= self.mean <= 0.98:
            raise ValueError("mean fat fraction must lie in 0.005-0.98")


Prescriptions = tuple[tuple[Side, Muscle, FatPrescription], ...]


def both_sides(maximus: FatPrescription, medius: FatPrescription, minimus: FatPrescription) -> Prescriptions:
    """The same prescription left and right."""
    by_muscle = {Muscle.GLUTEUS_MAXIMUS: maximus, Muscle.GLUTEUS_MEDIUS: medius, Muscle.GLUTEUS_MINIMUS: minimus}
    return tuple((side, muscle, fat) for side in Side for muscle, fat in by_muscle.items())


@dataclass(frozen=True)
class FatField:
    """Fat fraction as a function of place, for one body.

    Args:
        body: the anatomy.
        prescriptions: all six glutei.
        seed: of the streaks.

    Raises:
        ValueError: a muscle has no prescription.
    """

    body: Body
    prescriptions: Prescriptions
    seed: int = 1
    _noise: dict[Muscle | None, tuple[WaveNoise, WaveNoise]] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        if {(side, muscle) for side, muscle, _ in self.prescriptions} != {(s, m) for s in Side for m in GLUTEI}:
            raise ValueError("every gluteal muscle of both sides needs one fat prescription")
        keys: list[Muscle | None] = [*GLUTEI, None]
        noise = {
            key: (WaveNoise(self.seed * 11 + 2 * i, 6, 18, waves=9), WaveNoise(self.seed * 11 + 2 * i + 1, 25, 60, waves=5))
            for i, key in enumerate(keys)
        }
        object.__setattr__(self, "_noise", noise)

    @cached_property
    def _by_muscle(self) -> dict[tuple[Side, Muscle], FatPrescription]:
        return {(side, muscle): fat for side, muscle, fat in self.prescriptions}

    @cached_property
    def _offsets(self) -> dict[tuple[Side, Muscle], float]:
        offsets = {}
        for (side, muscle), fat in self._by_muscle.items():
            pattern = self._pattern(muscle, fat.pattern, side, *self.body.points_in(side, muscle)).astype(np.float64)
            offsets[side, muscle] = float(brentq(lambda a, p=pattern, m=fat.mean: float(expit(a + p).mean()) - m, -30, 30, xtol=1e-6))
        return offsets

    @cached_property
    def _neighbour_offset(self) -> float:
        spread = np.linspace(-3, 3, 61)
        weight = np.exp(-(spread**2) / 2) / np.exp(-(spread**2) / 2).sum()
        return float(brentq(lambda a: float(weight @ expit(a + 0.4 * spread)) - NEIGHBOUR_FF, -30, 30))

    def fat_fraction(self, ids: npt.NDArray[np.uint8], lat: F32, ant: F32, sup: F32, right: npt.NDArray[np.bool_]) -> F32:
        """Fat fraction of (n,) canonical points whose structure ids are known; 0 outside muscle."""
        ff = np.zeros(ids.shape, dtype=np.float32)
        muscle_points = (ids >= FIRST_MUSCLE) & (ids <= LAST_MUSCLE)
        if not muscle_points.any():
            return ff
        rest = muscle_points.copy()
        for muscle in GLUTEI:
            structures = [s for s, m in GLUTEAL.items() if m is muscle]
            mine = (ids == structures[0]) | (ids == structures[-1])
            if not mine.any():
                continue
            rest &= ~mine
            for side, half in ((Side.RIGHT, right), (Side.LEFT, ~right)):
                index = np.flatnonzero(mine & half)
                if index.size:
                    kind = self._by_muscle[side, muscle].pattern
                    pattern = self._pattern(muscle, kind, side, lat[index], ant[index], sup[index])
                    ff[index] = expit(pattern + np.float32(self._offsets[side, muscle]))
        index = np.flatnonzero(rest)
        if index.size:
            x = np.where(right[index], lat[index], -lat[index])
            streaks = self._noise[None][0].at(x, ant[index], sup[index] * _STRETCH)
            ff[index] = expit(np.float32(0.4) * streaks + np.float32(self._neighbour_offset))
        return ff

    def _pattern(self, muscle: Muscle, pattern: Pattern, side: Side, lat: F32, ant: F32, sup: F32) -> F32:
        streak, blotch, trend = (np.float32(a) for a in AMPLITUDES[pattern])
        fine, coarse = self._noise[muscle]
        shift = np.float32(500 if side is Side.RIGHT else 0)  # the two sides are not each other's mirror image
        if muscle is Muscle.GLUTEUS_MAXIMUS:
            fx, fy, fz = (np.float32(c) for c in _MAXIMUS_FIBRE)
            along = lat * fx + ant * fy + sup * fz
            stretched = along * (_STRETCH - 1)
            q = (lat + fx * stretched + shift, ant + fy * stretched, sup + fz * stretched)
            posterior = np.clip(-(sup + np.float32(5)) / np.float32(60), -1.6, 1.6)
        else:
            angle = fan_angle_deg(lat, ant, sup)
            x, y, z = lat - np.float32(FAN_APEX[0]), ant - np.float32(FAN_APEX[1]), sup - np.float32(FAN_APEX[2])
            across = x * np.float32(WING_DIRECTION[1]) - y * np.float32(WING_DIRECTION[0])
            q = (angle * np.float32(1.2) + shift, across, np.sqrt(x * x + y * y + z * z) * _STRETCH)
            posterior = np.clip(-(angle + np.float32(4)) / np.float32(28), -1.6, 1.6)
        g = streak * fine.at(*q) + trend * posterior
        if blotch:
            g = g + blotch * coarse.at(lat + shift, ant, sup)
        return np.asarray(g, dtype=np.float32)
