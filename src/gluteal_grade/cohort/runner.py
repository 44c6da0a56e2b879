"""A batch: what is to be done, handed to an executor, written to the ledger. Tables and pages come after it, see `summary`."""

from __future__ import annotations

import errno
import os
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from sqlite3 import Row

from gluteal_grade import __version__
from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.execution import Executor, Finished, Lost, Started
from gluteal_grade.cohort.ledger import Key, Ledger, Scope
from gluteal_grade.cohort.observer import Observer, Tally
from gluteal_grade.cohort.stored import read_stored
from gluteal_grade.cohort.task import Answer, Because, Outcome, Recipe, State, Task
from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.files import escaped
from gluteal_grade.report import place_at

_PATIENCE_S = 1.0
_FULL = {os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)}


@dataclass(frozen=True)
class Options:
    """How a batch deals with what was there before.

    Attributes:
        retry_failed: try again what failed in an earlier run.
        attempts: tries of one entry within this run, where a failure may pass.
        keep_other_versions: what another version of the program made stands.
        keep_withdrawn: studies whose input is gone stay in the tables.
    """

    retry_failed: bool = False
    attempts: int = 3
    keep_other_versions: bool = False
    keep_withdrawn: bool = False


class Batch:
    """One run over a list of entries.

    Args:
        entries: each place once.
        recipe: how to grade.
        ledger: of the output folder, which is locked.
        options: see `Options`.
        observer: is told of every step.
        scope: what was given as a whole; None: the entries are all that is known.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        recipe: Recipe,
        ledger: Ledger,
        options: Options,
        observer: Observer,
        *,
        scope: Scope | None = None,
    ) -> None:
        self._entries = {entry.key: entry for entry in entries}
        self._position = {key: n for n, key in enumerate(self._entries)}
        self._recipe, self._ledger, self._options, self._observer = recipe, ledger, options, observer
        self._scope = scope
        self._key = Key(recipe.config_hash, recipe.model_hash)
        looked_at = {key: entry.looked_at() for key, entry in self._entries.items()}
        self._prints = {key: fingerprint for key, (fingerprint, _) in looked_at.items()}
        self._sizes = {key: size for key, (_, size) in looked_at.items()}
        self._states: dict[str, list[State]] = {}
        self._owners: dict[str, str] = {}  # study to entry
        self._tries: Counter[str] = Counter()
        self._before = 0
        self._because: dict[str, Because] = {}
        self.again: Counter[Because] = Counter()  # entries that were graded before and are graded again
        self.other_versions: Counter[str] = Counter()  # of the results that these or the kept ones were made by
        self.kept = 0  # entries whose results of another version stand
        self.peak_mb = 0.0  # most memory that any worker held

    def run(self, executor: Callable[[], Executor]) -> Counter[State]:
        """Work until every entry has come to an end.

        Args:
            executor: makes one; not called if nothing is to be done.

        Returns:
            how many studies stand in which state; an entry without a study counts as one.

        Raises:
            TransientFailure: the batch had to stop (`output_not_writable`, `executor_failed`); it goes on where it stood when run again.
        """
        self._because = self._plan()
        self._ledger.begin(list(self._entries.values()), self._prints, self._because, self._key, self._scope)
        self._observer.planned(self._tally(), {key: self._sizes[key] for key in self._because})
        if self.again or self.kept:
            self._observer.explained(self.again, self.kept, sorted(self.other_versions))
        todo = self._without_refused(list(self._because))
        if todo:
            running = executor()
            try:
                self._work(deque(todo), running)
            finally:
                running.close()
        return Counter(state for states in self._states.values() for state in states)

    def _plan(self) -> dict[str, Because]:
        """Entries that have not ended as they are now, and why they are to be graded; those that have ended are counted."""
        ended, last = self._ledger.ended(self._key), self._ledger.last_keys()
        todo: dict[str, Because] = {}
        twice: dict[str, set[str]] = {}
        for key, entry in self._entries.items():
            rows = ended.get((key, self._prints[key]))
            because = self._changed(key, last.get(key)) if rows is None else self._outdated(rows)
            if because is not None:
                todo[key] = because
                if because is not Because.NEW and entry.refusal is None:
                    self.again[because] += 1
                continue
            assert rows is not None
            self._states[key] = [State(r["state"]) for r in rows]
            self._owners |= {r["study"]: key for r in rows if r["study"] and r["folder"]}
            twice[key] = {r["study"] for r in rows if r["study"] and r["reason"] == Reason.STUDY_TWICE}
        for key, studies in twice.items():
            if not studies <= self._owners.keys():  # the other place is gone, or is graded anew
                todo[key] = Because.RESULT_MISSING
                self.again[Because.RESULT_MISSING] += 1
                del self._states[key]
                self._owners = {study: owner for study, owner in self._owners.items() if owner != key}
        self._before = len(self._states)
        return {key: todo[key] for key in self._entries if key in todo}

    def _changed(self, key: str, last: tuple[str, Key] | None) -> Because:
        """What differs from the last time that the entry came to an end."""
        if last is None:
            return Because.NEW
        fingerprint, before = last
        if fingerprint != self._prints[key]:
            return Because.INPUT_CHANGED
        return Because.SETTINGS_CHANGED if before.config_hash != self._key.config_hash else Because.NETWORKS_CHANGED

    def _outdated(self, rows: Sequence[Row]) -> Because | None:
        """Why an earlier end does not hold; None: it does."""
        if self._recipe.force:
            return Because.FORCED
        others = {r["version"] or "an unknown version" for r in rows} - {__version__}
        self.other_versions.update(others)
        if others and not self._options.keep_other_versions:
            return Because.PROGRAM_CHANGED
        failing = [because for r in rows if (because := self._fallen(r)) is not None]
        if failing:
            return next((b for b in (Because.RETRIED, Because.RESULT_MISSING) if b in failing), failing[0])
        self.kept += bool(others)
        return None

    def _fallen(self, row: Row) -> Because | None:
        """Why an earlier end holds no more: a failure that is to be retried, a result that does not lie there as it was made."""
        state, place, out = row["state"], place_at(row["folder"]), self._recipe.out
        if state == State.FAILED:
            return Because.RETRIED if self._options.retry_failed else None
        if not (row["study"] and row["folder"]):
            return None
        stored = read_stored(out, place)
        if stored.damage:
            return Because.RESULT_MISSING
        if not stored.is_of(row):
            # a refusal holds beside grades that somebody else made; those that it was given before are another input's
            return None if state == State.REFUSED and stored.good else Because.RESULT_REPLACED
        wanted = self._recipe.dicom and state != State.REFUSED and row["reason"] != Reason.DICOM_NOT_WRITTEN
        return Because.RESULT_MISSING if wanted and not place.has_dicom(out) else None

    def _without_refused(self, todo: Sequence[str]) -> list[str]:
        """What was refused before it was opened needs no worker."""
        left = []
        for key in todo:
            if (refusal := self._entries[key].refusal) is None:
                left.append(key)
                continue
            transient = isinstance(refusal, TransientFailure)
            state = State.FAILED if transient else State.REFUSED
            self._end(key, Answer((Outcome(None, state, refusal.reason, refusal.detail, transient=transient),)))
        return left

    def _work(self, todo: deque[str], executor: Executor) -> None:
        flying: set[str] = set()
        while todo or flying:
            while todo and len(flying) < executor.capacity:
                key = todo.popleft()
                executor.submit(key, Task(self._recipe, self._entries[key].absolute(), again=self._tries[key] > 0))
                flying.add(key)
            for event in executor.wait(_PATIENCE_S):
                if event.key not in flying:
                    continue
                if isinstance(event, Started):
                    self._ledger.started(event.key, event.worker)
                    self._observer.started(event.key)
                    continue
                flying.discard(event.key)
                if self._ended(event.key, _answer(event)):
                    todo.append(event.key)

    def _ended(self, key: str, answer: Answer) -> bool:
        """Store the outcome of an entry; True if it is to be tried again."""
        outcomes = answer.outcomes
        if any(o.reason == Reason.OUTPUT_NOT_WRITABLE and self._nowhere_to_write(o.detail) for o in outcomes):
            self._ledger.put_back(key)
            raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, next(o.detail for o in outcomes if o.reason == Reason.OUTPUT_NOT_WRITABLE))
        self._tries[key] += 1
        failed = next((o for o in outcomes if o.transient), None)
        if failed is not None and self._tries[key] < self._options.attempts:
            self._ledger.finished(key, outcomes, answer.peak_mb)
            self._ledger.again(key, self._prints[key], self._because[key], self._key)
            self._observer.retried(key, failed.reason, self._tries[key])
            return True
        self._end(key, answer)
        return False

    def _end(self, key: str, answer: Answer) -> None:
        self.peak_mb = max(self.peak_mb, answer.peak_mb or 0.0)
        outcomes = tuple(self._claimed(key, outcome) for outcome in answer.outcomes)
        self._ledger.finished(key, outcomes, answer.peak_mb)
        self._states[key] = [o.state for o in outcomes]
        if self._because[key] is Because.NEW and any(o.because for o in outcomes):
            self.again[Because.PROGRAM_CHANGED] += 1  # the ledger did not know of the older result
        self._observer.ended(key, outcomes, self._tally())

    def _claimed(self, key: str, outcome: Outcome) -> Outcome:
        """A study belongs to one entry, the first given, whichever ended first."""
        if outcome.study is None or not outcome.folder:
            return outcome
        owner = self._owners.setdefault(outcome.study, key)
        if owner == key:
            return outcome
        if self._position[owner] < self._position[key]:
            return replace(outcome, state=State.REFUSED, reason=Reason.STUDY_TWICE, detail=self._also(owner), folder="")
        self._owners[outcome.study] = key
        self._ledger.refuse(owner, outcome.study, Reason.STUDY_TWICE, self._also(key))
        self._states[owner].remove(next(s for s in self._states[owner] if s in (State.GRADED, State.PARTLY, State.REFUSED)))
        self._states[owner].append(State.REFUSED)
        return outcome

    def _also(self, key: str) -> str:
        return f"graded as {escaped(self._entries[key].source)}"

    def _nowhere_to_write(self, detail: str) -> bool:
        """Full and read-only disks stop the batch; a folder of one study that cannot be replaced does not."""
        if any(text in detail for text in _FULL):
            return True
        try:
            with tempfile.TemporaryFile(dir=self._recipe.out) as probe:
                probe.write(bytes(1 << 20))
        except OSError:
            return True
        return False

    def _tally(self) -> Tally:
        flat = [state for states in self._states.values() for state in states]
        return Tally(len(self._entries), self._before, len(self._states), flat.count(State.REFUSED), flat.count(State.FAILED))


def _answer(event: Finished | Lost) -> Answer:
    if isinstance(event, Lost):
        return Answer((Outcome(None, State.FAILED, Reason.WORKER_LOST, event.why, transient=True),))
    answer: Answer = event.answer
    return answer


def exit_code(states: Counter[State]) -> int:
    """0: all graded in full; 3: mixed; 2: none gradable; 1: none graded, and some failed."""
    if not states or set(states) == {State.REFUSED}:
        return 2
    if set(states) == {State.GRADED}:
        return 0
    return 3 if states[State.GRADED] or states[State.PARTLY] else 1
