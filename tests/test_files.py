"""Tables that users write are read in one way; each reader keeps its own reason codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gluteal_grade.cohort.manifest import read_manifest
from gluteal_grade.cohort.repeatability.readings import _lines as read_repeats
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.files import user_rows
from gluteal_grade.review.agreement.ratings_csv import _lines as read_ratings

READERS: dict[str, tuple[Callable[[Path], object], Reason, str]] = {
    "manifest": (lambda path: read_manifest(path, "m"), Reason.MANIFEST_UNREADABLE, "the manifest is not UTF-8 text"),
    "repeats": (read_repeats, Reason.REPEATS_UNREADABLE, "the file of repeats is not UTF-8 text"),
    "ratings": (read_ratings, Reason.BAD_RATINGS, "not UTF-8 text"),
}


def written(folder: Path, content: bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("content", [b"", b"\n \n", b",,\n", b'path,"age\n1,2\n', b"\xff\xfe\n", b"nothing,known\n1,2\n"])
def test_what_is_no_table_is_refused_by_the_reader_s_own_code(tmp_path: Path, kind: str, content: bytes) -> None:
    read, reason, words = READERS[kind]
    with pytest.raises(RefusedInput) as refused:
        read(written(tmp_path, content))
    assert refused.value.reason is reason
    if content.startswith(b"\xff"):
        assert refused.value.detail == words
    if b'"' in content:
        assert refused.value.detail == "a quote is not closed, or a line is no CSV"
    assert "table" not in refused.value.detail


def test_files_that_are_not_there_or_are_folders(tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    for read, reason in ((read_repeats, Reason.REPEATS_UNREADABLE), (read_ratings, Reason.INPUT_NOT_FOUND)):
        with pytest.raises(RefusedInput) as refused:
            read(missing)
        assert refused.value.reason is reason
    with pytest.raises(TransientFailure) as failed:
        read_manifest(missing, "m")
    assert failed.value.reason is Reason.READ_FAILED
    with pytest.raises(RefusedInput, match="a folder"):
        read_ratings(tmp_path)
    for other in (read_repeats, lambda path: read_manifest(path, "m")):
        with pytest.raises(TransientFailure):
            other(tmp_path)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_separators_quotes_and_line_numbers(tmp_path: Path, mark: str) -> None:
    text = f'\ufeffpath{mark}note\n\na{mark}"two\nlines"\n{mark} \nb{mark}c\n'
    rows = user_rows(written(tmp_path, text.encode()), Reason.MANIFEST_UNREADABLE)
    assert rows == [(1, ["path", "note"]), (4, ["a", "two\nlines"]), (6, ["b", "c"])]


def test_a_comma_in_the_header_decides_but_for_ratings_the_most_frequent_mark(tmp_path: Path) -> None:
    header = b"reader;read;study;muscle;side;scale;grade;a,b\n"
    assert len(user_rows(written(tmp_path, header), Reason.BAD_RATINGS)[0][1]) == 2
    assert read_ratings(written(tmp_path, header)) == []
    tabs = written(tmp_path, b"path\ta,b\nx\ty\n", "m.tsv")  # the ending decides
    assert [entry.source for entry in read_manifest(tabs, "m")] == ["x"]
