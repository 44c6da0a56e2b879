"""Results read back: what was written comes back, anything else is refused without telling what it holds."""

import json
from pathlib import Path

import pytest

from gluteal_grade.cohort.change.results import read_result
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.result.models import SCHEMA_VERSION
from tests.cohort.change.makers import refused_result, result, whole


def refused(path: Path) -> RefusedInput:
    with pytest.raises(RefusedInput) as error:
        read_result(path, "prior")
    assert "Doe" not in str(error.value)
    assert error.value.detail.startswith("the prior")
    return error.value


@pytest.mark.parametrize("as_file", [True, False])
def test_what_was_written_is_read(tmp_path: Path, as_file: bool) -> None:
    made = result(whole({}))
    file = tmp_path / "result.json"
    file.write_text(made.to_json())
    assert read_result(file if as_file else tmp_path, "prior").to_json() == made.to_json()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"Doe",
        b"\xff\xfe",
        b"[1]",
        b'{"Doe": 1}',
        b'{"schema_version": 1.2}',
        f'{{"schema_version": "{SCHEMA_VERSION}", "Doe": 1}}'.encode(),
        b"[" * 100_000,
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "Doe.json"
    file.write_bytes(text)
    assert refused(file).reason is Reason.NOT_A_RESULT


def test_other_schema_versions_are_refused(tmp_path: Path) -> None:
    data = json.loads(result(whole({})).to_json()) | {"schema_version": "1.0"}
    (tmp_path / "result.json").write_text(json.dumps(data))
    error = refused(tmp_path)
    assert error.reason is Reason.NOT_A_RESULT
    assert "another schema" in error.detail


def test_an_image_folder_is_no_result(tmp_path: Path) -> None:
    assert refused(tmp_path).reason is Reason.NOT_A_RESULT
    assert refused(tmp_path / "Doe").reason is Reason.INPUT_NOT_FOUND


def test_a_refused_study_is_told_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(refused_result(Reason.WATER_FAT_SWAP).to_json())
    error = refused(tmp_path)
    assert error.reason is Reason.NO_RESULTS
    assert "water_fat_swap" in error.detail
