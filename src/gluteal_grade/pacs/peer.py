"""The PACS as the nightly job sees it: find, priors, fetch, send; each tried again by itself."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from gluteal_grade.errors import TransientFailure
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.found import Found
from gluteal_grade.pacs.query import find_priors, find_studies
from gluteal_grade.pacs.retrieve import fetch_study
from gluteal_grade.pacs.retry import with_retries
from gluteal_grade.pacs.send import Sent, send_objects

_T = TypeVar("_T")


def _silent(_step: str, _attempt: int, _wait_s: float, _failure: TransientFailure) -> None:
    pass


class NetworkPeer:
    """See `nightly.Peer`.

    Args:
        settings: `pacs.yaml`.
        told: called before each further attempt with the step, the number of the attempt that failed, the pause in s, the failure.
        left: told how many studies `find` left out for `max_studies`.
        sleep: waits.
    """

    def __init__(
        self,
        settings: PacsSettings,
        told: Callable[[str, int, float, TransientFailure], None] = _silent,
        left: Callable[[int], object] = lambda _: None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._settings = settings
        self._told = told
        self._left = left
        self._sleep = sleep

    def find(self, since: datetime.date, until: datetime.date, known: Sequence[str] = ()) -> list[Found]:
        """Studies of these days, see `find_studies`."""
        return self._tried("query", lambda: find_studies(self._settings, since, until, known, self._left, by=None))

    def priors(self, found: Found) -> list[Found]:
        """Earlier studies of the same patient, see `find_priors`."""
        return self._tried("priors", lambda: find_priors(self._settings, found))

    def fetch(self, found: Found, folder: Path) -> int:
        """Images into a folder; how many, see `fetch_study`."""
        return self._tried("fetch", lambda: fetch_study(self._settings, found, folder))

    def send(self, files: Sequence[Path]) -> Sent:
        """Objects, verified, see `send_objects`."""
        return self._tried("send", lambda: send_objects(self._settings, files))

    def _tried(self, step: str, what: Callable[[], _T]) -> _T:
        return with_retries(self._settings.retry, what, self._sleep, lambda n, wait, failure: self._told(step, n, wait, failure))
