"""The program's command line: within the test's process, where its libraries are loaded already, or in one of its own."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

from gluteal_grade import cli

PROGRAM = (sys.executable, "-m", "gluteal_grade")  # for tests that kill it, or in which starting is the matter


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    """One command line, as `gluteal-grade` runs it, with what it printed; no traceback is ever printed."""
    words = [str(a) for a in arguments]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.run(words)
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())
