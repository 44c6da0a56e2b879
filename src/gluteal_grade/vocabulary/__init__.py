"""The words of the field, each once: muscles, sides, regions, contrasts, methods, scales, columns, files of a study."""

from gluteal_grade.vocabulary.anatomy import (
    ALL_PARTS,
    COLOURS,
    GLUTEI,
    LABEL_VALUES,
    OPTIONAL_VALUES,
    REGIONS,
    Muscle,
    Part,
    Region,
    Side,
    division,
    label_value,
    muscles_among,
)
from gluteal_grade.vocabulary.columns import Column, ColumnType, names
from gluteal_grade.vocabulary.methods import Method, join_methods, method_words, short_methods, split_methods
from gluteal_grade.vocabulary.scales import Scale, is_scale_key, primary_scale, unknown_scale
from gluteal_grade.vocabulary.series import SeriesKind
from gluteal_grade.vocabulary.study_files import StudyFile, is_study_file

__all__ = [
    "ALL_PARTS",
    "COLOURS",
    "GLUTEI",
    "LABEL_VALUES",
    "OPTIONAL_VALUES",
    "REGIONS",
    "Column",
    "ColumnType",
    "Method",
    "Muscle",
    "Part",
    "Region",
    "Scale",
    "SeriesKind",
    "Side",
    "StudyFile",
    "division",
    "is_scale_key",
    "is_study_file",
    "join_methods",
    "label_value",
    "method_words",
    "muscles_among",
    "names",
    "primary_scale",
    "short_methods",
    "split_methods",
    "unknown_scale",
]
