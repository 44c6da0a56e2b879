"""Trying again what may pass: ever longer pauses, and only for failures that trying again can mend."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from gluteal_grade.errors import TransientFailure
from gluteal_grade.pacs.config import RetrySettings

_T = TypeVar("_T")


def _silent(_attempt: int, _wait_s: float, _failure: TransientFailure) -> None:
    pass


def with_retries(
    retry: RetrySettings,
    what: Callable[[], _T],
    sleep: Callable[[float], object] = time.sleep,
    told: Callable[[int, float, TransientFailure], None] = _silent,
    seed: int | None = None,
) -> _T:
    """What `what` returns, at the first attempt that succeeds.

    Each pause is shortened at random by up to a quarter, so that many stations that failed together do not come back together.

    Args:
        retry: how often, and how long the pauses are.
        what: one attempt.
        sleep: waits; a test counts instead.
        told: called before each pause with the number of the attempt that failed, the pause in s and the failure.
        seed: of the jitter; None takes another one each time.

    Raises:
        TransientFailure: that of the last attempt.
        RefusedInput: at once; trying again would not help.
    """
    jitter = random.Random(seed)
    for attempt, longest in enumerate(retry.delays(), 1):
        try:
            return what()
        except TransientFailure as failure:
            wait = longest * jitter.uniform(0.75, 1.0)
            told(attempt, wait, failure)
        sleep(wait)
    return what()
