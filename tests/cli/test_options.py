from pathlib import Path

import pytest
import typer

from gluteal_grade.cli.options import parse_kinds, settings_of
from gluteal_grade.vocabulary import SeriesKind


def test_nothing_said() -> None:
    assert parse_kinds([]) is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("t1", SeriesKind.T1),
        ("T1", SeriesKind.T1),
        ("water", SeriesKind.DIXON_WATER),
        ("Dixon-Fat", SeriesKind.DIXON_FAT),
        ("in", SeriesKind.DIXON_IN_PHASE),
        ("opp", SeriesKind.DIXON_OPPOSED_PHASE),
        ("ff", SeriesKind.FAT_FRACTION),
        ("ct", SeriesKind.CT),
    ],
)
def test_one_for_all(value: str, kind: SeriesKind) -> None:
    assert parse_kinds([value]) is kind


def test_by_name_where_the_name_may_hold_an_equals_sign() -> None:
    assert parse_kinds(["a=b.nii=t1", "s3.e1=opp"]) == {"a=b.nii": SeriesKind.T1, "s3.e1": SeriesKind.DIXON_OPPOSED_PHASE}


@pytest.mark.parametrize("values", [["x"], ["a=x"], ["=t1"], ["a=t1", "a=t2"], ["t1", "a=t2"], ["t1", "t2"]])
def test_what_is_wrong_is_told(values: list[str]) -> None:
    with pytest.raises(typer.BadParameter):
        parse_kinds(values)


def test_a_device_lies_over_the_settings(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("segmentation: {device: cuda}\n")
    assert settings_of(None).segmentation.device == "cpu"
    assert settings_of(own).segmentation.device == "cuda"
    assert settings_of(own, "cuda:2").segmentation.device == "cuda:2"
    with pytest.raises(typer.BadParameter, match="auto, cpu, cuda, cuda:N or mps"):
        settings_of(own, "gpu")
