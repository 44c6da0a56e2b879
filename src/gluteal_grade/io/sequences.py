"""What kind of image a series is, by the rules in ``configs/sequences.yaml``.

DICOM tags read: Modality (0008,0060), Image Type (0008,0008) or Frame Type (0008,9007), Scanning Sequence (0018,0020), Sequence Variant
(0018,0021), Scan Options (0018,0022), Acquisition Contrast (0008,9209), Complex Image Component (0008,9208), Echo, Repetition and
Inversion Time (0018,0081 / 0080 / 0082), Flip Angle (0018,1314) and the descriptions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from gluteal_grade.config import read_yaml, shipped
from gluteal_grade.io.words import find
from gluteal_grade.vocabulary import SeriesKind

_FAT_WATER_SHIFT_PPM = 3.4  # main methylene peak against water at body temperature
_GYROMAGNETIC_HZ_PER_UT = 42.577


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What the headers say about one volume; codes in upper case, times in ms, None and empty where they do not say."""

    modality: str = ""
    manufacturer: str = ""
    model: str = ""
    software: str = ""
    image_type: tuple[str, ...] = ()
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    acquisition_contrast: str = ""
    component: str = ""
    te_ms: float | None = None
    tr_ms: float | None = None
    ti_ms: float | None = None
    flip_angle_deg: float | None = None
    field_strength_t: float | None = None
    bandwidth_hz_per_pixel: float | None = None
    slice_thickness_mm: float | None = None
    contrast_bolus: str = ""
    value_type: str = ""  # RescaleType (0028,1054): the unit of the values
    kvp: float | None = None
    texts: tuple[str, ...] = ()  # SeriesDescription, sequence names, file name
    protocol: str = ""  # ProtocolName; on some scanners that of the whole examination, see `without_protocol`

    @property
    def words(self) -> tuple[str, ...]:
        """Every text in which words are looked for; the series' own description first, the protocol's name second."""
        return self.texts if not self.protocol or self.protocol in self.texts else (*self.texts[:1], self.protocol, *self.texts[1:])

    def without_protocol(self) -> SeriesFacts:
        """The same, ProtocolName left out: where it names the examination it says nothing of the series."""
        return replace(self, protocol="")

    @property
    def in_phase(self) -> float | None:
        """Cosine of the angle between fat and water at the echo; None if the field or the echo time is unknown."""
        return fat_water_cosine(self.te_ms, self.field_strength_t)


def fat_water_cosine(te_ms: float | None, field_t: float | None) -> float | None:
    """Cosine of the angle between fat's main peak and water at an echo; None if the field or the echo time is unknown."""
    if not te_ms or not field_t:
        return None
    shift_hz = _FAT_WATER_SHIFT_PPM * _GYROMAGNETIC_HZ_PER_UT * field_t
    return math.cos(2 * math.pi * shift_hz * te_ms / 1000)


def own_words(description: str, protocol: str, others: tuple[str, ...], manufacturer: str) -> tuple[tuple[str, ...], str]:
    """What a series is called, and the name of its protocol where that may say something of the series.

    GE's ProtocolName is that of the examination: it says nothing of a series that has a description of its own.
    """
    if not description:
        return (protocol, *others), ""
    return (description, *others), "" if manufacturer.upper().startswith("GE") else protocol


_TAG_NAMES = {
    "modality": "Modality",
    "manufacturer": "Manufacturer",
    "image_type": "ImageType",
    "scanning_sequence": "ScanningSequence",
    "sequence_variant": "SequenceVariant",
    "scan_options": "ScanOptions",
    "acquisition_contrast": "AcquisitionContrast",
    "component": "ComplexImageComponent",
    "value_type": "RescaleType",
    "te_ms": "TE",
    "tr_ms": "TR",
    "ti_ms": "TI",
    "flip_angle_deg": "flip angle",
    "in_phase": "fat-water phase cosine",
}


class Range(BaseModel):
    """A closed range of a number."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    min: float = -math.inf
    max: float = math.inf


class Conditions(BaseModel):
    """Conditions over `SeriesFacts`; those left out are not asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    modality: tuple[str, ...] | None = None
    manufacturer: tuple[str, ...] | None = None
    image_type: tuple[str, ...] | None = None
    scanning_sequence: tuple[str, ...] | None = None
    sequence_variant: tuple[str, ...] | None = None
    scan_options: tuple[str, ...] | None = None
    acquisition_contrast: tuple[str, ...] | None = None
    component: tuple[str, ...] | None = None
    value_type: tuple[str, ...] | None = None
    te_ms: Range | None = None
    tr_ms: Range | None = None
    ti_ms: Range | None = None
    flip_angle_deg: Range | None = None
    in_phase: Range | None = None
    words: tuple[str, ...] | None = None
    words_too: tuple[str, ...] | None = None

    def evidence(self, facts: SeriesFacts, vocabularies: dict[str, tuple[str, ...]]) -> list[str | None]:
        """For each condition what it was met by, e.g. ``"TE 12 ms"``, None where it was not."""
        found: list[str | None] = []
        for name in type(self).model_fields:
            wanted = getattr(self, name)
            if wanted is None:
                continue
            if name in ("words", "words_too"):
                hit = find(tuple(word for vocabulary in wanted for word in vocabularies[vocabulary]), facts.words)
                found.append(None if hit is None else f'"{hit}" in the description')
            elif name == "manufacturer":
                maker = next((start for start in wanted if facts.manufacturer.upper().startswith(start)), None)
                found.append(None if maker is None else f"{_TAG_NAMES[name]} {maker}")
            elif isinstance(wanted, Range):
                value = getattr(facts, name)
                met = value is not None and wanted.min <= value <= wanted.max
                found.append(f"{_TAG_NAMES[name]} {value:.4g}{' ms' if name.endswith('_ms') else ''}" if met else None)
            else:
                held = getattr(facts, name)
                code = next((c for c in ((held,) if isinstance(held, str) else held) if c in wanted), None)
                found.append(None if code is None else f"{_TAG_NAMES[name]} {code or 'absent'}")
        return found


