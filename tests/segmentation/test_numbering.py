"""Shipped numberings against the published tables, and a lab's own."""

from pathlib import Path

import numpy as np
import pytest

from gluteal_grade.segmentation.numbering import load_numbering, shipped_numberings
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Part, Region, Side

# (left, right) values of maximus, medius, minimus, tensor fasciae latae where the program has it
TABLES = {
    "totalsegmentator": [(80, 81), (82, 83), (84, 85)],
    "totalsegmentator_v1": [(94, 95), (96, 97), (98, 99)],
    "totalsegmentator_mr": [(40, 41), (42, 43), (44, 45)],
    "totalsegmentator_mr_v2.4": [(38, 39), (40, 41), (42, 43)],
    "mrsegmentator": [(35, 36), (37, 38), (39, 40)],
    "vibesegmentator": [(53, 54), (55, 56), (57, 58)],
    "musclemap": [(6121, 6122), (6111, 6112), (6101, 6102), (6131, 6132)],
}


@pytest.mark.parametrize("name", TABLES)
def test_published_values(name: str) -> None:
    expected = {
        value: Part(muscle, Region.WHOLE, side)
        for muscle, pair in zip(Muscle, TABLES[name], strict=False)
        for side, value in zip((Side.LEFT, Side.RIGHT), pair, strict=True)
    }
    assert load_numbering(name).parts() == expected


def test_our_own_file_is_our_own_vocabulary() -> None:
    assert load_numbering("gluteal_grade").parts() == LABEL_VALUES


def test_every_shipped_file_loads() -> None:
    assert {"gluteal_grade", *TABLES} == set(shipped_numberings())


def test_translation_drops_what_is_not_a_gluteus() -> None:
    ours = load_numbering("totalsegmentator").translate(np.array([[[0, 79, 80, 85, 86, 117]]]))
    assert ours.ravel().tolist() == [0, 0, 210, 130, 0, 0]


def test_a_labs_own_file(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text("title: Lab\nsource: us\nlabels:\n  7: {muscle: gluteus_medius, side: left, region: posterior}\n")
    assert load_numbering(str(path)).parts() == {7: Part(Muscle.GLUTEUS_MEDIUS, Region.POSTERIOR, Side.LEFT)}


@pytest.mark.parametrize("line", ["{muscle: biceps, side: left}", "{muscle: gluteus_medius, side: left, region: upper}", "{side: left}"])
def test_a_wrong_file_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text(f"title: Lab\nsource: us\nlabels:\n  7: {line}\n")
    with pytest.raises(ValueError, match=r"label map lab\.yaml"):
        load_numbering(str(path))


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="totalsegmentator_mr"):
        load_numbering("totalsegmentor")
