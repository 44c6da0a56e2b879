"""`python -m gluteal_grade_lab`: every command is reached, and none is imported before it is called."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from gluteal_grade_lab.__main__ import build
from gluteal_grade_lab.checkout import ROOT
from gluteal_grade_lab.commands import COMMANDS, GROUPS, Command


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: "-".join(c.words))
def test_every_target_exists(command: Command) -> None:
    if command.target.endswith(".py"):
        assert (ROOT / command.target).is_file()
    else:
        assert callable(importlib.import_module(f"gluteal_grade_lab.{command.target}").main)
    assert len(command.words) == 1 or command.words[0] in GROUPS


def test_arguments_reach_the_command_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    got = []
    monkeypatch.setattr(Command, "run", lambda self, arguments: got.append((self.words, arguments)))
    done = CliRunner().invoke(build(), ["measure", "accuracy", "--all", "-x", "3", "--help"])
    assert done.exit_code == 0, done.output
    assert got == [(("measure", "accuracy"), ["--all", "-x", "3", "--help"])]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from gluteal_grade_lab.__main__ import build\n"
        "try: build()(['measure', '--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('numpy', 'torch', 'scipy', 'gluteal_grade') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "accuracy" in done.stdout


def test_scripts_are_entry_points_only() -> None:
    """What does the work lies in the package; the three that another branch writes are programs still."""
    programs = {c.target.removeprefix("scripts/") for c in COMMANDS if c.target.startswith("scripts/")}
    for path in (ROOT / "scripts").glob("*.py"):
        if path.name not in programs:
            assert len(path.read_text().splitlines()) <= 6, path.name
            assert importlib.import_module(f"scripts.{path.stem}").main.__module__.startswith("gluteal_grade_lab.")


def test_a_program_of_the_checkout_answers() -> None:
    command = [sys.executable, "-m", "gluteal_grade_lab", "prepare-bodies", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--anatomy" in done.stdout
