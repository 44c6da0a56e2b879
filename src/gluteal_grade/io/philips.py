"""Philips' two scales in a NIfTI file: what its converter chose, by the sidecar.

A Philips image has a slope for the display, which fills the bits of each volume anew, and one that keeps the volumes of an examination on
one scale (Chenevert et al. 2014, 10.1593/tlo.13811). dcm2niix writes the second one unless told not to, and says which it wrote in
``UsePhilipsFloatNotDisplayScaling``; versions before March 2021 took the display's where real-world tags were there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Scale:
    """How the values of a file relate to the signal.

    Attributes:
        factor: makes values compare between the volumes of one examination.
        shared: they then do, as far as the header tells.
    """

    factor: float = 1.0
    shared: bool = False


def scale_of(sidecar: Mapping[str, Any], *, scaled: bool, fraction: bool) -> Scale:
    """The scale of a NIfTI file.

    Args:
        sidecar: the JSON beside it, empty without one.
        scaled: its header scales the stored values.
        fraction: it is a map in a unit of its own (percent), which must stay.
    """
    if fraction or not str(sidecar.get("Manufacturer", "")).upper().startswith("PHILIPS") or not scaled:
        return Scale(shared=scaled)
    slope, scale_slope, real_world = (_positive(sidecar, k) for k in ("PhilipsRescaleSlope", "PhilipsScaleSlope", "PhilipsRWVSlope"))
    display = sidecar.get("UsePhilipsFloatNotDisplayScaling")
    for_display = display in (0, False) or (display is None and real_world is not None and real_world == slope)
    if not for_display:
        return Scale(shared=True)
    if slope is None or scale_slope is None:
        return Scale(shared=False)
    return Scale(1.0 / (slope * scale_slope), shared=True)


def _positive(sidecar: Mapping[str, Any], key: str) -> float | None:
    value = sidecar.get(key)
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    return float(value) if good and value is not None else None
