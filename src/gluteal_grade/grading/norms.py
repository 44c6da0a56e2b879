"""Where a measurement lies among healthy people: which set of norms fits it, and why another does not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import ndtr

from gluteal_grade.errors import Note, Reason
from gluteal_grade.grading.norm_sets import Norms, NormSet, NormValue, Quantity, Sex
from gluteal_grade.vocabulary import Muscle

_SAME_FIELD_T = 0.1  # 2.89 T is called 3 T


@dataclass(frozen=True)
class Examined:
    """Who was examined; None where it is not known.

    Attributes:
        age_years: at the examination.
        height_m, weight_kg, lean_kg: height, weight and lean mass of the body.
    """

    sex: Sex | None = None
    age_years: float | None = None
    height_m: float | None = None
    weight_kg: float | None = None
    lean_kg: float | None = None


@dataclass(frozen=True)
class Reading:
    """One whole muscle as it was measured.

    Attributes:
        method: how fat was measured.
        kind: of the series, joined by ``+``; empty where it is not known.
        automatic: a network drew it.
        field_t: of the scanner; None where it is not known.
        borders: of the picture that cut it.
        volume_ml, fat_fraction, fat_fraction_core: NaN where not measured.
    """

    muscle: Muscle
    method: str
    volume_ml: float
    fat_fraction: float
    fat_fraction_core: float = math.nan
    kind: str = ""
    automatic: bool | None = None
    field_t: float | None = None
    borders: tuple[str, ...] = ()

    def quantities(self, who: Examined) -> dict[Quantity, float]:
        """What norms may be of; NaN where the body is not known."""
        return {
            "volume_ml": self.volume_ml,
            "fat_fraction": self.fat_fraction,
            "fat_fraction_core": self.fat_fraction_core,
            **by_body(self.volume_ml, who),
        }


@dataclass(frozen=True)
class Score:
    """Where a measurement lies in one group.

    Attributes:
        source: key of the set.
        quantity: what is compared.
        z: SDs above the group's middle.
        percentile: 0-100, of a normal distribution at `z`.
    """

    source: str
    quantity: Quantity
    z: float
    percentile: float


def by_body(volume_ml: float, who: Examined) -> dict[Quantity, float]:
    """A muscle's volume by the size of the body: ml/kg, ml/m2 and ml per kg of lean mass; NaN where that is not known."""
    square = None if who.height_m is None else who.height_m**2
    sizes: Mapping[Quantity, float | None] = {
        "volume_per_kg": who.weight_kg,
        "volume_per_m2": square,
        "volume_per_lean_kg": who.lean_kg,
    }
    return {name: volume_ml / size if size else math.nan for name, size in sizes.items()}


def compare(norms: Norms, who: Examined, reading: Reading) -> tuple[Score, ...]:
    """Scores in every set that fits, the one to go by first of each quantity; empty where none fits (see `why_none`).

    Sets of the study's own field strength go before others, the primary one before the rest.
    """
    measured = reading.quantities(who)
    found = []
    for name in _in_order(norms, reading.field_t):
        for value in _fitting(norms.sets[name], who, reading):
            z = value.z(measured[value.quantity], who.age_years)
            if value.extent is None and math.isfinite(z):
                found.append(Score(name, value.quantity, z, 100 * float(ndtr(z))))
    return tuple(found)


def why_none(norms: Norms, who: Examined, reading: Reading) -> Note | None:
    """Why a measured whole muscle has no score; None where it has one."""
    if who.sex is None:
        return Note(Reason.SEX_UNKNOWN, "no norm without the patient's sex")
    if not any(reading.method in s.methods for s in norms.sets.values()):
        return Note(Reason.NO_NORM, f"no norm for fat measured by {reading.method}")
    if reading.borders:
        return Note(Reason.NO_NORM, "norms are of whole muscles, this one is cut by the field of view")
    if compare(norms, who, reading):
        return None
    refused = [note for name in _in_order(norms, reading.field_t) if (note := why_not(norms.sets[name], who, reading)) is not None]
    if refused:
        return refused[0]
    values = [v for s in norms.sets.values() for v in _fitting(s, who, reading)]
    if all(v.extent for v in values):
        extents = ", ".join(dict.fromkeys(v.extent for v in values if v.extent))
        return Note(Reason.NO_NORM, f"the norm is of the part {extents} only" if extents else "no norm for this muscle")
    return Note(Reason.NO_NORM, "nothing that norms are of could be measured")


def why_not(group: NormSet, who: Examined, reading: Reading) -> Note | None:
    """Why a set of the same fat method, with whole muscles of this name, was not used; None where it was or says nothing of this muscle."""
    values = [v for v in group.values if v.muscle is reading.muscle and v.extent is None]
    if reading.method not in group.methods or not values:
        return None
    if group.kinds and reading.kind not in group.kinds:
        return Note(Reason.NO_NORM, "the norm is of another kind of series")
    if group.labels is not None and reading.automatic is not None and reading.automatic != (group.labels == "automatic"):
        return Note(Reason.NO_NORM, f"the norm is of {group.labels} labels")
    own = [v for v in values if v.sex in (who.sex, "any")]
    if not own:
        return Note(Reason.NO_NORM, f"the norm holds no {'men' if who.sex == 'M' else 'women'}")
    curves = [v.curve for v in own if v.curve is not None]
    if len(curves) < len(own) or not curves:
        return None
    if who.age_years is None:
        return Note(Reason.AGE_UNKNOWN, "the norm depends on age")
    if not any(curve.covers(who.age_years) for curve in curves):
        low, high = min(c.ages[0] for c in curves), max(c.ages[1] for c in curves)
        return Note(Reason.AGE_BEYOND_NORM, f"the norm is of ages {low:g} to {high:g}")
    return None


def caveats(norms: Norms, used: tuple[str, ...], field_t: float | None) -> tuple[str, ...]:
    """What to print beside scores: whose values, and how far the protocols agree."""
    said = []
    for name in used:
        group = norms.sets[name]
        field = "field strength not stated" if group.field_t is None else f"{group.field_t:g} T"
        here = "" if field_t is None or group.field_t is None or field_t == group.field_t else f" (this study: {field_t:g} T)"
        said.append(f"{group.source}: {group.subjects}, {field}{here}; {group.caveat}")
    return tuple(said)


def _in_order(norms: Norms, field_t: float | None) -> list[str]:
    def rank(name: str) -> tuple[bool, bool]:
        own = norms.sets[name].field_t
        same = field_t is not None and own is not None and abs(own - field_t) < _SAME_FIELD_T
        return not same, name != norms.primary

    return sorted(norms.sets, key=rank)


def _fitting(group: NormSet, who: Examined, reading: Reading) -> list[NormValue]:
    """Values of this muscle and sex, where the set is of the same protocol."""
    if reading.method not in group.methods or (group.kinds and reading.kind not in group.kinds):
        return []
    if group.labels is not None and reading.automatic is not None and reading.automatic != (group.labels == "automatic"):
        return []
    return [v for v in group.values if v.muscle is reading.muscle and v.sex in (who.sex, "any")]
