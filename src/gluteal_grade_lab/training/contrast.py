"""What signal each tissue gives: physical contrasts and invented ones.

Signals are relative to subcutaneous fat on T1; they stand for what 1.5-3 T spin-echo, gradient-echo Dixon and CT show, not for one
protocol, and every draw moves them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gluteal_grade_lab.training import tissues as t

MR_MODES = ("t1", "t2", "pd", "stir", "water", "fat", "in", "opposed")
MODES = (*MR_MODES, "ct", "random")

_ORDER = (
    t.FAT, t.VISCERAL_FAT, t.TENDON, t.CORTICAL_BONE, t.MARROW_FEMUR, t.MARROW_PELVIS, t.MARROW_SPINE, t.BLADDER, t.BOWEL, t.GAS,
    t.PROSTATE, t.ARTERY, t.VEIN, t.SPINAL_CANAL, t.CARTILAGE, t.SKIN,
)  # fmt: skip
# muscle, then the tissues in _ORDER
_SIGNALS = {
    "t1": (0.33, 1.0, 0.95, 0.14, 0.07, 0.92, 0.72, 0.6, 0.22, 0.36, 0.02, 0.38, 0.25, 0.35, 0.25, 0.45, 0.45),
    "t2": (0.24, 0.85, 0.8, 0.1, 0.06, 0.75, 0.6, 0.5, 1.25, 0.5, 0.02, 0.55, 0.06, 0.45, 1.1, 0.5, 0.3),
    "pd": (0.55, 0.9, 0.85, 0.18, 0.08, 0.8, 0.65, 0.6, 0.85, 0.6, 0.02, 0.6, 0.2, 0.5, 0.8, 0.7, 0.45),
    "stir": (0.36, 0.08, 0.09, 0.07, 0.05, 0.12, 0.2, 0.26, 1.3, 0.65, 0.02, 0.8, 0.3, 0.9, 1.1, 0.6, 0.45),
    "water": (0.6, 0.06, 0.08, 0.15, 0.05, 0.1, 0.25, 0.32, 0.5, 0.6, 0.02, 0.65, 0.7, 0.7, 0.5, 0.75, 0.5),
    "fat": (0.02, 1.0, 0.95, 0.05, 0.03, 0.9, 0.6, 0.5, 0.02, 0.1, 0.01, 0.03, 0.03, 0.03, 0.05, 0.05, 0.2),
    "ct": (0.51, 0.2, 0.21, 0.56, 1.0, 0.62, 0.68, 0.7, 0.41, 0.47, 0.0, 0.48, 0.55, 0.52, 0.44, 0.6, 0.45),
}
# How much each tissue's signal moves from draw to draw (standard deviation of its logarithm).
_SPREAD = {t.FAT: 0.05, t.VISCERAL_FAT: 0.08, t.ARTERY: 0.6, t.VEIN: 0.5, t.BOWEL: 0.4, t.BLADDER: 0.3, t.SPINAL_CANAL: 0.3}
_USUAL_SPREAD = 0.15


@dataclass(frozen=True)
class Contrast:
    """Signals of one drawn contrast.

    Attributes:
        water: (tissues.COUNT,) signal by tissue; for a muscle, of lean muscle.
        fat: signal of pure fat, which takes the share FF of a muscle voxel.
        opposed: (tissues.COUNT,) fat signal by tissue to be subtracted, or None.
    """

    water: np.ndarray
    fat: float
    opposed: np.ndarray | None = None


def draw_contrast(mode: str, rng: np.random.Generator) -> Contrast:
    """Signals for a mode of `MODES`.

    Raises:
        ValueError: unknown mode.
    """
    if mode == "random":
        return _random(rng)
    if mode == "in":
        water, fat = _physical("water", rng), _physical("fat", rng)
        return Contrast(water.water + fat.water, fat.fat)
    if mode == "opposed":
        water, fat = _physical("water", rng), _physical("fat", rng)
        return Contrast(water.water, fat.fat, fat.water)
    if mode not in _SIGNALS:
        raise ValueError(f"no such contrast: {mode}")
    return _physical(mode, rng)


def _physical(mode: str, rng: np.random.Generator) -> Contrast:
    muscle, *others = _SIGNALS[mode]
    signal = np.zeros(t.COUNT, np.float32)
    common = muscle * np.exp(rng.normal(0, 0.15 if mode != "ct" else 0.04))
    for value in (*t.GLUTEI, *t.OTHER_MUSCLES):
        signal[value] = common * np.exp(rng.normal(0, 0.04))
    for value, mean in zip(_ORDER, others, strict=True):
        spread = _SPREAD.get(value, _USUAL_SPREAD) * (0.4 if mode == "ct" else 1.0)
        signal[value] = mean * np.exp(rng.normal(0, spread))
    if mode in ("t1", "water", "in") and rng.random() < 0.3:  # inflow or gadolinium: bright vessels
        signal[[t.ARTERY, t.VEIN]] = rng.uniform(0.7, 1.4)
    signal[[t.CORTEX_FEMUR, t.CORTEX_SPINE]] = signal[t.CORTICAL_BONE]
    signal[[t.TUMOUR, t.SWELLING]] = common, signal[t.BLADDER]
    signal[t.METAL] = 1.2 if mode == "ct" else 0.0
    if mode == "ct":  # far below the window, so that noise in air stays outside it
        signal[[t.AIR, t.GAS]] = -1.0
    return Contrast(signal, float(signal[t.FAT]))


def _random(rng: np.random.Generator) -> Contrast:
    """Any signal for any tissue; muscles mostly keep together, as in every real contrast, and differ from fat."""
    signal = rng.uniform(0, 1, t.COUNT).astype(np.float32)
    muscle = float(rng.uniform(0.05, 1))
    apart = 0.04 if rng.random() < 0.85 else 0.15
    for value in (*t.GLUTEI, *t.OTHER_MUSCLES):
        signal[value] = muscle + rng.normal(0, apart)
    while abs(signal[t.FAT] - muscle) < 0.2:
        signal[t.FAT] = rng.uniform(0, 1)
    signal[t.VISCERAL_FAT] = signal[t.FAT] + rng.normal(0, 0.05)
    signal[[t.AIR, t.GAS, t.METAL]] = 0.0
    if rng.random() < 0.6:  # cortical bone and tendon are dark on nearly every sequence
        signal[[t.CORTICAL_BONE, t.TENDON]] = rng.uniform(0, 0.2, 2)
    signal[[t.CORTEX_FEMUR, t.CORTEX_SPINE]] = signal[t.CORTICAL_BONE]
    return Contrast(np.clip(signal, 0, None), float(signal[t.FAT]))
