"""Every long test has one turn, and the same commit has the same turn everywhere."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.turns import TURNS, chosen, turn_of

HERE = Path(__file__)


@pytest.mark.long
@pytest.mark.parametrize("case", range(3))
def test_one_that_takes_turns(case: int) -> None:
    """For the collection below."""
    assert turn_of(f"tests/test_turns.py::test_one_that_takes_turns[{case}]") in range(1, TURNS + 1)


def collected(*words: str) -> list[str]:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *words, str(HERE)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[1])
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "test_one_that_takes_turns" in line]


def test_pytest_alone_runs_all_and_a_turn_its_own() -> None:
    everything = collected()
    assert len(everything) == 3
    turn = turn_of(everything[0])
    assert collected("--turn", str(turn)) == [one for one in everything if turn_of(one) == turn]


def test_turns_are_alike_in_length() -> None:
    found = Counter(turn_of(f"tests/some/test_{n}.py::test_it[{n}]") for n in range(1000))
    assert set(found) == set(range(1, TURNS + 1))
    assert min(found.values()) > 100


def test_the_commit_says_whose_turn_it_is(tmp_path: Path) -> None:
    assert chosen("commit", tmp_path) is None  # no repository: all of them

    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    assert chosen("commit", tmp_path) is None  # no commit yet
    git("commit", "--allow-empty", "-m", "first")
    first = chosen("commit", tmp_path)
    assert first in range(1, TURNS + 1)
    assert chosen("commit", tmp_path) == first


@pytest.mark.parametrize("word", ["0", str(TURNS + 1), "-1", "1.5", "every", ""])
def test_what_names_no_turn_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=f"one of all, commit, 1 to {TURNS}"):
        chosen(word)


def test_all_and_a_number() -> None:
    assert chosen("all") is None
    assert [chosen(str(n)) for n in range(1, TURNS + 1)] == list(range(1, TURNS + 1))
