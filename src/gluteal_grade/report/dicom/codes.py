"""The codes of segments and measurements: SNOMED CT and DICOM where they have one, our own scheme 99GLUTEAL where not.

Muscles: SNOMED CT body structures; the same codes as in the segment tables of TotalSegmentator and MOOSE. Category, laterality, units: CID
7150, 244, 7181 of DICOM PS3.16. Regions: CID 2, which has no "middle", "upper" and "lower" but intermediate, superior, inferior.
`docs/reference/dicom_results.md` lists our own codes.
"""

from __future__ import annotations

from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from gluteal_grade.vocabulary import Muscle, Part, Region, Scale, Side

SCHEME = "99GLUTEAL"
_LONGEST_SCALE = 13
SCHEME_NAME = "gluteal_grade measurements and grades"

CATEGORY = Code("91723000", "SCT", "Anatomical Structure")
VOLUME = Code("118565006", "SCT", "Volume")
FAT_FRACTION = Code("129100", "DCM", "Fat fraction")
MEAN = Code("373098007", "SCT", "Mean")
AREA = Code("42798000", "SCT", "Area")
MAXIMUM = Code("56851009", "SCT", "Maximum")
MILLILITRE = Code("ml", "UCUM", "ml")
SQUARE_CENTIMETRE = Code("cm2", "UCUM", "cm2")
PERCENT = Code("%", "UCUM", "Percent")
ONE = Code("1", "UCUM", "no units")
Z_SCORE = Code("121416", "DCM", "Z-Score of measurement")
PERCENTILE = Code("121415", "DCM", "Percentile Ranking of measurement")
COMMENT = Code("121106", "DCM", "Comment")
EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
PREVIOUS = Code("121069", "DCM", "Previous Finding")
IMPRESSION = Code("121073", "DCM", "Impression")
ENGLISH = Code("en", "RFC5646", "English")
NETWORK = Code("123110", "DCM", "Artificial Intelligence")
BY_HAND = Code("123109", "DCM", "Manual Processing")
SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")
PROCEDURES = {
    "MR": Code("241639000", "SCT", "Magnetic resonance imaging of hip"),
    "CT": Code("25045-6", "LN", "CT unspecified body region"),  # CID 100
}


def own_code(value: str, meaning: str) -> Code:
    """A code of our own scheme."""
    return Code(value, SCHEME, meaning)


LEAN_VOLUME = own_code("LEAN_VOLUME", "Lean muscle volume")
LOW = own_code("FF_LOW95", "Fat fraction, lower end of 95 % interval")
HIGH = own_code("FF_HIGH95", "Fat fraction, upper end of 95 % interval")
CORE = own_code("FF_CORE", "Fat fraction of the muscle itself, without its rim")
CORE_LOW = own_code("FF_CORE_LOW95", "Fat fraction of the muscle itself, lower end of 95 % interval")
CORE_HIGH = own_code("FF_CORE_HIGH95", "Fat fraction of the muscle itself, upper end of 95 % interval")
FAT_AREA = own_code("FAT_AREA", "Share of voxels that are mostly fat")
EVALUABLE = own_code("EVALUABLE_SHARE", "Share of the label that could be measured")
COVERAGE = own_code("COVERAGE", "Estimated share of the muscle in view")
STATUS = own_code("STATUS", "Grading status")
REASON = own_code("REASON", "Reason")
STUDY = own_code("STUDY", "Gluteal muscles")
PRIOR = own_code("FF_PRIOR", "Fat fraction in the prior study, as compared")
CHANGE = own_code("FF_CHANGE", "Change of the fat fraction since the prior study")
CHANGE_LOW = own_code("FF_CHANGE_LOW95", "Change of the fat fraction, lower end of 95 % interval")
CHANGE_HIGH = own_code("FF_CHANGE_HIGH95", "Change of the fat fraction, upper end of 95 % interval")
SDC = own_code("FF_SDC", "Smallest detectable change of the fat fraction")
VOLUME_CHANGE = own_code("VOLUME_CHANGE", "Change of the volume since the prior study")
CHANGED = own_code("CHANGED", "Change since the prior study")


def scale_code(scale: Scale) -> Code:
    """The name of a grading scale."""
    return own_code(_value(scale), f"{scale.plain_title} grade")


def grade_code(scale: Scale, grade: int) -> Code:
    """The code of one grade of a scale."""
    return own_code(f"{_value(scale)}_{grade}", f"{scale.plain_title} grade {grade}")


def probability_code(scale: Scale) -> Code:
    """The probability of the grade that is given."""
    return own_code(f"P_{_value(scale)}", f"Probability of the {scale.plain_title} grade")


def prior_code(scale: Scale) -> Code:
    """The grade that the prior study had."""
    return own_code(f"B_{_value(scale)}", f"{scale.plain_title} grade in the prior study")


def decision_code(scale: Scale) -> Code:
    """What a reader decided on the program's grade."""
    return own_code(f"D_{_value(scale)}", f"Decision on the program's {scale.plain_title} grade")


def _value(scale: Scale) -> str:
    """Code values have 16 characters at most, with the grade and ``P_``, ``B_`` or ``D_``."""
    return scale.key.upper()[:_LONGEST_SCALE]


def word_code(word: str) -> Code:
    """A status or reason of `result.json`."""
    return own_code(word, word.replace("_", " "))


def muscle_code(muscle: Muscle) -> Code:
    """The muscle as a body structure, of SNOMED CT where DICOM names its code, else as a context group of DICOM has it."""
    return Code(*muscle.facts.code)


def side_code(side: Side) -> Code:
    """The code of a side (CID 244)."""
    return Code(*side.code)


def region_code(region: Region) -> Code | None:
    """CID 2; None for the whole muscle."""
    return Code(*region.code) if region.code else None


def modifiers(part: Part) -> list[CodedConcept]:
    """Side and region of a segment."""
    found = (side_code(part.side), region_code(part.region))
    return [CodedConcept.from_code(code) for code in found if code is not None]


def scheme_item() -> Dataset:
    """The item that tells whose scheme 99GLUTEAL is."""
    item = Dataset()
    item.CodingSchemeDesignator = SCHEME
    item.CodingSchemeName = SCHEME_NAME
    return item
