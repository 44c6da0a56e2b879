"""The interval of one muscle's mean fat fraction, and the parts it is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from gluteal_grade.config import LabelFactors, UncertaintySettings
from gluteal_grade.fat import FatMap
from gluteal_grade.geometry import Volume
from gluteal_grade.measurement.border import Rings, rings
from gluteal_grade.measurement.core import Core
from gluteal_grade.statistics import SplitNormal
from gluteal_grade.vocabulary import Muscle

_REACH = 1.96  # SDs to either bound of a 95 % interval
_NEAR = 0.5  # voxels; the shift that one unit of the border factors stands for


@dataclass(frozen=True)
class Interval:
    """Where the true mean fat fraction lies.

    Attributes:
        low, high: bounds, 0-1; NaN where nothing was measured.
        below, above: SDs of the lower and the upper half of its distribution.
        parts: what they are made of, name to (below, above), SDs whose squares add up: `partial_volume`, `border` and
            `segmentation` of the label, `rim` what a core leaves out, `map` what the fat map states of itself, `method` what the method
            leaves out, `noise`, `not_seen` voxels, and `fat_scale` where fat beside muscle is not as bright as it should be.
    """

    low: float = math.nan
    high: float = math.nan
    below: float = math.nan
    above: float = math.nan
    parts: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Uncertainty:
    """Makes intervals for one label map.

    Attributes:
        settings: factors, calibrated on phantoms (docs/explanation/validation.md).
        automatic: a network made the labels: their borders are less sure than given ones.
        doubt: the network's uncertainty on the labels' grid, 0-1; `doubt_beside`: that of the muscles beside the glutei.
        muscle: whose intervals these are, see `of`.
    """

    settings: UncertaintySettings
    automatic: bool = False
    doubt: Volume | None = None
    doubt_beside: Volume | None = None
    muscle: Muscle = Muscle.GLUTEUS_MAXIMUS

    def of(self, muscle: Muscle) -> Uncertainty:
        """The same for one muscle."""
        return replace(self, muscle=muscle, doubt=self.doubt_beside if muscle.optional else self.doubt)

    def cropped(self, box: tuple[slice, slice, slice]) -> Uncertainty:
        """The same for masks and maps cut to a box of the grid."""
        return self if self.doubt is None else replace(self, doubt=self.doubt.with_array(self.doubt.array[box]))

    def interval(self, mask: npt.NDArray[np.bool_], fat: FatMap, slice_axis: int) -> Interval:
        """The interval of the mean fat fraction over a label with at least one value.

        Args:
            mask: (x, y, z) the label.
            fat: the map on the same grid.
            slice_axis: array axis across the slices.
        """
        found = self._rings(mask, fat, slice_axis)
        mean = found.mean
        parts = {
            "partial_volume": self._partial_volume(mask, fat, mean),
            "border": _both(self._border(found, mean)),
            "segmentation": self._segmentation(found, mean, self._labels.segmentation),
            **self._of_map(fat, mean, found.core.size + found.inner.size, _not_seen(mask, found)),
        }
        return self._made(mean, parts)

    def core_interval(self, mask: npt.NDArray[np.bool_], fat: FatMap, core: Core, slice_axis: int) -> Interval:
        """The interval of the muscle's own fat fraction, for a label with at least one sure voxel.

        Args:
            mask: (x, y, z) the label.
            fat: the map on the same grid.
            core: own fat of the muscle, on the same grid.
            slice_axis: array axis across the slices.
        """
        found = self._rings(mask, fat, slice_axis)
        sure = mask & np.isfinite(core.own)
        own = core.own[sure].astype(np.float64)
        mean, width = float(own.mean()), self.settings.core
        factors = width.automatic[self.muscle] if self.automatic else width.given
        deeper = core.own[mask & core.deeper]
        parts = {
            # what was taken out may be too much or too little: the truth lies towards the label's mean, or away from it by less
            "partial_volume": _spread([found.mean - mean], factors.partial_volume),
            "border": _both(factors.border * abs(float(deeper.mean(dtype=np.float64)) - mean) if deeper.size else 0.0),
            "segmentation": self._segmentation(found, found.mean, factors.segmentation),
            "rim": _both(factors.rim * (1 - own.size / int(mask.sum())) * float(own.std())),
            **self._of_map(fat, mean, own.size, _not_seen(mask, found)),
        }
        return self._made(mean, parts)

    def _rings(self, mask: npt.NDArray[np.bool_], fat: FatMap, slice_axis: int) -> Rings:
        return rings(mask, fat.volume.array, slice_axis, self.doubt.array if self.doubt else None)

    def _of_map(self, fat: FatMap, mean: float, count: int, not_seen: float) -> dict[str, tuple[float, float]]:
        """What the fat map, not the label, is unsure of."""
        ff, model, spread = min(max(mean, 0.0), 1.0), self.settings.model(fat.method), fat.spread
        return {
            "map": _both(model.spread * math.hypot(spread.offset_sd, spread.gain_sd * ff)),
            "method": _both(math.hypot(model.offset, model.gain * ff)),
            # noise averages over the voxels, nothing else does
            "noise": _both(spread.noise_sd / math.sqrt(count)),
            "not_seen": _both(model.not_seen * not_seen),
            **_of_scale(ff, spread.fat_scale),
        }

    def _made(self, mean: float, parts: dict[str, tuple[float, float]]) -> Interval:
        below, above = (math.sqrt(sum(p[side] ** 2 for p in parts.values())) for side in (0, 1))
        low, high = bounds(mean, below, above, self.settings.confidence)
        return Interval(low, high, below, above, parts)

    def _border(self, found: Rings, mean: float) -> float:
        """A label too large or too small by part of a voxel: the mean size of the changes that such shifts bring."""
        changes = [abs(_change(found, mean, sign)) for sign in (-1, 1)]
        known = [c for c in changes if not math.isnan(c)]
        return self._labels.border * sum(known) / len(known) if known else 0.0

    def _partial_volume(self, mask: npt.NDArray[np.bool_], fat: FatMap, mean: float) -> tuple[float, float]:
        """Border voxels hold some of what lies outside, so the truth lies on the other side of the mean than the outside does.

        A border voxel of a thick slice holds as large a share of it as one of a thin slice: neighbours along all axes count alike. The
        sheath around a muscle holds no fat and lies in the border voxels wholly, so it lowers a fatty muscle's mean.
        """
        around = rings(mask, fat.volume.array, None)
        at_border = around.inner.size / max(around.inner.size + around.core.size, 1)
        raised = _change(around, mean, 1) - self.settings.fascia * at_border * min(max(mean, 0.0), 1.0)
        return _spread([-raised], self._labels.partial_volume)

    def _segmentation(self, found: Rings, mean: float, factor: float) -> tuple[float, float]:
        if self.doubt is None:
            return 0.0, 0.0
        return _spread([found.without_doubtful() - mean, found.with_doubtful() - mean], factor)

    @property
    def _labels(self) -> LabelFactors:
        return self.settings.automatic[self.muscle] if self.automatic else self.settings.given


def bounds(mean: float, below: float, above: float, confidence: float) -> tuple[float, float]:
    """Central interval of a fat fraction, cut at 0 and 1 (but never beyond the measured value itself)."""
    distribution = SplitNormal(mean, below, above)
    tail = (1 - confidence) / 2
    low, high = distribution.quantile(tail), distribution.quantile(1 - tail)
    # with very unequal halves a central interval may leave the measured value out
    return max(min(low, mean), min(0.0, mean)), min(max(high, mean), max(1.0, mean))


def _change(found: Rings, mean: float, sign: int) -> float:
    """Of the mean when the border moves by half a voxel, inwards (-1) or outwards (1); from shifts by a half and by one."""
    return ((found.shifted(sign * 0.5) - mean) / 0.5 + (found.shifted(sign * 1.0) - mean)) / 2 * _NEAR


def _not_seen(mask: npt.NDArray[np.bool_], found: Rings) -> float:
    """Voxels without a value may hold more or less fat than those seen: their share, times how much voxels of this muscle differ."""
    values = np.concatenate([found.core, found.inner])
    return (1 - values.size / int(mask.sum())) * float(values.std())


def _of_scale(ff: float, times: float) -> dict[str, tuple[float, float]]:
    """The interval reaches the fraction that it would be if the fat image were that many times too bright; nothing where it is not."""
    if times == 1.0:
        return {}
    change = ff / (ff + times * (1 - ff)) - ff
    return {"fat_scale": _spread([change], 1 / _REACH)}


def _both(sd: float) -> tuple[float, float]:
    return sd, sd


def _spread(changes: list[float], factor: float) -> tuple[float, float]:
    """The largest change to either side, times a factor; NaN (nothing left of the label) counts as none."""
    known = [c for c in changes if not math.isnan(c)]
    return factor * max(0.0, *(-c for c in known), 0.0), factor * max(0.0, *known, 0.0)
