"""SIGINT and SIGTERM end a command with our exit code, wherever they meet it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from gluteal_grade.cli.exit_codes import Stopped, stoppable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_raise_and_the_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Stopped), stoppable():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_inside_an_import_too(number: str) -> None:
    """Imports run `exec`, and a KeyboardInterrupt there would end Python by the signal, though it is caught."""
    code = (
        "import os, signal, sys\n"
        "from gluteal_grade.cli.exit_codes import Stopped, stoppable\n"
        "try:\n"
        "    with stoppable():\n"
        f"        exec('os.kill(os.getpid(), signal.{number})')\n"
        "except Stopped:\n"
        "    sys.exit(7)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 7
