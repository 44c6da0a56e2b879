"""Every reason code has advice and stands in the documentation."""

from pathlib import Path

import pytest

from gluteal_grade.errors import ADVICE, Reason, RefusedInput

OUTPUT_MD = (Path(__file__).parents[1] / "docs" / "reference" / "output.md").read_text()


@pytest.mark.parametrize("reason", Reason)
def test_every_code_tells_what_to_do_and_is_documented(reason: Reason) -> None:
    assert ADVICE[reason].endswith(".")
    assert f"| `{reason}` | {ADVICE[reason]} |" in OUTPUT_MD


def test_an_error_reads_as_code_and_detail() -> None:
    error = RefusedInput(Reason.UNEVEN_SLICES, "gap of 10 mm after slice 3")
    assert str(error) == "uneven_slices: gap of 10 mm after slice 3"
    assert error.advice == ADVICE[Reason.UNEVEN_SLICES]
