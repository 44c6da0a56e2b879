"""What each study of the validation cohort is: drawn from its seed, so that any part of the cohort can be made again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from gluteal_grade.vocabulary import GLUTEI, Muscle, SeriesKind, Side
from gluteal_grade_lab.phantom.body import BodyParameters
from gluteal_grade_lab.phantom.encoding import gradient_echo, mars, spin_echo
from gluteal_grade_lab.phantom.fatfield import FatPrescription, Pattern, Prescriptions
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.implant import Alloy
from gluteal_grade_lab.phantom.signal import Protocol, Technique
from gluteal_grade_lab.phantom.study import PhantomStudySpec, SeriesSpec
from gluteal_grade_lab.phantom.swapped import SwapKind

Metal = Literal["none", "plain", "mars"]
Fat = Literal["clinical", "wide"]

CALIBRATION = 50_000  # seeds from here on calibrate; those below verify
BOX = ((-212.0, -178.0, -138.0), (212.0, 112.0, 148.0))
_PLAIN_HZ, _MARS_HZ, _DIXON_HZ = 200.0, 600.0, 1000.0


@dataclass(frozen=True)
class Design:
    """One study.

    Attributes:
        seed: of everything.
        sex: "M" or "F".
        fat: `clinical`: as in patients about a hip replacement, most below 40 %; `wide`: even over 2-90 %.
        snr: signal of lean muscle over the SD of one channel.
        bias_percent: shading, +- percent.
        slice_mm: slice distance.
        in_plane_mm: pixel size.
        field_t: 1.5 or 3.
        swap: where the Dixon pair is exchanged.
        metal: an implant, and whether T1 was taken with metal-artifact reduction.
        side: of the implant.
        alloy: of the implant.
    """

    seed: int
    sex: Literal["M", "F"]
    fat: Fat
    snr: float
    bias_percent: float
    slice_mm: float
    in_plane_mm: float
    field_t: float
    swap: SwapKind
    metal: Metal
    side: Side | None
    alloy: Alloy | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {k: getattr(v, "value", v) for k, v in asdict(self).items()}


def design(seed: int, in_plane_mm: float = 2.0) -> Design:
    """The study of a seed: sexes, kinds of fat, metal and slices take turns, the rest is drawn.

    Of ten studies one has its Dixon pair exchanged throughout, and one in a part; of five, one has plain and one MARS T1 beside an
    implant. Metal and swaps are not mixed.
    """
    rng = np.random.default_rng([0x7A11D, seed])
    turn = seed % 10
    metal: Metal = "plain" if turn in (3, 8) else "mars" if turn in (4, 9) else "none"
    swap = SwapKind.WHOLE if turn == 1 else _part(rng) if turn == 6 else SwapKind.NONE
    return Design(
        seed,
        "M" if rng.random() < 0.5 else "F",
        "clinical" if rng.random() < 0.6 else "wide",
        round(float(np.exp(rng.uniform(np.log(8), np.log(60)))), 1),
        round(float(rng.uniform(0, 60)), 1),
        float(rng.choice([3.0, 4.0, 5.0, 6.0, 7.0])),
        in_plane_mm,
        float(rng.choice([1.5, 3.0])),
        swap,
        metal,
        None if metal == "none" else (Side.LEFT, Side.RIGHT)[int(rng.integers(2))],
        None if metal == "none" else (Alloy.TITANIUM, Alloy.COBALT_CHROME)[int(rng.integers(2))],
    )


def spec(d: Design) -> PhantomStudySpec:
    """The phantom: water, fat and T1 of one person."""
    rng = np.random.default_rng([0x7A11E, d.seed])
    parts = [(side, muscle) for side in Side for muscle in GLUTEI]
    factors = tuple((side, muscle, float(rng.uniform(0.7, 1.05))) for side, muscle in parts)
    body = BodyParameters(
        sex=d.sex,
        size=float(rng.uniform(0.93, 1.07)),
        subcutaneous_fat_mm=float(rng.uniform(10, 45)),
        volume_factors=factors,
        implant_side=d.side,
        implant_cup=d.side is not None,
        seed=d.seed,
    )
    t1 = Protocol(Technique.SPIN_ECHO, tr_ms=float(rng.uniform(450, 700)), te_ms=float(rng.uniform(8, 14)), field_t=d.field_t)
    # flip and TR of a fat-quantifying protocol: T1 weighting raises a fraction of 10 % by some 0.4 points, not more
    dixon = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=14.0, te_ms=1.15, field_t=d.field_t, flip_deg=2.0)
    t1_encoding = None if d.metal == "none" else mars(_MARS_HZ) if d.metal == "mars" else spin_echo(_PLAIN_HZ)
    dixon_encoding = None if d.metal == "none" else gradient_echo(_DIXON_HZ)
    noisy = partial(SeriesSpec, snr=d.snr, bias_percent=d.bias_percent)
    series = (
        noisy(SeriesKind.DIXON_WATER, "water", dixon, encoding=dixon_encoding, bandwidth_hz=_DIXON_HZ),
        noisy(SeriesKind.DIXON_FAT, "fat", dixon, encoding=dixon_encoding, bandwidth_hz=_DIXON_HZ),
        noisy(SeriesKind.T1, "t1", t1, encoding=t1_encoding, bandwidth_hz=_MARS_HZ if d.metal == "mars" else _PLAIN_HZ),
    )
    grid = axial_grid(*BOX, (d.in_plane_mm, d.in_plane_mm, d.slice_mm))
    sub = 2 if d.in_plane_mm < 2.1 else 3  # 1 mm: truth agrees with that of 0.7 mm to 0.01 points
    return PhantomStudySpec(f"Validation{d.seed}", body, _fat(d, parts, rng), grid, series, (sub, sub, 3), seed=d.seed, alloy=d.alloy)


def _fat(d: Design, parts: list[tuple[Side, Muscle]], rng: np.random.Generator) -> Prescriptions:
    n = len(parts)
    means = np.clip(0.05 + rng.gamma(1.3, 0.11, n), 0.03, 0.9) if d.fat == "clinical" else rng.uniform(0.02, 0.9, n)
    patterns = rng.choice(np.array([Pattern.DIFFUSE, Pattern.STREAKY, Pattern.POSTERIOR], object), n)
    return tuple((side, muscle, FatPrescription(float(m), p)) for (side, muscle), m, p in zip(parts, means, patterns, strict=True))


def _part(rng: np.random.Generator) -> SwapKind:
    kinds = (SwapKind.LEG, SwapKind.SLAB, SwapKind.LEG_SLAB, SwapKind.BLOB)
    return kinds[int(rng.integers(len(kinds)))]
