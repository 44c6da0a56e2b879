"""The job of every night: ask, fetch, grade, send, tell. Run twice, it does nothing new the second time."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gluteal_grade.cohort import State, locked
from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.delivery import Arrived, Log, Superseded, deliver, write_down
from gluteal_grade.pacs.found import Found
from gluteal_grade.pacs.grading import Grading
from gluteal_grade.pacs.prior_reports import deliver_prior_reports
from gluteal_grade.pacs.rejection import Archive, Rejections
from gluteal_grade.pacs.state import Known, Origin, PacsState, opened

LOCK = ".nightly.lock"
INCOMING = ".incoming"
_AT_ONCE = 20  # studies on this disk at a time


class Peer(Archive, Protocol):
    """The PACS: every call is tried again by itself, and raises `GradeError` in the end."""

    def find(self, since: datetime.date, until: datetime.date) -> Sequence[Found]:
        """Studies of these days."""
        ...

    def priors(self, found: Found) -> Sequence[Found]:
        """Earlier studies of the same patient."""
        ...

    def fetch(self, found: Found, folder: Path) -> int:
        """Images into a folder; how many."""
        ...

    def send(self, files: Sequence[Path]) -> int:
        """Objects, verified; how many were new to the PACS."""
        ...


@dataclass
class Night:
    """What happened, for the summary.

    Attributes:
        since, until: days that were asked for.
        found: studies that the PACS named.
        known: of those, nothing was to be done for.
        left: new ones beyond `query.max_studies`, for the next night.
        ends: state and reason of every study that was worked on.
        priors: studies fetched for comparison.
        sent: "" or the reason why not, by study.
        superseded: studies of which the PACS has earlier results that no longer hold, and why.
        rejected: how many objects of such results the PACS was told to reject, by study.
        failures: what went wrong as a whole, by step.
        seconds: of the whole night.
    """

    since: datetime.date
    until: datetime.date
    found: int = 0
    known: int = 0
    left: int = 0
    ends: dict[str, tuple[str, str]] = field(default_factory=dict)
    priors: int = 0
    sent: dict[str, str] = field(default_factory=dict)
    superseded: dict[str, Superseded] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Everything came to an end that another night would not change."""
        failed = any(state == State.FAILED for state, _ in self.ends.values())
        return not (self.failures or self.left or failed or any(self.sent.values()))

    @property
    def exit_code(self) -> int:
        """0: nothing to complain of; 3: something was refused, failed or not sent; 1: the night could not do its work."""
        if self.failures:
            return 1
        troubled = any(state in (State.REFUSED, State.FAILED) for state, _ in self.ends.values())
        return 3 if troubled or self.left or any(self.sent.values()) else 0


def run_night(settings: PacsSettings, peer: Peer, grading: Grading, today: datetime.date, log: Log) -> Night:
    """One night.

    Args:
        settings: `pacs.yaml`.
        peer: the PACS.
        grading: into `settings.out`.
        today: the last day that is asked for.
        log: is told of every step: name, and study hashes and counts by keyword.

    Raises:
        TransientFailure: `output_in_use` while another night runs, `output_not_writable`.
    """
    with locked(settings.out, LOCK), opened(settings.out) as state:
        night = _Nightly(settings, peer, grading, state, log, Night(_since(settings, state, today), today))
        number = state.begin_night(night.told.since, night.told.until)
        try:
            night.run()
        finally:
            state.end_night(number, complete=night.finished and night.told.complete)
        return night.told


def _since(settings: PacsSettings, state: PacsState, today: datetime.date) -> datetime.date:
    last = state.last_complete()
    if last is None:
        return today - datetime.timedelta(days=settings.query.days)
    return min(last, today) - datetime.timedelta(days=settings.query.overlap_days)


