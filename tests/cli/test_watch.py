"""`gluteal-grade watch` before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gluteal_grade import cli


def test_a_device_that_is_not_there_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (tmp_path / "in").mkdir()
    assert cli.run(["watch", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--once", "--device", "cuda:7"]) == 1
    assert "failure: device_missing: cuda:7 is asked for" in capsys.readouterr().err
