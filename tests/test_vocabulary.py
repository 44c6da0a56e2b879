"""The words of the field: equal to the keys that stand in results, and said once."""

from __future__ import annotations

import pytest

from gluteal_grade.vocabulary import (
    ALL_PARTS,
    GLUTEI,
    LABEL_VALUES,
    REGIONS,
    Method,
    Muscle,
    Region,
    Side,
    division,
    join_methods,
    label_value,
    muscles_among,
    short_methods,
)


@pytest.mark.parametrize("words", [Side, Region, Muscle, Method])
def test_a_word_is_its_key(words) -> None:
    for word in words:
        assert words(str(word)) is word
        assert word == word.value
        assert f"{word}" == word.value


def test_codes_colours_and_label_values_tell_all_apart() -> None:
    assert len({muscle.facts.code for muscle in Muscle}) == len(Muscle)
    assert len({muscle.facts.plot[1] for muscle in Muscle}) == len(Muscle)
    assert len(LABEL_VALUES) == len(ALL_PARTS)
    assert all(0 < label_value(part) < 256 for part in ALL_PARTS)


def test_values_of_old_label_maps_hold() -> None:
    """A middle of minimus came later; what 131 and 132 are in files out there stays."""
    names = {value: str(LABEL_VALUES[value]) for value in (131, 132, 133, 233)}
    sides = [f"right gluteus minimus ({region})" for region in ("anterior", "posterior", "middle")]
    assert list(names.values()) == [*sides, "left gluteus minimus (middle)"]
    assert list(LABEL_VALUES) == sorted(LABEL_VALUES)


def test_a_muscle_is_divided_as_it_is_known() -> None:
    for muscle in Muscle:
        for regions in muscle.facts.divisions:
            assert division(muscle, len(regions) - 1) == regions
            assert list(regions) == [region for region in REGIONS[muscle] if region in regions]
    with pytest.raises(ValueError, match="1 or 2 cuts"):
        division(Muscle.GLUTEUS_MINIMUS, 3)


def test_several_methods_of_a_study_are_read_as_words() -> None:
    joined = join_methods((Method.DIXON, Method.T1, Method.DIXON))
    assert joined == "dixon+t1"
    assert short_methods(joined) == "Dixon, T1"
    assert short_methods("from_the_future") == "from the future"
    assert short_methods("") == ""


def test_only_the_glutei_are_in_every_study() -> None:
    assert [muscle.short for muscle in GLUTEI] == ["maximus", "medius", "minimus"]
    assert muscles_among(()) == GLUTEI
    assert muscles_among(muscle.value for muscle in Muscle) == tuple(Muscle)
