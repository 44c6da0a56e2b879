"""CSV manifests: every line is an entry; a line that cannot be used is one with its refusal."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.cohort.manifest import read_manifest
from gluteal_grade.errors import Reason, RefusedInput


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    return tmp_path


def write(folder: Path, text: str, name: str = "m.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_everything_that_is_said_is_read(folder: Path) -> None:
    path = write(
        folder,
        "Path,labels,labelmap,exclude,kind,series,Sex,metal,age,group,operated side,patient,date,surgeon\n"
        "a,a/l.nii.gz,gluteal_grade,masks/a.nii.gz,w.nii=water;f.nii=fat,s3,female,right,67.5,tha,L,Doe,2024-05-06,Ü\n"
        "b,,,,,,,none,n/a,,,,,\n",
    )
    first, second = read_manifest(path, "m.csv")
    said = first.given
    assert (first.source, first.root, first.parts, first.refusal) == ("a", folder / "a", None, None)
    assert (said.labels, said.labelmap, said.kind, said.series) == (
        folder / "a/l.nii.gz", "gluteal_grade", ("w.nii=water", "f.nii=fat"), "s3",
    )  # fmt: skip
    assert said.exclude == folder / "masks/a.nii.gz"
    assert (said.sex, said.metal, said.age_years, said.group, said.operated_side) == ("F", "right", 67.5, "tha", "left")
    assert (said.patient, said.date, said.extra) == ("Doe", datetime.date(2024, 5, 6), (("surgeon", "Ü"),))
    assert (second.given.metal, second.given.age_years, second.given.labels) == ("none", None, None)


def test_the_size_of_the_body_is_read(folder: Path) -> None:
    path = write(folder, "path,height_cm,weight,lean mass kg\na,175,70.5,n/a\nb,1.62,,48\n")
    first, second = (entry.given for entry in read_manifest(path, "m.csv"))
    assert (first.height_m, first.weight_kg, first.lean_kg, first.extra) == (1.75, 70.5, None, ())
    assert (second.height_m, second.weight_kg, second.lean_kg) == (1.62, None, 48)
    (bad,) = read_manifest(write(folder, "path,height\na,17.5\n"), "m.csv")
    assert bad.refusal is not None
    assert "line 2: height is no height in m or cm of a person" in bad.refusal.detail


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        ("missing,F,,", Reason.INPUT_NOT_FOUND, "no such file"),
        (",F,,", Reason.MANIFEST_UNREADABLE, "line 2: `path` is empty"),
        ("a,X,,", Reason.MANIFEST_UNREADABLE, "line 2: sex is none of M, F"),
        ("a,F,old,", Reason.MANIFEST_UNREADABLE, "line 2: age is no number"),
        ("a,F,-3,", Reason.MANIFEST_UNREADABLE, "line 2: age is no number"),
        ("a,F,50,6.5.2024", Reason.MANIFEST_UNREADABLE, "line 2: date is not YYYY-MM-DD"),
        ("a,F,50", Reason.MANIFEST_UNREADABLE, "line 2: 3 cells where the header has 4"),
    ],
)
def test_a_bad_line_is_refused_and_the_next_one_is_not(folder: Path, line: str, reason: Reason, detail: str) -> None:
    bad, good = read_manifest(write(folder, f"path,sex,age,date\n{line}\nb,M,40,2024-01-01\n"), "m.csv")
    assert bad.refusal is not None
    assert bad.refusal.reason is reason
    assert detail in str(bad.refusal)
    assert good.refusal is None
    assert bad.key != good.key


@pytest.mark.parametrize("content", [b"", b"sex,age\nM,4\n", b"path,path\na,b\n", b'path\n"a\n', b"\xff\xfe\x00p", b"path,study\na,b\n"])
def test_a_manifest_without_paths_is_refused_as_a_whole(folder: Path, content: bytes) -> None:
    (folder / "m.csv").write_bytes(content)
    with pytest.raises(RefusedInput) as caught:
        read_manifest(folder / "m.csv", "m.csv")
    assert caught.value.reason is Reason.MANIFEST_UNREADABLE


def test_the_same_path_twice_is_told(folder: Path) -> None:
    first, second = read_manifest(write(folder, "path\na\na\n"), "m.csv")
    assert first.refusal is None
    assert second.refusal is not None
    assert second.refusal.reason is Reason.STUDY_TWICE


@pytest.mark.parametrize(("name", "separator"), [("m.tsv", "\t"), ("m.csv", ";"), ("m.csv", "\t"), ("m.csv", ",")])
def test_separators_and_a_byte_order_mark(folder: Path, name: str, separator: str) -> None:
    (folder / name).write_bytes(f"path{separator}sex\r\na{separator}M\r\n".encode("utf-8-sig"))
    (entry,) = read_manifest(folder / name, name)
    assert (entry.root, entry.given.sex) == (folder / "a", "M")


CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5))
def test_any_text_gives_an_entry_a_line(tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str, str]]) -> None:
    folder = tmp_path_factory.mktemp("m")
    with (folder / "m.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("path", "sex", "note"), *lines])
    filled = [line for line in lines if any(cell.strip() for cell in line)]
    found = read_manifest(folder / "m.csv", "m.csv")
    assert len(found) == len(filled)
    assert all(e.given.extra == (("note", line[2].strip()),) for e, line in zip(found, filled, strict=True) if not e.refusal)
