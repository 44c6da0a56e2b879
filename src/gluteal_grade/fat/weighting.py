"""How much brighter a proton of fat is than one of muscle water, from repetition time, echo time, flip angle and field strength."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gluteal_grade.config import DixonSettings, RelaxationSettings
from gluteal_grade.io import Acquisition


@dataclass(frozen=True)
class Weighting:
    """Signal of fat over signal of the same number of water protons.

    Attributes:
        t1: by incomplete relaxation, of a spoiled gradient echo.
        t1_sd: relative SD of `t1`, from tissue T1 and the true flip angle.
        t2_star: by decay up to the echo time; None without one.
        words: the header facts it rests on.
        agent: a contrast agent was given before: the T1 of water lies anywhere below the nominal one, and `t1` between 1 and what it says.
    """

    t1: float
    t1_sd: float
    t2_star: float | None
    words: str
    agent: bool = False


_SHARED = ("tr_ms", "te_ms", "flip_angle_deg", "field_strength_t", "scanning_sequence", "contrast_agent")


def of_both(one: Acquisition, other: Acquisition) -> Acquisition:
    """The facts of one image of an acquisition; where its header is silent, those of its partner."""
    told = {name: getattr(other, name) for name in _SHARED if not getattr(one, name) and getattr(other, name)}
    return replace(one, **told)


def weighting_of(acquisition: Acquisition, settings: DixonSettings) -> Weighting | None:
    """The weighting of a spoiled gradient echo (Ernst & Anderson 1966); None for another sequence, or where the header is silent or
    names a repetition time that no gradient echo has.

    A header that names no sequence is taken for a gradient echo where the repetition time is too short for anything else.
    """
    tr, flip, field = acquisition.tr_ms, acquisition.flip_angle_deg, acquisition.field_strength_t
    sequence = {word.upper() for word in acquisition.scanning_sequence}
    if not tr or not flip or not field or sequence & {"SE", "IR", "EP"} or tr > settings.gradient_echo_longest_tr_ms:
        return None
    if "GR" not in sequence and tr > settings.gradient_echo_below_tr_ms:
        return None
    tissue = relaxation_at(field, settings)
    if tissue is None:
        return None
    ratio = _ernst(tr, flip, tissue.fat_t1_ms) / _ernst(tr, flip, tissue.water_t1_ms)
    other_t1 = _ernst(tr, flip, tissue.fat_t1_ms) / _ernst(tr, flip, tissue.water_t1_ms * (1 + settings.t1_sd))
    more = flip * (1 + settings.flip_sd)
    other_flip = _ernst(tr, more, tissue.fat_t1_ms) / _ernst(tr, more, tissue.water_t1_ms)
    sd = float(np.hypot(other_t1 / ratio - 1, other_flip / ratio - 1))
    te = acquisition.te_ms
    decay = float(np.exp(te / tissue.water_t2_star_ms - te / tissue.fat_t2_star_ms)) if te else None
    words = f"TR {tr:g} ms, flip {flip:g} degrees, {field:g} T" + (f", TE {te:g} ms" if te else "")
    if acquisition.contrast_agent:  # an even distribution from no weighting to that of the nominal T1 has this SD
        sd = float(np.hypot(sd, abs(ratio - 1) / ratio / np.sqrt(3)))
    return Weighting(ratio, sd, decay, words, acquisition.contrast_agent)


def relaxation_at(field_t: float, settings: DixonSettings) -> RelaxationSettings | None:
    """Relaxation times at the nearest field strength of the table; None where that is more than 0.3 T away."""
    nearest = min(settings.relaxation, key=lambda r: abs(r.field_t - field_t))
    return nearest if abs(nearest.field_t - field_t) <= 0.3 else None


def _ernst(tr_ms: float, flip_deg: float, t1_ms: float) -> float:
    """Steady-state signal of a spoiled gradient echo, relaxed signal 1."""
    e1 = np.exp(-tr_ms / t1_ms)
    angle = np.radians(flip_deg)
    return float(np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1))
