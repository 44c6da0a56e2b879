"""What the three vendors write into a header for the same picture; each value as seen in the DICOM of their scanners."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.phantom.signal import Technique
from gluteal_grade_lab.phantom.study import SeriesSpec

K = SeriesKind


class Vendor(StrEnum):
    """Manufacturer's style."""

    SIEMENS = "siemens"
    GE = "ge"
    PHILIPS = "philips"


@dataclass(frozen=True)
class Style:
    """A vendor's scanner.

    Attributes:
        manufacturer, model, software: equipment module.
    """

    manufacturer: str
    model: str
    software: str


STYLES: dict[Vendor, Style] = {
    Vendor.SIEMENS: Style("SIEMENS", "MAGNETOM Phantom", "syngo MR E11"),
    Vendor.GE: Style("GE MEDICAL SYSTEMS", "SIGNA Phantom", "27\\LX\\MR Software release:RX27.0"),
    Vendor.PHILIPS: Style("Philips Medical Systems", "Ingenia Phantom", "5.7.1\\5.7.1.0"),
}

PHILIPS_SLOPE = 1.5  # real value of one grey level

_DIXON_WORD: dict[Vendor, dict[SeriesKind, str]] = {
    Vendor.SIEMENS: {K.DIXON_WATER: "WATER", K.DIXON_FAT: "FAT", K.DIXON_IN_PHASE: "IN_PHASE", K.DIXON_OPPOSED_PHASE: "OPP_PHASE"},
    Vendor.GE: {K.DIXON_WATER: "WATER", K.DIXON_FAT: "FAT", K.DIXON_IN_PHASE: "IN_PHASE", K.DIXON_OPPOSED_PHASE: "OUT_PHASE"},
    Vendor.PHILIPS: {K.DIXON_WATER: "W", K.DIXON_FAT: "F", K.DIXON_IN_PHASE: "IP", K.DIXON_OPPOSED_PHASE: "OP"},
}


def rescale_slope(vendor: Vendor, kind: SeriesKind) -> float | None:
    """RescaleSlope of MR images; Philips scales each image type by itself, the others write none."""
    if vendor is not Vendor.PHILIPS:
        return None
    return PHILIPS_SLOPE / 2 if kind is K.DIXON_FAT else PHILIPS_SLOPE


def image_type(vendor: Vendor, spec: SeriesSpec) -> list[str]:
    """ImageType (0008,0008)."""
    if spec.kind is K.CT:
        return ["ORIGINAL", "PRIMARY", "AXIAL"]
    word = _DIXON_WORD[vendor].get(spec.kind)
    if word is not None:
        if vendor is Vendor.PHILIPS:
            derived = spec.kind in (K.DIXON_WATER, K.DIXON_FAT)
            return ["DERIVED" if derived else "ORIGINAL", "PRIMARY", word, word, "DERIVED"]
        return ["DERIVED", "PRIMARY", "DIXON", word]
    if vendor is Vendor.PHILIPS:
        form = "IR" if spec.protocol is not None and spec.protocol.technique is Technique.INVERSION_RECOVERY else "SE"
        return ["ORIGINAL", "PRIMARY", f"M_{form}", "M", form]
    if vendor is Vendor.GE:
        return ["ORIGINAL", "PRIMARY", "OTHER"]
    return ["ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"]


def description(vendor: Vendor, spec: SeriesSpec) -> str:
    """SeriesDescription as the vendor builds it from the protocol's name."""
    if spec.kind in _DIXON_WORD[vendor]:
        word = {K.DIXON_WATER: "W", K.DIXON_FAT: "F", K.DIXON_IN_PHASE: "in", K.DIXON_OPPOSED_PHASE: "opp"}[spec.kind]
        if vendor is Vendor.GE:
            word = {K.DIXON_WATER: "WATER", K.DIXON_FAT: "FAT", K.DIXON_IN_PHASE: "InPhase", K.DIXON_OPPOSED_PHASE: "OutPhase"}[spec.kind]
            return f"{word}: {spec.protocol_name or spec.name}"
        if vendor is Vendor.SIEMENS:
            return f"{spec.protocol_name or spec.name}_{word}"
    return spec.protocol_name or spec.name


def sequence_codes(spec: SeriesSpec) -> tuple[list[str], list[str], list[str], str]:
    """ScanningSequence, SequenceVariant, ScanOptions, MRAcquisitionType."""
    technique = None if spec.protocol is None else spec.protocol.technique
    if technique is Technique.SPOILED_GRADIENT_ECHO:
        localizer = spec.kind is K.LOCALIZER
        return ["GR"], ["SP"], ["PFP"], "2D" if localizer else "3D"
    if technique is Technique.INVERSION_RECOVERY:
        return ["IR", "SE"], ["SK", "MP"], ["PFP"], "2D"
    return ["SE"], ["SK"], ["PFP"], "2D"
