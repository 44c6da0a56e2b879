"""Records survive a run that was cut short."""

from gluteal_grade_lab.validation import command
from tests.lab.validation.records import COHORT


def test_ledger_skips_a_line_cut_short_and_adds_after_it(tmp_path):
    path = tmp_path / "deep" / "records.jsonl"
    command.append_record(path, COHORT[1])
    with path.open("a") as stream:
        stream.write('{"seed": 7, "des')
    command.append_record(path, COHORT[0])
    assert [r["seed"] for r in command.read_records(path)] == [0, 1]
    assert command.read_records(tmp_path / "none.jsonl") == []
