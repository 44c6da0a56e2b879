"""A service that is to run its networks where there is nothing says so at once, before the PACS is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gluteal_grade import cli

CONFIG = """
out: results
local: {ae_title: HERE, host: 127.0.0.1, port: 11112, peers: [THERE]}
receive: {inbox: inbox}
pacs: {ae_title: THERE, host: 127.0.0.1, port: 4242}
"""


@pytest.mark.parametrize("command", [["nightly"], ["receive", "--grade"]])
def test_a_device_that_is_not_there(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (tmp_path / "pacs.yaml").write_text(CONFIG)
    assert cli.run(["pacs", *command, "--config", str(tmp_path / "pacs.yaml"), "--device", "cuda:7"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("failure: device_missing: cuda:7 is asked for")
    assert "--device cpu" in told
    assert not (tmp_path / "results").exists()