class Rule(BaseModel):
    """One line of the rule list."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    kind: SeriesKind
    when: Conditions
    unless: Conditions | None = None

    def reason(self, facts: SeriesFacts, vocabularies: dict[str, tuple[str, ...]]) -> str | None:
        """Why the rule applies, None if it does not."""
        found = self.when.evidence(facts, vocabularies)
        if None in found or (self.unless and any(self.unless.evidence(facts, vocabularies))):
            return None
        return f"{self.name}: {', '.join(str(item) for item in found)}"


class MarsWords(BaseModel):
    """Names of metal-artifact reduction techniques, and the bandwidth that supports them."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    words: tuple[str, ...]
    supporting_bandwidth_hz_per_pixel: float


class ImplantWords(BaseModel):
    """How descriptions name a hip implant and its side; see ``implants`` in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    names: tuple[str, ...]
    denials: tuple[str, ...]
    near: int
    hip: tuple[str, ...]
    other_joints: tuple[str, ...]
    sides: dict[Literal["right", "left", "both"], tuple[str, ...]]


class SideFiles(BaseModel):
    """Names of files beside images that are none."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    names: tuple[str, ...]
    folders: frozenset[str]


class SequenceRules(BaseModel):
    """The whole of ``configs/sequences.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    vocabularies: dict[str, tuple[str, ...]]
    rules: tuple[Rule, ...]
    mars: MarsWords
    implants: ImplantWords
    side_files: SideFiles
    bids: dict[str, dict[str, str]]


@cache
def shipped_rules() -> SequenceRules:
    """The shipped rules, read once.

    Raises:
        pydantic.ValidationError: the file does not fit the schema.
    """
    content: Any = read_yaml(shipped("configs", "sequences.yaml"))
    return SequenceRules.model_validate(content)


def classify(facts: SeriesFacts, rules: SequenceRules | None = None) -> tuple[SeriesKind, str]:
    """The kind of a volume, and the rule with the tag values it rests on (never a whole description: those may hold names)."""
    rules = rules or shipped_rules()
    for rule in rules.rules:
        if reason := rule.reason(facts, rules.vocabularies):
            return rule.kind, reason
    return SeriesKind.OTHER, "no rule applies: name the contrast with --kind if it can be graded"


def contrast_agent(facts: SeriesFacts, rules: SequenceRules | None = None) -> bool:
    """True where a contrast agent was given before the series.

    The series' own description counts most, for protocols are named for both halves ("w/wo contrast") and ContrastBolusAgent (0018,0010)
    is filled in for whole examinations.
    """
    vocabularies = (rules or shipped_rules()).vocabularies
    given, not_given = vocabularies["contrast_agent"], vocabularies["no_contrast_agent"]
    if find(not_given, facts.texts[:1]):
        return False
    if any(find(given, [text]) and not find(not_given, [text]) for text in facts.words):
        return True
    return facts.contrast_bolus.strip().upper() not in _NO_AGENT


_NO_AGENT = ("", "NO", "NONE", "N", "0", "N/A", "NA", "NIL", "NO CONTRAST")


def is_wide_bandwidth(hz_per_pixel: float | None, rules: SequenceRules | None = None) -> bool:
    """Whether a receiver bandwidth is so wide that metal displaces little; False where the header is silent."""
    return hz_per_pixel is not None and hz_per_pixel >= (rules or shipped_rules()).mars.supporting_bandwidth_hz_per_pixel


def mars_hint(facts: SeriesFacts, rules: SequenceRules | None = None) -> tuple[bool, str]:
    """Whether the header speaks for metal-artifact reduction, and by which words; a wide bandwidth alone is no proof."""
    mars = (rules or shipped_rules()).mars
    bandwidth = facts.bandwidth_hz_per_pixel
    wide = is_wide_bandwidth(bandwidth, rules)
    hit = find(mars.words, facts.words)
    if hit is None:
        return False, f"no word for it; bandwidth {bandwidth:.0f} Hz/pixel is wide" if wide else ""
    return True, f'"{hit}" in the description' + (f", bandwidth {bandwidth:.0f} Hz/pixel" if wide else "")
