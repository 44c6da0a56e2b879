"""Test modules as pytest rewrites their assertions, kept beside them before its workers start: each would rewrite all of them again.

`python -m tests.rewritten` takes 10 s and saves each worker as much. It rests on how pytest keeps them, which is its own matter: where
that is another, nothing is written, and each worker does it as ever.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def write(folder: Path = FOLDER) -> int:
    """How many were written; those that are up to date are left alone."""
    from _pytest.assertion import rewrite
    from _pytest.config import _prepareconfig

    config = _prepareconfig(["--noconftest", str(folder)])
    try:
        state, done = config.stash[rewrite.assertstate_key], 0
        for file in sorted((*folder.rglob("test_*.py"), *folder.rglob("conftest.py"))):
            kept = rewrite.get_cache_dir(file) / (file.stem + rewrite.PYC_TAIL)
            if rewrite._read_pyc(file, kept) is None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                source, code = rewrite._rewrite_test(file, config)
                done += rewrite._write_pyc(state, code, source, kept)
        return done
    finally:
        config._ensure_unconfigure()


if __name__ == "__main__":
    gc.disable()
    try:
        write()
    except (AttributeError, ImportError, OSError, TypeError) as other:
        print(f"left to pytest: {other!r}", file=sys.stderr)  # noqa: T201
