"""What the receiver does with whole studies: grade them, send the results, store the outcome of each."""

from __future__ import annotations

from collections.abc import Sequence

from gluteal_grade.cohort import State
from gluteal_grade.pacs.arrivals import Ready
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.delivery import Arrived, Log, deliver, write_down
from gluteal_grade.pacs.grading import Grading, Means
from gluteal_grade.pacs.header import whose_in
from gluteal_grade.pacs.peer import PacsPeer
from gluteal_grade.pacs.prior_reports import deliver_prior_reports
from gluteal_grade.pacs.rejection import Rejections
from gluteal_grade.pacs.state import opened

AT_ONCE = 20  # studies handed over together, so that all workers have something to do


class Process:
    """Grades studies of the inbox, some at a time.

    Args:
        settings: `pacs.yaml`; without `pacs` and `web` results stay here.
        means: what to grade with.
        log: is told of every step.
    """

    def __init__(self, settings: PacsSettings, means: Means, log: Log) -> None:
        self._settings, self._log = settings, log
        self._grading = Grading(means, settings.out, of_refused=settings.send_refused)
        self._peer = PacsPeer(settings, log)
        self._rejections = Rejections(settings, self._peer, log)
        self._untold = False

    def __call__(self, ready: Sequence[Ready]) -> dict[str, bool]:
        """Which studies are done with: graded or refused, and written down; what could not be sent is sent with the next ones.

        Raises:
            GradeError: none of them could be worked on now.
        """
        arrived = {one.study: Arrived(one.images, one.folder, "received", whose_in(one.folder)) for one in ready}
        if self._settings.reject_superseded:
            with opened(self._settings.out) as state:
                self._rejections.keep(state, arrived)
        outcomes = self._grading.grade({study: a.folder for study, a in arrived.items()})
        with opened(self._settings.out) as state:
            superseded = write_down(state, self._settings, arrived, outcomes)
            for study, why in superseded.items():
                self._log("superseded", study=study, why=why)
            for study, outcome in outcomes.items():
                self._log("graded", study=study, state=outcome.state, reason=outcome.reason or None)
            if self._sends:
                deliver(state, self._settings, self._peer.send, self._log)
                self._rejections.send(state)
        self._untold = True
        return {study: outcome.state is not State.FAILED for study, outcome in outcomes.items()}

    @property
    def _sends(self) -> bool:
        return self._settings.pacs is not None or self._settings.web is not None

    def idle(self) -> None:
        """Nothing waits: time for the tables, and for the reports with a prior that they make."""
        if not self._untold:
            return
        self._untold = False
        self._grading.tables()
        if self._sends:
            with opened(self._settings.out) as state:
                deliver_prior_reports(state, self._settings, self._peer.send, self._log)

    def close(self) -> None:
        """End the workers."""
        self._grading.close()


def process_ready(settings: PacsSettings, means: Means, log: Log) -> Process:
    """What `gluteal-grade pacs receive --grade` hands studies to."""
    return Process(settings, means, log)
