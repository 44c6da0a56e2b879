"""The PACS as the nightly job sees it: find, priors, fetch, send; each tried again by itself."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.delivery import Log
from gluteal_grade.pacs.found import Found
from gluteal_grade.pacs.query import MOST_MATCHES, find_priors, find_studies, patients_of
from gluteal_grade.pacs.retrieve import fetch_study
from gluteal_grade.pacs.retry import with_retries
from gluteal_grade.pacs.send import listed, send_objects

_T = TypeVar("_T")


class PacsPeer:
    """See `nightly.Peer`.

    Args:
        settings: `pacs.yaml`.
        log: is told of each further attempt.
        sleep: waits.
    """

    def __init__(self, settings: PacsSettings, log: Log, sleep: Callable[[float], object] = time.sleep) -> None:
        self._settings, self._log, self._sleep = settings, log, sleep

    def find(self, since: datetime.date, until: datetime.date) -> list[Found]:
        """All studies of these days, see `find_studies`; what `max_studies` leaves out is for the caller to say."""
        return self._tried("query", lambda: find_studies(self._settings, since, until, by=None, most=MOST_MATCHES))

    def priors(self, found: Found) -> list[Found]:
        """Earlier studies of the same patient, see `find_priors`."""
        return self._tried("priors", lambda: find_priors(self._settings, found))

    def fetch(self, found: Found, folder: Path) -> int:
        """Images into a folder; how many, see `fetch_study`."""
        return self._tried("fetch", lambda: fetch_study(self._settings, found, folder))

    def send(self, files: Sequence[Path]) -> int:
        """Objects, verified, see `send_objects`; how many were new to the PACS."""
        before = self.listed(files) or ()
        told = self._tried("send", lambda: send_objects(self._settings, files))
        return told.sent + told.already - len(before)  # an attempt that failed may have brought some there

    def listed(self, files: Sequence[Path]) -> list[Path] | None:
        """Those of these objects that the PACS lists, see `send.listed`."""
        return self._tried("send", lambda: listed(self._settings, files))

    def send_note(self, note: Path) -> None:
        """A rejection note, which the PACS may hide, see `send_objects`."""
        self._tried("reject", lambda: send_objects(self._settings, [note], may_hide=True))

    def patients(self, study_uid: str) -> set[str]:
        """PatientIDs that the PACS has a study under; empty where it does not say."""
        return self._tried("query", lambda: patients_of(self._settings, study_uid))

    def _tried(self, step: str, what: Callable[[], _T]) -> _T:
        return with_retries(
            self._settings.retry,
            what,
            self._sleep,
            lambda attempt, wait, failure: self._log(f"{step} again", attempt=attempt, wait_s=round(wait, 1), reason=str(failure.reason)),
        )
