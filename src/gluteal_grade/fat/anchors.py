"""Signals of the two pure tissues on a bias-corrected image, pooled and side by side, and how far they can be trusted."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import numpy as np

from gluteal_grade.config import T1Settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.fatmap import Spread
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask, box_of, in_plane, median_in_plane, modal_value, narrowed, subcutaneous_shell, thick_axis
from gluteal_grade.vocabulary import Side

_BLOCKS = (2, 2, 3)  # of the body's bounding box, along the array axes, in which the modes are compared
_NEAR = 0.2  # a voxel this close to a mode, relative, belongs to its peak
_LEAST_BLOCKS = 3
_SD_OVER_MAD = 1.4826


@dataclass(frozen=True)
class Anchors:
    """Signals of the two pure tissues after bias correction, the lean mode they rest on, and the evidence for them.

    Attributes:
        fat: subcutaneous fat.
        muscle: lean muscle without its own fat.
        lean_mode: mode of muscle as it is.
        fat_ml: bright tissue under the skin.
        lean_ml: tissue within 20 % of the lean mode.
        lean_share: the same as a share of the body.
        fat_drift: SD of the fat modes of separate blocks of the body over `fat`; NaN where fewer than three blocks hold enough.
        lean_drift: the same of the lean modes.
        noise: SD of lean tissue around its in-plane median, in the image's unit.
    """

    fat: float
    muscle: float
    lean_mode: float
    fat_ml: float = math.nan
    lean_ml: float = math.nan
    lean_share: float = math.nan
    fat_drift: float = math.nan
    lean_drift: float = math.nan
    noise: float = math.nan

    @property
    def spread(self) -> Spread:
        """What drift and noise mean for fat fractions; 0 where they are unknown."""
        contrast = self.fat - self.muscle
        offset, gain, noise = (0.0 if math.isnan(v) else v for v in (self.lean_drift, self.fat_drift, self.noise))
        return Spread(offset * self.lean_mode / contrast, gain * self.fat / contrast, noise / contrast)


@dataclass(frozen=True)
class SideAnchors:
    """Anchors for each side of the patient.

    Attributes:
        pooled: over the whole body in view.
        used: for each side its own where they are good, else the pooled ones.
        why_pooled: why a side has none of its own, where the picture shows both.
    """

    pooled: Anchors
    used: dict[Side, Anchors]
    why_pooled: dict[Side, str] = field(default_factory=dict)

    @property
    def side_difference(self) -> float:
        """Largest relative difference of an anchor between the sides, 0 where they share one."""
        right, left = self.used[Side.RIGHT], self.used[Side.LEFT]
        return max(abs(a - b) / (0.5 * (a + b)) for a, b in ((right.fat, left.fat), (right.lean_mode, left.lean_mode)))


def find_anchors(corrected: Volume, body: Mask, depth: FloatArray, settings: T1Settings) -> Anchors:
    """Subcutaneous fat and lean muscle, pooled over everything in view.

    Fat is the mode of the bright class just under the skin. Lean is the mode between void and fat over the whole body, where muscle
    is the largest class; lean muscle itself holds `lean_reference_ff` fat, which is taken out.

    Args:
        corrected: image without its receive field.
        body: mask of the body.
        depth: mm under the skin, see `body.depth_mm`.
        settings: thresholds.

    Raises:
        RefusedInput: `no_fat_reference` or `no_lean_reference`.
    """
    return _anchors(corrected, _smoothed(corrected), body, depth, settings)


def anchors_by_side(corrected: Volume, body: Mask, depth: FloatArray, right: Mask | None, settings: T1Settings) -> SideAnchors:
    """`find_anchors`, and the same within each side.

    A side's own anchors are good if nothing speaks against them (as for the pooled ones), enough tissue stands behind them and they
    lie near the pooled ones: what differs more is another tissue, not another receive field.

    Args:
        corrected, body, depth: as for `find_anchors`.
        right: voxels of the patient's right half; None where the picture does not show where the middle is.
        settings: thresholds.

    Raises:
        RefusedInput: `no_fat_reference` or `no_lean_reference`, of the pooled anchors.
    """
    smooth = _smoothed(corrected)
    pooled = _anchors(corrected, smooth, body, depth, settings)
    used = dict.fromkeys(Side, pooled)
    why: dict[Side, str] = {}
    if right is None:
        return SideAnchors(pooled, used)
    for side in Side:
        mine = body & (right if side is Side.RIGHT else ~right)
        try:
            own = _anchors(corrected, smooth, mine, depth, settings)
        except RefusedInput as error:
            why[side] = error.detail
            continue
        against = _against(own, pooled, settings)
        if against:
            why[side] = against
        else:
            used[side] = own
    return SideAnchors(pooled, used, why)


def _against(own: Anchors, pooled: Anchors, settings: T1Settings) -> str:
    """What speaks against a side's own anchors; empty for none."""
    rule = settings.sides
    if own.fat_ml < rule.min_fat_ml:
        return f"{own.fat_ml:.0f} ml of subcutaneous fat on this side, {rule.min_fat_ml:g} needed"
    if own.lean_ml < rule.min_lean_ml:
        return f"{own.lean_ml:.0f} ml of lean tissue on this side, {rule.min_lean_ml:g} needed"
    for name, mine, all_of_it in (("fat", own.fat, pooled.fat), ("lean muscle", own.lean_mode, pooled.lean_mode)):
        if abs(mine / all_of_it - 1) > rule.max_difference:
            return f"{name} differs by {abs(mine / all_of_it - 1):.0%} from the whole body's"
    return ""


