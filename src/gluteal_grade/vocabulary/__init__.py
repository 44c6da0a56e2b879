"""The words of the field, each once: muscles, sides, regions, contrasts, methods."""

from gluteal_grade.vocabulary.anatomy import ALL_PARTS, COLOURS, LABEL_VALUES, REGIONS, Muscle, Part, Region, Side, label_value
from gluteal_grade.vocabulary.methods import Method
from gluteal_grade.vocabulary.series import SeriesKind

__all__ = ["ALL_PARTS", "COLOURS", "LABEL_VALUES", "REGIONS", "Method", "Muscle", "Part", "Region", "SeriesKind", "Side", "label_value"]
