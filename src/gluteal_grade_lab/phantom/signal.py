"""From tissue to MR signal: closed-form steady-state signals of each pool, and of a voxel's mixture.

Signals are relative to fully relaxed lean muscle water (1). Formulas: spin echo PD (1 - exp(-TR/T1)) exp(-TE/T2); inversion
recovery PD (1 - 2 exp(-TI/T1) + exp(-TR/T1)) exp(-TE/T2), signed; spoiled gradient echo (Ernst) PD sin a (1 - E1) / (1 - cos a E1)
exp(-TE/T2*). A turbo spin echo is taken as a spin echo at its effective TE.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gluteal_grade_lab.phantom.shapes import F32
from gluteal_grade_lab.phantom.tissue import FACTS, FAT_POOL, FIELD_STRENGTHS_T, Relaxation, Tissue

FAT_SHIFT_PPM = 3.4  # methylene below water
_GAMMA_MHZ_PER_T = 42.577


class Technique(StrEnum):
    """Which formula."""

    SPIN_ECHO = "spin_echo"
    INVERSION_RECOVERY = "inversion_recovery"
    SPOILED_GRADIENT_ECHO = "spoiled_gradient_echo"


@dataclass(frozen=True)
class Protocol:
    """What the scanner was told.

    Attributes:
        technique: formula.
        tr_ms, te_ms, ti_ms, flip_deg: as usual; `ti_ms` for inversion recovery, `flip_deg` for gradient echo.
        field_t: 1.5 or 3.0.

    Raises:
        ValueError: a time is not positive, TI is missing, or the field strength has no tissue values.
    """

    technique: Technique
    tr_ms: float
    te_ms: float
    field_t: float
    ti_ms: float | None = None
    flip_deg: float = 90.0

    def __post_init__(self) -> None:
        if self.field_t not in FIELD_STRENGTHS_T:
            raise ValueError(f"no tissue values at {self.field_t} T")
        if min(self.tr_ms, self.te_ms) <= 0 or not 0 < self.flip_deg <= 180:
            raise ValueError("TR, TE and flip angle must be positive")
        if (self.technique is Technique.INVERSION_RECOVERY) != (self.ti_ms is not None):
            raise ValueError("TI belongs to inversion recovery, and only there")


def pool_signal(pool: Relaxation, protocol: Protocol, te_ms: float | None = None) -> float:
    """Signal of one pool of density 1; signed for inversion recovery. `te_ms` replaces the protocol's echo time."""
    te = protocol.te_ms if te_ms is None else te_ms
    e1 = float(np.exp(-protocol.tr_ms / pool.t1_ms))
    if protocol.technique is Technique.SPOILED_GRADIENT_ECHO:
        a = np.radians(protocol.flip_deg)
        return float(np.sin(a) * (1 - e1) / (1 - np.cos(a) * e1) * np.exp(-te / pool.t2_star_ms))
    recovery = 1 - e1
    if protocol.ti_ms is not None:
        recovery = 1 - 2 * float(np.exp(-protocol.ti_ms / pool.t1_ms)) + e1
    return float(recovery * np.exp(-te / pool.t2_ms))


def tissue_signal(tissue: Tissue, protocol: Protocol, te_ms: float | None = None) -> tuple[float, float]:
    """Water and fat signal of a voxel full of one tissue."""
    facts = FACTS[tissue]
    moving = 1 - facts.flow_void if protocol.technique is not Technique.SPOILED_GRADIENT_ECHO else 1.0
    water = facts.water_density * moving * pool_signal(facts.water[protocol.field_t], protocol, te_ms)
    return water, facts.fat_density * pool_signal(FAT_POOL[protocol.field_t], protocol, te_ms)


def water_and_fat(fractions: dict[Tissue, F32], protocol: Protocol, te_ms: float | None = None) -> tuple[F32, F32]:
    """Signed water and fat signal of voxels given as tissue fractions."""
    shape = next(iter(fractions.values())).shape
    water, fat = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    for tissue, share in fractions.items():
        w, f = tissue_signal(tissue, protocol, te_ms)
        if w:
            water += np.float32(w) * share
        if f:
            fat += np.float32(f) * share
    return water, fat


def phase_image(fractions: dict[Tissue, F32], protocol: Protocol, te_ms: float) -> F32:
    """Magnitude at one echo time with the phase that fat has gained on water by then (a single fat peak, no field error)."""
    water, fat = water_and_fat(fractions, protocol, te_ms)
    cycles = FAT_SHIFT_PPM * 1e-6 * _GAMMA_MHZ_PER_T * 1e6 * protocol.field_t * te_ms * 1e-3
    return np.asarray(np.abs(water + fat * np.exp(-2j * np.pi * cycles)), dtype=np.float32)


def opposed_and_in_phase_te_ms(field_t: float) -> tuple[float, float]:
    """First echo times at which fat opposes water and is in phase with it, ms."""
    period = 1e3 / (FAT_SHIFT_PPM * _GAMMA_MHZ_PER_T * field_t)
    return period / 2, period


def ct_numbers(fractions: dict[Tissue, F32]) -> F32:
    """Hounsfield units of the mixture."""
    shape = next(iter(fractions.values())).shape
    hu = np.zeros(shape, dtype=np.float32)
    for tissue, share in fractions.items():
        hu += np.float32(FACTS[tissue].hu) * share
    return hu
