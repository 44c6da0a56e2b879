"""SNOMED CT codes of what a segment may show: (code, scheme, meaning), as DICOM segmentations write them."""

from __future__ import annotations

from gluteal_grade.vocabulary import Muscle, Region, Side

Triple = tuple[str, str, str]

MUSCLES: dict[Muscle, Triple] = {
    Muscle.GLUTEUS_MAXIMUS: ("206007", "SCT", "Gluteus maximus muscle"),
    Muscle.GLUTEUS_MEDIUS: ("78333006", "SCT", "Gluteus medius muscle"),
    Muscle.GLUTEUS_MINIMUS: ("75297007", "SCT", "Gluteus minimus muscle"),
}
# read, not written: the "entire" muscle, which some tables of TotalSegmentator's classes use
ALSO_READ: dict[str, Muscle] = {"181674001": Muscle.GLUTEUS_MAXIMUS}
LATERALITY: dict[Side, Triple] = {Side.RIGHT: ("24028007", "SCT", "Right"), Side.LEFT: ("7771000", "SCT", "Left")}
REGIONS_CID2: dict[Region, Triple] = {
    Region.ANTERIOR: ("255549009", "SCT", "Anterior"),
    Region.MIDDLE: ("11896004", "SCT", "Intermediate"),
    Region.POSTERIOR: ("255551008", "SCT", "Posterior"),
    Region.UPPER: ("264217000", "SCT", "Superior"),
    Region.LOWER: ("261089000", "SCT", "Inferior"),
}
