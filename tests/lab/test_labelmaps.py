"""The numbering of the development anatomy, which only the lab knows."""

import json
from pathlib import Path

import pytest

from gluteal_grade.segmentation.numbering import load_numbering, shipped_numberings
from gluteal_grade.vocabulary import Muscle, Part, Region, Side
from gluteal_grade_lab.labelmaps import GLUTEAL_ANATOMY

_VALUES = {
    Muscle.GLUTEUS_MAXIMUS: (1, 2),
    Muscle.GLUTEUS_MEDIUS: (3, 4),
    Muscle.GLUTEUS_MINIMUS: (5, 6),
    Muscle.TENSOR_FASCIAE_LATAE: (7, 8),
}


def test_values() -> None:
    expected = {
        value: Part(muscle, Region.WHOLE, side)
        for muscle, pair in _VALUES.items()
        for side, value in zip((Side.LEFT, Side.RIGHT), pair, strict=True)
    }
    assert load_numbering(GLUTEAL_ANATOMY).parts() == expected
    assert "gluteal_anatomy" not in shipped_numberings()


def test_matches_the_table_beside_the_maps() -> None:
    table = Path(__file__).parents[3] / "shared/data/anatomy/labels.json"
    if not table.is_file():
        pytest.skip("../shared/data/anatomy is not here")
    names = json.loads(table.read_text())
    for value, part in load_numbering(GLUTEAL_ANATOMY).parts().items():
        assert names[f"{part.muscle}_{part.side}"] == value
