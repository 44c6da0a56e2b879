"""Which studies are whole and wait to be worked on. All truth lies on the disk, so a kill at any moment loses nothing.

A study waits as long as the set of its images is not the set that was marked done: `inbox/.state/<study>.json` holds the fingerprint of
that set. So late images reopen a study without any event, and a study that is sent again as it was stays done. Who works on a study holds
a lock on `inbox/.state/<study>.lock`; the system drops it when the process dies.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from gluteal_grade import system
from gluteal_grade.errors import not_writable
from gluteal_grade.pacs.inbox import fingerprint_of, images_in, studies_in

_HELD = 2  # quiet times: one association may bring many studies, and those that came first are not to wait for the last


@dataclass(frozen=True)
class Ready:
    """A study to work on.

    Attributes:
        study: its hash.
        folder: its images, nothing else.
        images: how many.
        last_arrival: when the last one came, seconds since 1970.
        fingerprint: of the set of images; give it to `done`.
    """

    study: str
    folder: Path
    images: int
    last_arrival: float
    fingerprint: str


@dataclass
class _Known:
    last: float
    done: str | None = None  # fingerprint of the set that is done
    open: set[int] = field(default_factory=set)  # associations that have sent to it
    now: bool = False  # asked for: wait no longer
    not_before: float = 0.0  # after a failure
    found: tuple[str, int] | None = None  # fingerprint and number of its images; None: to be counted


class Arrivals:
    """Studies of an inbox.

    Args:
        inbox: its folder.
        quiet_s: a study is whole when no image came for so long and no association that has sent to it is open.
        clock: seconds since 1970.

    Raises:
        TransientFailure: the folder is not writable.
    """

    def __init__(self, inbox: Path, quiet_s: float, clock: Callable[[], float] = time.time) -> None:
        self._inbox, self._quiet_s, self._clock = inbox, quiet_s, clock
        self._state = inbox / ".state"
        self._lock = threading.RLock()
        self._studies: dict[str, _Known] = {}
        self._taken: dict[str, IO[bytes]] = {}
        try:
            self._state.mkdir(parents=True, exist_ok=True)
            self.refresh()
        except OSError as error:
            raise not_writable(error) from None

    def refresh(self) -> None:
        """Look at the disk again: needed where another process receives."""
        with self._lock:
            for study in studies_in(self._inbox):
                known = self._studies.setdefault(study, _Known(0.0))
                known.last = max(known.last, (self._inbox / study).stat().st_mtime)  # of the last file that got its name there
                known.done, known.found = self._marked(study), None

    def arrived(self, study: str, association: int) -> None:
        """Note that an image of a study was stored."""
        with self._lock:
            known = self._studies.get(study)
            if known is None:  # deleted when done, or never seen
                known = self._studies[study] = _Known(0.0, self._marked(study))
            known.last = max(known.last, self._clock())
            known.open.add(association)
            known.now, known.not_before, known.found = False, 0.0, None

    def closed(self, association: int) -> None:
        """An association has ended."""
        with self._lock:
            for known in self._studies.values():
                known.open.discard(association)

    def hurry(self, studies: Iterable[str]) -> None:
        """These are whole, their sender says."""
        with self._lock:
            for study in studies:
                if study in self._studies:
                    self._studies[study].now = True

    def ready(self) -> list[Ready]:
        """Complete studies that are not being worked on, the one that has waited longest first."""
        with self._lock:
            found = [self._counted(study) for study, known in self._studies.items() if self._whole(known) and study not in self._taken]
            return sorted((one for one in found if one is not None), key=lambda one: one.last_arrival)

    def backlog(self) -> int:
        """Studies that are not done, complete or not."""
        with self._lock:
            return sum(self._counted(study) is not None for study in list(self._studies))

    def taken(self, study: str) -> bool:
        """Begin to work on a study; False if another process does, or has just finished it."""
        with self._lock:
            if study in self._taken:
                return False
            try:
                lock = (self._state / f"{study}.lock").open("ab")
            except OSError as error:
                raise not_writable(error) from None
            if not _held(lock):
                lock.close()
                return False
            self._taken[study] = lock
            known = self._studies.setdefault(study, _Known(0.0))
            known.done, known.found = self._marked(study), None
            if self._counted(study) is None:
                self._drop(study)
                return False
            return True

    def done(self, study: str, fingerprint: str) -> None:
        """The set of images with this fingerprint is worked on; images that came meanwhile reopen the study.

        Raises:
            TransientFailure: the mark could not be written; the study will be ready again.
        """
        with self._lock:
            try:
                _written(self._state / f"{study}.json", {"fingerprint": fingerprint, "done": self._clock()})
                self._studies.setdefault(study, _Known(0.0)).done = fingerprint
            except OSError as error:
                raise not_writable(error) from None
            finally:
                self._drop(study)

    def back(self, study: str, wait_s: float = 0.0) -> None:
        """It could not be worked on: ready again after so many seconds, or at once if images come."""
        with self._lock:
            if study in self._studies:
                self._studies[study].not_before = self._clock() + wait_s
            self._drop(study)

    def tidy(self, keep_s: float, remove: Callable[[str, str], bool]) -> list[str]:
        """Delete the images of studies that are done and quiet for so long; their marks stay.

        Args:
            keep_s: seconds since the last image.
            remove: `Inbox.remove`; it is given study and fingerprint, and refuses if an image came meanwhile.

        Returns:
            Which studies were removed.
        """
        old = []
        with self._lock:
            for study, known in list(self._studies.items()):
                idle = study not in self._taken and not known.open and known.last <= self._clock() - keep_s
                if idle and known.done is not None and self._counted(study) is None and remove(study, known.done):
                    del self._studies[study]
                    old.append(study)
        return old

    def studies(self) -> list[str]:
        """All studies of the inbox, the latest first."""
        with self._lock:
            return sorted(self._studies, key=lambda study: -self._studies[study].last)

    def last_arrival(self) -> float | None:
        """When the last image came, seconds since 1970; None: never."""
        with self._lock:
            return max((known.last for known in self._studies.values()), default=None)

    def _whole(self, known: _Known) -> bool:
        now = self._clock()
        if now < known.not_before:
            return False
        silent = now - known.last
        return known.now or silent >= self._quiet_s * (_HELD if known.open else 1)

    def _counted(self, study: str) -> Ready | None:
        """None if there is nothing to work on."""
        known, folder = self._studies[study], self._inbox / study
        if known.found is None:
            names = images_in(folder)
            known.found = (fingerprint_of(names), len(names))
        fingerprint, images = known.found
        return Ready(study, folder, images, known.last, fingerprint) if images and fingerprint != known.done else None

    def _marked(self, study: str) -> str | None:
        try:
            return str(json.loads((self._state / f"{study}.json").read_text(encoding="utf-8"))["fingerprint"])
        except (OSError, ValueError, KeyError, TypeError):  # never done, or damaged: better twice than never
            return None

    def _drop(self, study: str) -> None:
        lock = self._taken.pop(study, None)
        if lock is not None:
            system.unlock(lock.fileno())  # closing is not enough where a forked worker has the file open too
            lock.close()


def _held(file: IO[bytes]) -> bool:
    """False where another process holds it, or the file system knows no locks."""
    try:
        return system.lock(file.fileno())
    except OSError:
        return False


def _written(path: Path, value: dict[str, str | float]) -> None:
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="\n") as stream:
        json.dump(value, stream)
        stream.flush()
        system.flush(stream.fileno())
    part.rename(path)
