"""What is kept in memory, and how often the disk is asked."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.review.slices import Stack
from gluteal_grade.review.web.stacks import Stacks
from tests.review.test_slices import stack_of


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return stack_of(tmp_path)


def test_many_at_once_read_it_once(stack: Stack) -> None:
    stacks, reads, begun = Stacks(), [], threading.Barrier(8)

    def load() -> Stack:
        reads.append(1)
        time.sleep(0.1)
        return stack

    def ask(_: int) -> Stack:
        begun.wait()
        return stacks.get("a", load)

    with ThreadPoolExecutor(8) as pool:
        assert all(found is stack for found in pool.map(ask, range(8)))
    assert len(reads) == 1
    stacks.close()


@pytest.mark.parametrize("limits", [{"most_studies": 2}, {"most_bytes": 2}])
def test_the_least_recently_used_goes_first(stack: Stack, limits: dict[str, int]) -> None:
    if "most_bytes" in limits:
        limits = {"most_bytes": 2 * stack.nbytes}
    stacks, reads = Stacks(**limits), []

    def ask(key: str) -> None:
        stacks.get(key, lambda: reads.append(key) or replace(stack))

    for key in "abacab":
        ask(key)
    assert "".join(reads) == "abcb"
    stacks.close()


def test_one_larger_than_the_limit_is_shown_all_the_same(stack: Stack) -> None:
    stacks = Stacks(most_bytes=1)
    assert stacks.get("a", lambda: stack) is stack
    stacks.close()


def test_what_failed_is_tried_again(stack: Stack) -> None:
    stacks = Stacks()

    def fail() -> Stack:
        raise TransientFailure(Reason.READ_FAILED)

    stacks.prefetch("a", fail)
    for _ in range(2):
        with pytest.raises(TransientFailure):
            stacks.get("a", fail)
    assert stacks.get("a", lambda: stack) is stack
    stacks.close()
    stacks.prefetch("b", fail)


def test_what_is_read_ahead_is_there(stack: Stack) -> None:
    stacks, read = Stacks(), threading.Event()
    stacks.prefetch("a", lambda: read.set() or stack)
    assert read.wait(120)
    assert stacks.get("a", lambda: pytest.fail("read twice")) is stack
    stacks.close()
