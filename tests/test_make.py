"""The README's two commands without make: the same as the Makefile's."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import rewritten

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make", ROOT / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(make: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict]]:
    """What is started, in place of starting it."""
    made: list[tuple[list[str], dict]] = []

    def run(command: list[str], **how: object) -> subprocess.CompletedProcess[str]:
        made.append((command, how))
        return subprocess.CompletedProcess(command, 3 if "batch" in command else 0)

    monkeypatch.setattr(make.subprocess, "run", run)
    monkeypatch.setattr(make.venv, "create", lambda folder, **_: (folder / "bin").mkdir(parents=True, exist_ok=True))
    return made


def test_both_commands_run_what_the_makefile_runs(make: ModuleType, calls: list, tmp_path: Path) -> None:
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert make.main(["demo", "--venv", str(tmp_path / "v"), "--out", str(tmp_path / "out")]) == 0
    assert make.main(["test", "--venv", str(tmp_path / "v")]) == 0
    for command, _ in calls:
        words = [word for word in map(str, command) if word != "-m"]
        name, *rest = words[1:] if Path(words[0]).name == "python" else [Path(words[0]).name, *words[1:]]
        name = {"gluteal_grade": "gluteal-grade"}.get(name, name)
        told = {str(tmp_path / "out"): "$(OUT)", "commit": "$(TURN)"}
        rest = [told.get(word, f"'{word}'" if word.startswith(".[") else word) for word in rest]
        wanted = " ".join([name, *rest]).strip()
        if name == "pip":
            wanted = f"$(PIP) -e {rest[-1]}"
        assert any(wanted in line for line in rules.splitlines()), wanted


def test_what_is_installed_is_installed_again_when_it_is_older(make: ModuleType, calls: list, tmp_path: Path) -> None:
    assert make.main(["demo", "--venv", str(tmp_path / "v"), "--out", str(tmp_path / "out")]) == 0
    (pip, how), _ = calls
    assert shlex.join(pip).endswith("-e '.[review]'")
    assert how["env"]["PIP_CONSTRAINT"] == str(ROOT / "constraints.txt")
    calls.clear()
    assert make.main(["demo", "--venv", str(tmp_path / "v"), "--out", str(tmp_path / "out")]) == 0
    assert len(calls) == 1
    os.utime(tmp_path / "v" / ".run", (1, 1))
    calls.clear()
    assert make.main(["demo", "--venv", str(tmp_path / "v"), "--out", str(tmp_path / "out")]) == 0
    assert len(calls) == 2


def test_a_failing_check_fails(make: ModuleType, monkeypatch: pytest.MonkeyPatch, calls: list, tmp_path: Path) -> None:
    monkeypatch.setattr(
        make.subprocess, "run", lambda command, **how: subprocess.CompletedProcess(command, int(Path(command[0]).name == "mypy"))
    )
    assert make.main(["test", "--venv", str(tmp_path / "v")]) == 1


def test_assertions_are_prepared_once_as_pytest_finds_them(tmp_path: Path) -> None:
    from _pytest.assertion.rewrite import PYC_TAIL, _read_pyc, get_cache_dir

    file = tmp_path / "test_one.py"
    file.write_text("def test_one():\n    three = 3\n    assert three == 4\n", encoding="utf-8")
    assert [rewritten.write(tmp_path), rewritten.write(tmp_path)] == [1, 0]
    code = _read_pyc(file, get_cache_dir(file) / f"test_one{PYC_TAIL}")
    assert code is not None
    there: dict[str, Any] = {}
    exec(code, there)
    with pytest.raises(AssertionError, match=r"assert 3 == 4"):  # it tells values: rewritten
        there["test_one"]()
    file.write_text("def test_one():\n    pass\n", encoding="utf-8")
    assert rewritten.write(tmp_path) == 1
