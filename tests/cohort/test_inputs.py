"""What is said of all studies at once, and what a manifest says of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from gluteal_grade.cohort.inputs import read_inputs


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "labels.nii.gz").write_bytes(b"x")
    path = tmp_path / "m.csv"
    path.write_text("path,labels,labelmap,kind\na,,,\nb,b/own.nii.gz,,t1\nc,,muscle_map,\n", encoding="utf-8")
    return path


def test_what_is_said_of_all_holds_where_nothing_else_is_said(manifest: Path, tmp_path: Path) -> None:
    a, b, c = read_inputs([str(manifest)], tmp_path / "out", "labels.nii.gz", "gluteal_grade", ("ff",))
    assert [e.given.kind for e in (a, b, c)] == [("ff",), ("t1",), ("ff",)]
    assert [e.given.labelmap for e in (a, b, c)] == ["gluteal_grade", None, "muscle_map"]
    assert [e.given.labels and e.given.labels.name for e in (a, b, c)] == ["labels.nii.gz", "own.nii.gz", "labels.nii.gz"]


def test_the_numbering_of_a_bundle_is_none_of_label_maps(manifest: Path, tmp_path: Path) -> None:
    """`--bundle` with `--labelmap`, without `--labels`."""
    a, b, c = read_inputs([str(manifest)], tmp_path / "out", None, "gluteal_grade")
    assert [e.given.labelmap for e in (a, b, c)] == ["gluteal_grade", None, "muscle_map"]
    assert [e.given.labels is None for e in (a, b, c)] == [True, False, True]


def test_without_a_word_nothing_is_said(manifest: Path, tmp_path: Path) -> None:
    """So that what earlier versions have written down of an entry still holds."""
    (entry, *_) = read_inputs([str(manifest)], tmp_path / "out")
    assert entry.given.kind == ()
    assert entry.given.beside == ()
