"""How much of the machine a worker gets."""

from __future__ import annotations

import os

import pytest

from gluteal_grade.cohort.machine import share, total_memory_mb


@pytest.mark.parametrize("jobs", [None, 1, 2, 7])
def test_shares_fit_the_machine(jobs: int | None) -> None:
    cores, total = len(os.sched_getaffinity(0)), total_memory_mb()
    assert total is not None
    mine = share(jobs)
    assert mine.jobs == jobs or (jobs is None and 1 <= mine.jobs <= cores)
    assert 1 <= mine.threads <= cores
    assert mine.jobs * mine.threads <= max(cores, mine.jobs)
    assert mine.memory_mb is not None
    assert mine.memory_mb * mine.jobs <= max(0.8 * total, 1250 * mine.jobs)
    assert share(jobs, 2000).memory_mb == 2000