@dataclass
class _Nightly:
    settings: PacsSettings
    peer: Peer
    grading: Grading
    state: PacsState
    log: Log
    told: Night
    finished: bool = False

    def run(self) -> None:
        """All steps; what fails as a whole is told and ends the night, but for sending what is there."""
        shutil.rmtree(self._incoming, ignore_errors=True)
        try:
            wanted = self._find()
            for start in range(0, len(wanted), _AT_ONCE):
                self._work(wanted[start : start + _AT_ONCE])
        except GradeError as error:
            self._failed("grade" if self.told.found else "query", error)
        finally:
            shutil.rmtree(self._incoming, ignore_errors=True)
        self.told.sent = deliver(self.state, self.settings, self.peer.send, self.log)
        self.told.rejected, failed = self._rejections.send(self.state)
        self.told.sent |= failed
        try:
            if self.told.ends or self.grading.tables_due:
                self.grading.tables()
            self.told.sent |= deliver_prior_reports(self.state, self.settings, self.peer.send, self.log)  # the tables make them
        except GradeError as error:
            if error.reason is not Reason.NO_RESULTS:  # nothing was ever graded here
                self._failed("tables", error)
        self.finished = True

    @property
    def _rejections(self) -> Rejections:
        return Rejections(self.settings, self.peer, self.log)

    @property
    def _incoming(self) -> Path:
        return self.settings.out / INCOMING

    def _failed(self, step: str, error: GradeError) -> None:
        self.told.failures.append((step, error.reason))
        self.log("failed", where=step, reason=error.reason)

    def _find(self) -> list[Found]:
        found = list(self.peer.find(self.told.since, self.told.until))
        wanted = [one for one in found if self.state.wanted(one.hash, one.images or 0, one.whose)]
        self.told.found, self.told.known = len(found), len(found) - len(wanted)
        self.told.left = max(0, len(wanted) - self.settings.query.max_studies)
        self.log("asked", since=str(self.told.since), until=str(self.told.until), found=len(found), new=len(wanted), left=self.told.left)
        return wanted[: self.settings.query.max_studies]

    def _work(self, wanted: Sequence[Found]) -> None:
        arrived = {one.hash: a for one in wanted if (a := self._fetched(one, "asked")) is not None}
        for one in wanted:
            if one.hash in arrived:
                arrived |= self._priors(one, arrived)
        self._rejections.keep(self.state, arrived)
        outcomes = self.grading.grade({study: a.folder for study, a in arrived.items()}) if arrived else {}
        superseded = write_down(self.state, self.settings, arrived, outcomes)
        self.told.superseded |= superseded
        for study, why in superseded.items():
            self.log("superseded", study=study, why=why)
        for study, outcome in outcomes.items():
            if arrived[study].origin != "prior":
                self.told.ends[study] = (outcome.state, outcome.reason)
            self.log("graded", study=study, state=outcome.state, reason=outcome.reason, taken_over=outcome.taken_over)
        for a in arrived.values():
            shutil.rmtree(a.folder, ignore_errors=True)  # the PACS has the images

    def _without_ours(self, one: Found, fetched: int) -> int:
        """Images as the PACS counts them, without results that it has from us."""
        known = self.state.known(one.hash)
        return fetched if one.images is None else one.images - (known.stored if known else 0)

    def _fetched(self, one: Found, origin: Origin) -> Arrived | None:
        folder = self._incoming / one.hash
        try:
            images = self.peer.fetch(one, folder)
            self.log("fetched", study=one.hash, images=images, origin=origin)
            return Arrived(self._without_ours(one, images), folder, origin, one.whose)
        except GradeError as error:
            state = State.REFUSED if isinstance(error, RefusedInput) else State.FAILED
            if origin != "prior":
                self.told.ends[one.hash] = (state, error.reason)
                self.state.record(Known(one.hash, self._without_ours(one, 0), origin, state, error.reason, "", ""))
            self.log("not fetched", study=one.hash, reason=error.reason)
            return None

    def _priors(self, one: Found, there: dict[str, Arrived]) -> dict[str, Arrived]:
        """Earlier studies of the patient that were not graded yet; without them the night goes on."""
        if not self.settings.query.priors:
            return {}
        try:
            found = self.peer.priors(one)[: self.settings.query.priors]
        except GradeError as error:
            self.log("no priors", study=one.hash, reason=error.reason)
            return {}
        fresh = [prior for prior in found if prior.hash not in there and self.state.known(prior.hash) is None]
        fetched = {prior.hash: a for prior in fresh if (a := self._fetched(prior, "prior")) is not None}
        self.told.priors += len(fetched)
        return fetched
