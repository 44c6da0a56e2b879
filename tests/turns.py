"""Tests that take long take turns: one `make test` runs a sixth of them, so that it ends in a quarter of an hour.

`@pytest.mark.long` is on tests of some two processor seconds and more (nights, clusters, browsers, simulations) with quicker ones of the
same matter beside them. Which sixth follows from the commit: the same commit runs the same tests on every machine, the next one others.
`pytest` itself runs all of them (`--turn all`), and so does `make test TURN=all`, before a release.
"""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

TURNS = 6
ALL = "all"
OF_THE_COMMIT = "commit"


def turn_of(nodeid: str) -> int:
    """The turn, from 1, in which a long test runs: by its name alone."""
    return zlib.crc32(nodeid.encode()) % TURNS + 1


def chosen(word: str, folder: Path = Path(__file__).parent) -> int | None:
    """Turn that a word names; None: all of them, as where there is no commit to go by.

    Raises:
        ValueError: it names none.
    """
    if word == OF_THE_COMMIT:
        commit = _commit(folder)
        return None if commit is None else int(commit[:8], 16) % TURNS + 1
    if word == ALL:
        return None
    if word.isdecimal() and 1 <= int(word) <= TURNS:
        return int(word)
    raise ValueError(f"--turn {word}: one of {ALL}, {OF_THE_COMMIT}, 1 to {TURNS}")


def _commit(folder: Path) -> str | None:
    try:
        found = subprocess.run(["git", "rev-parse", "--verify", "HEAD"], cwd=folder, capture_output=True, text=True)
    except OSError:
        return None
    return found.stdout.strip() if found.returncode == 0 else None
