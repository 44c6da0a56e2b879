"""A batch's own tables as text: what a cell says is kept, whatever it looks like."""

from pathlib import Path

import pytest

from gluteal_grade.cohort.own_tables import pieces, read_columns
from gluteal_grade.errors import Reason, RefusedInput


def table(folder: Path, text: str) -> Path:
    (folder / "cohort.csv").write_text(text, encoding="utf-8", newline="\n")
    return folder / "cohort.csv"


def test_cells_are_text_without_space_around(tmp_path: Path) -> None:
    path = table(tmp_path, "\ufeffstudy,group,age\n007, NA ,\nnan,1e3,40\n")
    assert read_columns(path, None, ("study",)).values.tolist() == [["007", "NA", ""], ["nan", "1e3", "40"]]
    assert list(read_columns(path, {"age", "height"}, ("age",)).columns) == ["age"]
    parts = list(pieces(path, None, (), rows=1))
    assert [len(part) for part in parts] == [1, 1]
    assert list(read_columns(table(tmp_path, "study,group\n"), None, ("study",)).columns) == ["study", "group"]


@pytest.mark.parametrize("text", [None, "", "group\n1\n", 'study\n"1\n'])
def test_what_is_no_such_table_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "cohort.csv" if text is None else table(tmp_path, text)
    with pytest.raises(RefusedInput) as caught:
        read_columns(path, None, ("study",))
    assert caught.value.reason is Reason.NO_RESULTS
