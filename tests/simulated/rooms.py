"""Imports every module of the program and asks every command for its help, as on the system that SIMULATED_SYSTEM names."""

from __future__ import annotations

import contextlib
import importlib
import io
import pkgutil
import sys

import gluteal_grade
from gluteal_grade import cli


def failing_modules() -> dict[str, str]:
    failed = {}
    for module in pkgutil.walk_packages(gluteal_grade.__path__, "gluteal_grade."):
        try:
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        except Exception as error:
            failed[module.name] = repr(error)
    return failed


def commands() -> list[list[str]]:
    """Every command line, groups first."""
    found = [[]]
    for command in cli.app.registered_commands:
        found.append([command.name or command.callback.__name__.replace("_", "-")])
    for group in cli.app.registered_groups:
        found.append([group.name])
        found += [[group.name, one.name or one.callback.__name__.replace("_", "-")] for one in group.typer_instance.registered_commands]
    return found


def failing_helps() -> dict[str, str]:
    failed = {}
    for words in commands():
        told = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", errors=sys.stdout.errors)
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            code = cli.run([*words, "--help"])
        told.flush()
        if code != 0 or b"Usage" not in told.buffer.getvalue():
            failed[" ".join(words)] = f"{code}: {told.buffer.getvalue()[-300:]!r}"
    return failed


if __name__ == "__main__":
    problems = {**failing_helps(), **failing_modules()}
    sys.stderr.write("".join(f"{name}: {problem}\n" for name, problem in problems.items()))
    sys.exit(bool(problems))
