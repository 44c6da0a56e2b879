"""`cohort.xlsx` holds what the CSV tables hold."""

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from gluteal_grade.cohort import workbook
from gluteal_grade.cohort.columns import REFUSALS, STUDIES
from gluteal_grade.cohort.workbook import WORKBOOK, renew_workbook, write_workbook
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.files import write_table
from gluteal_grade.result import muscle_columns
from gluteal_grade.vocabulary import names
from tests.program import program

MUSCLES = muscle_columns()
TRAP = '=HYPERLINK("http://x","1")'


@pytest.fixture
def out(tmp_path: Path) -> Path:
    muscle = dict.fromkeys(names(MUSCLES), "") | {c.name: "1.5" for c in MUSCLES if c.type == "number"}
    muscle |= {"study": "0123456789ab", "side": "left", "volume_ml": "NaN", "quartile": "2", "reason": ""}
    study = {"study": "0123456789ab", "source": TRAP, "days": "12", "age": "61.5", "automatic": "true", "site": "007"}
    write_table(tmp_path / "cohort.csv", names(MUSCLES), [muscle, muscle | {"study": "000000000012", "volume_ml": "310.25"}])
    write_table(tmp_path / "studies.csv", (*names(STUDIES), "site"), [study])
    write_table(tmp_path / "refusals.csv", names(REFUSALS), [])
    return tmp_path


def sheet(path: Path, name: str) -> list[dict[str, object]]:
    header, *rows = load_workbook(path)[name].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_every_cell_is_what_the_table_says(out: Path) -> None:
    path = write_workbook(out)
    assert load_workbook(path).sheetnames == ["muscles", "studies", "refusals", "dictionary"]
    for name, table in (("muscles", "cohort.csv"), ("studies", "studies.csv"), ("refusals", "refusals.csv")):
        with (out / table).open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        found = sheet(path, name)
        assert len(found) == len(rows)
        for row, cells in zip(rows, found, strict=True):
            assert list(cells) == list(row)
            for column, value in row.items():
                cell = cells[column]
                assert cell is None if value in ("", "NaN") else (cell == value or float(value) == cell)


def test_numbers_are_numbers_and_words_stay_words(out: Path) -> None:
    path = write_workbook(out)
    first, second = sheet(path, "muscles")
    assert (first["volume_ml"], second["volume_ml"], first["quartile"]) == (None, 310.25, 2)
    assert second["study"] == "000000000012"  # a hash of digits
    (study,) = sheet(path, "studies")
    assert (study["days"], study["age"], study["site"]) == (12, 61.5, "007")  # a column of the manifest, as given
    cell = next(c for c in load_workbook(path)["studies"][2] if c.value == TRAP)
    assert (cell.data_type, cell.hyperlink) == ("s", None)


def test_a_text_longer_than_a_cell_is_cut_and_not_lost(out: Path) -> None:
    write_table(out / "refusals.csv", names(REFUSALS), [{"detail": "x" * 40_000, "reason": "no_image"}])
    (row,) = sheet(write_workbook(out), "refusals")
    assert (len(str(row["detail"])), str(row["detail"])[-1], row["reason"]) == (32_767, "\N{HORIZONTAL ELLIPSIS}", "no_image")


def test_every_column_is_explained(out: Path) -> None:
    told = {(row["table"], row["column"]): row["description"] for row in sheet(write_workbook(out), "dictionary")}
    columns = {"muscles": MUSCLES, "studies": STUDIES, "refusals": REFUSALS}
    assert told == {(table, c.name): c.description for table, those in columns.items() for c in those}


def test_the_same_tables_give_the_same_file_and_nothing_is_left_beside(out: Path) -> None:
    before = set(out.iterdir())
    first = write_workbook(out).read_bytes()
    assert write_workbook(out, out / "again.xlsx").read_bytes() == first
    assert set(out.iterdir()) - before == {out / WORKBOOK, out / "again.xlsx"}


def test_a_long_table_goes_on_in_another_sheet(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_SHEET_ROWS", 1)
    path = write_workbook(out)
    assert [row["volume_ml"] for name in ("muscles", "muscles 2") for row in sheet(path, name)] == [None, 310.25]


def test_a_batch_beyond_the_limit_leaves_no_old_one(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "AT_ONCE", 2)
    renew_workbook(out)
    assert (out / WORKBOOK).exists()
    monkeypatch.setattr(workbook, "AT_ONCE", 1)
    renew_workbook(out)
    assert not (out / WORKBOOK).exists()


def test_what_is_no_table_is_refused_and_leaves_nothing(out: Path) -> None:
    (out / "cohort.csv").write_text("study,volume_ml\n1,much\n")
    with pytest.raises(RefusedInput) as caught:
        write_workbook(out)
    assert caught.value.reason is Reason.RESULT_DAMAGED
    (out / "refusals.csv").unlink()
    with pytest.raises(RefusedInput) as caught:
        write_workbook(out)
    assert caught.value.reason is Reason.NO_RESULTS
    assert {p.name for p in out.iterdir()} == {"cohort.csv", "studies.csv"}


def test_the_command(out: Path, tmp_path: Path) -> None:
    done = program("cohort", "xlsx", str(out), "-o", str(tmp_path / "deep" / "mine.xlsx"))
    assert (done.returncode, "mine.xlsx" in done.stdout) == (0, True)
    assert sheet(tmp_path / "deep" / "mine.xlsx", "studies")
    assert program("cohort", "xlsx", str(tmp_path / "nowhere")).returncode == 2
