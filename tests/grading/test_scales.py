"""Every edge of every shipped profile, from the published definitions (not from the YAML)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.config import shipped
from gluteal_grade.grading.scales import load_scales

SCALES = load_scales()
NAMES = ("quartile", "goutallier", "bal_lowe")

QUARTILE = [(0.0, 0), (0.10, 0), (0.1001, 1), (0.25, 1), (0.2501, 2), (0.50, 2), (0.5001, 3), (0.75, 3), (0.7501, 4), (1.0, 4)]
GOUTALLIER = [(0.0999, 0), (0.10, 1), (0.1999, 1), (0.2, 2), (0.2999, 2), (0.3, 3), (0.4, 3), (0.4001, 4), (1.0, 4)]
LITERAL = [(0.0499, 0), (0.05, 1), (0.1499, 1), (0.15, 2), (0.4499, 2), (0.45, 3), (0.55, 3), (0.5501, 4)]
BAL_LOWE = [(0.0999, 0), (0.10, 1), (0.2999, 1), (0.30, 2), (0.70, 2), (0.7001, 3)]


@pytest.mark.parametrize(("value", "grade"), QUARTILE)
def test_quartile(value: float, grade: int) -> None:
    assert SCALES.grade("quartile", value) == grade


@pytest.mark.parametrize(("value", "grade"), GOUTALLIER)
def test_goutallier_default_is_horiuchi(value: float, grade: int) -> None:
    assert SCALES.grade("goutallier", value) == grade


@pytest.mark.parametrize(("value", "grade"), LITERAL)
def test_goutallier_literal(value: float, grade: int) -> None:
    assert load_scales(profiles={"goutallier": "literal"}).grade("goutallier", value) == grade


@pytest.mark.parametrize(("value", "grade"), BAL_LOWE)
def test_bal_lowe(value: float, grade: int) -> None:
    assert SCALES.grade("bal_lowe", value) == grade


def test_visual_half_is_not_measured_half() -> None:
    """grading.md: readers call 'half fat' (Goutallier 3) at a measured 0.3-0.4."""
    assert SCALES.grade("goutallier", 0.35) == 3
    assert load_scales(profiles={"goutallier": "literal"}).grade("goutallier", 0.35) == 2


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(NAMES))
def test_grades_never_fall_as_fat_rises(a: float, b: float, name: str) -> None:
    low, high = sorted((a, b))
    assert SCALES.grade(name, low) <= SCALES.grade(name, high)


@given(st.floats(0, 1), st.sampled_from(NAMES))
def test_a_move_shorter_than_the_margin_keeps_the_grade(value: float, name: str) -> None:
    profile = SCALES.scales[name].active
    margin = abs(profile.nearest_edge(value))
    for moved in (value - 0.99 * margin, value + 0.99 * margin):
        if margin > 1e-9:
            assert profile.grade(moved) == profile.grade(value)


@pytest.mark.parametrize("name", NAMES)
def test_not_a_number_has_no_grade(name: str) -> None:
    assert SCALES.grade(name, math.nan) is None
    assert math.isnan(SCALES.scales[name].active.nearest_edge(math.nan))


def test_every_profile_names_its_source() -> None:
    assert all(len(profile.source) > 20 for scale in SCALES.scales.values() for profile in scale.profiles.values())


def test_a_scale_can_grade_the_fat_area(tmp_path) -> None:
    text = shipped("configs", "grading.yaml").read_text()
    own = tmp_path / "own.yaml"
    own.write_text(text.replace("measure: fat_fraction", "measure: fat_area_fraction", 1))
    scales = load_scales(own)
    assert scales.grade("quartile", fat_fraction=0.9, fat_area_fraction=0.05) == 0
    assert scales.grade("bal_lowe", fat_fraction=0.9, fat_area_fraction=0.05) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{at: 0.25, on_edge: lower}", "{at: 0.05, on_edge: lower}", "edges must rise"),
        ("profile: horiuchi2017", "profile: nobody", "not one of"),
        ("{at: 0.25, on_edge: lower}", "{at: 25, on_edge: lower}", "less than 1"),
        ("bal_lowe:\n    title", "Bal Lowe:\n    title", "no names for scales"),
        ("bal_lowe:\n    title", "reason:\n    title", "no names for scales"),
        ("primary: true", "primary: false", "one scale must be the primary one, not 0"),
        ("primary: false", "primary: true", "one scale must be the primary one, not 2"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, old: str, new: str, message: str) -> None:
    text = shipped("configs", "grading.yaml").read_text()
    assert old in text
    own = tmp_path / "own.yaml"
    own.write_text(text.replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        load_scales(own)


def test_a_misspelt_scale_is_named_not_ignored() -> None:
    with pytest.raises(ValueError, match="no scale is called goutalier"):
        load_scales(profiles={"goutalier": "literal"})
