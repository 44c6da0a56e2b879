"""What is neither file nor folder is refused before it is opened."""

import os
from pathlib import Path

import pytest

from gluteal_grade.cli import run
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io.discovery import discover


def refused(path: Path) -> Reason:
    with pytest.raises(RefusedInput) as caught:
        discover(path)
    return caught.value.reason


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") is Reason.NOT_AN_IMAGE


@pytest.mark.parametrize("name", ["nothing", "a" * 300, "a/" * 3000])
def test_paths_that_cannot_be(name: str, tmp_path: Path) -> None:
    assert refused(tmp_path / name) is Reason.INPUT_NOT_FOUND


def test_a_label_path_that_is_too_long_is_no_defect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grade", str(tmp_path), "-o", str(tmp_path / "o"), "--labels", "a" * 5000]) == 2
    assert "defect" not in capsys.readouterr().err
