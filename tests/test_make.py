"""The Makefile's targets without make: the same ones, and the same programs in each."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import rewritten

ROOT = Path(__file__).resolve().parents[1]
RULES = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):(?!=)", RULES, re.MULTILINE))
_PROGRAM = re.compile(r"(?:\$\(BIN\)|/bin)/(?:python (?:-m )?)?(\S+)")


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """With a folder of its own in place of this repository: targets delete and write."""
    spec = importlib.util.spec_from_file_location("make", ROOT / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "make", module)
    spec.loader.exec_module(module)
    (tmp_path / "root").mkdir()
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / "root")
    monkeypatch.setattr(module, "ROOT", tmp_path / "root")
    return module


@pytest.fixture
def calls(make: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[list[str], dict]]:
    """What is started, in place of starting it."""
    made: list[tuple[list[str], dict]] = []

    def run(command: list[str], **how: object) -> subprocess.CompletedProcess[str]:
        made.append((command, how))
        return subprocess.CompletedProcess(command, 3 if "batch" in command else 0, stdout=f"{tmp_path}\n")

    monkeypatch.setattr(make.subprocess, "run", run)
    monkeypatch.setattr(make.venv, "create", lambda folder, **_: (folder / "bin").mkdir(parents=True, exist_ok=True))
    return made


def test_the_targets_are_those_of_the_makefile(make: ModuleType) -> None:
    assert set(make.TARGETS) == TARGETS
    assert {name for line in RULES.splitlines() if line.startswith(".PHONY:") for name in line.split()[1:]} == TARGETS


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_a_target_runs_what_the_makefile_runs(make: ModuleType, calls: list, tmp_path: Path, target: str) -> None:
    folder, out = tmp_path / "v", tmp_path / "out"
    assert make.main([target, "--venv", str(folder), "--out", str(out)]) == 0
    told = {
        str(out): "$(OUT)",
        "commit": "$(TURN)",
        str(folder / "bin" / "python"): "$(BIN)/python",
        "build/wheel": "$(WHEEL)",
        "build/wheel/venv": "$(WHEEL)/venv",
        str(make.ROOT / "build/wheel/venv/bin/python"): "$(WHEEL)/venv/bin/python",
    }
    started = set()
    for command, _ in calls:
        first, *rest = [word for word in command if word != "-m"]
        name, *rest = rest if Path(first).name == "python" else [Path(first).name, *rest]
        name = {"gluteal_grade": "gluteal-grade"}.get(name, name)
        started.add(name)
        wanted = " ".join([name, *(told.get(word, f"'{word}'" if " " in word or "[" in word else word) for word in rest)])
        if name == "pip" and rest[-1].startswith(".["):
            wanted = f"$(PIP) -e '{rest[-1]}'"
        assert any(wanted in line for line in RULES.splitlines()), wanted
    assert wanted_programs(target) <= started


def wanted_programs(target: str) -> set[str]:
    """What the target's own lines start: programs, and scripts and modules of Python."""
    lines = re.search(rf"^{target}:(?!=).*\n((?:\t.*\n)*)", RULES, re.MULTILINE)
    assert lines is not None
    parts = re.split(r"&&|\|\||;", lines[1])
    return {found[1] for line in parts for part in line.splitlines() if (found := _PROGRAM.search(part)) is not None}


def test_clean_leaves_nothing_and_touches_nothing_else(make: ModuleType, calls: list, tmp_path: Path) -> None:
    for name in (".venv", "demo-output", "build", "dist", "src"):
        (make.ROOT / name / "deep").mkdir(parents=True)
    assert make.main(["clean"]) == 0
    assert sorted(path.name for path in make.ROOT.iterdir()) == ["constraints.txt", "pyproject.toml", "src"]
    assert calls == []


def test_what_is_installed_is_installed_again_when_it_is_older(make: ModuleType, calls: list, tmp_path: Path) -> None:
    assert make.main(["demo", "--venv", str(tmp_path / "v"), "--out", str(tmp_path / "out")]) == 0
    (pip, how), _ = calls
    assert shlex.join(pip).endswith("-e '.[review]'")
    assert how["env"]["PIP_CONSTRAINT"] == str(make.ROOT / "constraints.txt")
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


@pytest.mark.parametrize(
    ("code", "said", "wanted"),
    [
        (0, "No known vulnerabilities found", 0),
        (1, "Found 2 known vulnerabilities in 1 package", 1),
        (1, "ERROR:pip_audit._cli:attrs: Dependency not found on PyPI and could not be audited: attrs (25.1.0)", 2),
        (1, "Traceback (most recent call last):\n  File\nrequests.exceptions.ProxyError: Unable to connect", 2),
        (1, "", 2),
    ],
)
def test_what_was_not_looked_up_is_not_called_sound(
    make: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], code: int, said: str, wanted: int
) -> None:
    (tmp_path / "said.log").write_text(said, encoding="utf-8")
    assert make.audited(code, tmp_path / "said.log") == wanted
    told = capsys.readouterr().out
    assert ("NOT AUDITED" in told) is (wanted == 2)
    assert "Traceback" not in told
    assert said.splitlines()[-1:] == [] or said.splitlines()[-1] in told


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