def _anchors(corrected: Volume, smooth: FloatArray, body: Mask, depth: FloatArray, settings: T1Settings) -> Anchors:
    voxel_ml = corrected.grid.voxel_volume_ml
    box = box_of(body)
    signal, smooth, body, depth = corrected.array[box], smooth[box], body[box], depth[box]
    shell = body & subcutaneous_shell(depth, corrected.spacing_mm, settings.shell_mm)
    bright = shell & (smooth > settings.fat_above_top * np.percentile(smooth[shell], 98)) if shell.any() else shell
    fat_voxels = narrowed(bright, axes=in_plane(thick_axis(corrected.spacing_mm)))
    fat_ml = float(fat_voxels.sum()) * voxel_ml
    if fat_ml < settings.min_fat_ml:
        raise RefusedInput(Reason.NO_FAT_REFERENCE, f"{fat_ml:.1f} ml of bright tissue under the skin, {settings.min_fat_ml:g} needed")
    outermost = body & subcutaneous_shell(depth, corrected.spacing_mm, (settings.shell_mm[0], settings.outermost_mm))
    under_skin = float(bright[outermost].mean()) if outermost.any() else 1.0
    if under_skin < settings.min_bright_outermost:
        raise RefusedInput(Reason.NO_FAT_REFERENCE, f"{under_skin:.0%} of the layer under the skin is bright: fat is suppressed or missing")
    fat = modal_value(signal[fat_voxels])
    low, high = settings.lean_over_fat
    inside = smooth[body]
    lean_mode = modal_value(inside[(inside > 0.5 * low * fat) & (inside < 0.5 * (1 + high) * fat)])
    ratio = lean_mode / fat
    if not low <= ratio <= high:
        raise RefusedInput(Reason.NO_LEAN_REFERENCE, f"muscle over fat signal is {ratio:.2f}, expected {low:g} to {high:g}")
    lean = np.zeros(body.shape, bool)
    lean[body] = np.abs(inside / lean_mode - 1) < _NEAR
    lean_ml = float(lean.sum()) * voxel_ml
    share = float(lean.sum() / body.sum())
    if share < settings.min_lean_share:
        raise RefusedInput(
            Reason.NO_LEAN_REFERENCE, f"{share:.0%} of the body has a common lean signal, {settings.min_lean_share:.0%} needed"
        )
    f0 = settings.lean_reference_ff
    return Anchors(
        fat=fat,
        muscle=(lean_mode - f0 * fat) / (1 - f0),
        lean_mode=lean_mode,
        fat_ml=fat_ml,
        lean_ml=lean_ml,
        lean_share=share,
        fat_drift=_drift(smooth, fat_voxels, fat, settings.sides.block_ml / voxel_ml),
        lean_drift=_drift(smooth, lean, lean_mode, settings.sides.block_ml / voxel_ml),
        noise=_SD_OVER_MAD * float(np.median(np.abs(signal[lean] - smooth[lean]))),
    )


def _drift(smooth: FloatArray, tissue: Mask, mode: float, least: float) -> float:
    """Relative SD of the modes of the blocks that hold at least so many voxels of the tissue; NaN for fewer than three blocks."""
    edges = [np.linspace(side.start, side.stop, blocks + 1).astype(int) for side, blocks in zip(box_of(tissue), _BLOCKS, strict=True)]
    modes = []
    for i, j, k in itertools.product(*(range(n) for n in _BLOCKS)):
        box = tuple(slice(e[n], e[n + 1]) for e, n in zip(edges, (i, j, k), strict=True))
        values = smooth[box][tissue[box]]
        if values.size >= least:
            modes.append(modal_value(values) / mode)
    return float(np.std(modes, ddof=1)) if len(modes) >= _LEAST_BLOCKS else math.nan


def _smoothed(image: Volume) -> FloatArray:
    """In-plane median: the lean peak narrows without fat streaks leaking into it as a mean would let them."""
    return median_in_plane(image.array, thick_axis(image.spacing_mm))
