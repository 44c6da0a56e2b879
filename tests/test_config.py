"""Settings: defaults are the YAML's, a user's file changes just its keys, mistakes are named."""

from pathlib import Path

import pytest

from gluteal_grade.config import load_settings, shipped, validated
from gluteal_grade.segmentation.numbering import Numbering


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    return path


def test_a_users_file_changes_only_its_keys(tmp_path: Path) -> None:
    default = load_settings()
    changed = load_settings(own(tmp_path, "measure: {fat_area_threshold: 0.4}\ngrading: {profiles: {goutallier: literal}}\n"))
    assert changed.measure.fat_area_threshold == 0.4
    assert changed.measure.min_voxels == default.measure.min_voxels
    assert changed.fat == default.fat
    assert changed.grading.profiles == {"goutallier": "literal"}


def test_hash_follows_values_and_scales(tmp_path: Path) -> None:
    default = load_settings()
    assert default.hash() == load_settings(own(tmp_path, "")).hash()
    assert default.hash() != load_settings(own(tmp_path, "measure: {min_voxels: 51}")).hash()
    scales = tmp_path / "grading.yaml"
    scales.write_text(shipped("configs", "grading.yaml").read_text().replace("0.75", "0.76"))
    assert default.hash() != load_settings(own(tmp_path, f"grading: {{file: {scales}}}")).hash()


def test_how_results_are_shown_is_no_part_of_the_hash(tmp_path: Path) -> None:
    dark = load_settings(own(tmp_path, "report: {theme: dark}\n"))
    assert (load_settings().report.theme, dark.report.theme) == ("print", "dark")
    assert dark.hash() == load_settings().hash()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("report: {theme: sepia}", "report.theme"),
        ("measure: {min_voxel: 3}", "measure.min_voxel"),
        ("measure: {fat_area_threshold: 40}", "measure.fat_area_threshold"),
        ("- a\n- b", "no YAML mapping"),
        ("just text", "no YAML mapping"),
        ("a: [", "cannot be read as YAML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_settings(own(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        load_settings(tmp_path / "nothing.yaml")


@pytest.mark.parametrize("held", ["words", ["a list"], 3, None])
def test_what_holds_no_keys_is_said_to(held: object) -> None:
    with pytest.raises(ValueError, match=r"^lab\.yaml: holds no keys and values$"):
        validated(Numbering, held, "lab.yaml")
