"""Grading for services: studies in folders come in, outcomes go out; the workers and their models stay between calls."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gluteal_grade.cohort import (
    NAME,
    Entry,
    Event,
    Executor,
    Given,
    Outcome,
    Request,
    Silence,
    State,
    Tally,
    local_workers,
    opened,
    run_batch,
    share,
    summarise_unlocked,
)
from gluteal_grade.config import Settings
from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.report import DICOM, FAT_MAP, STITCHED

_IN_USE_S = 2.0
_LAST = "index.html"  # of the tables and pages, what is written at the end


class _Kept:
    """An executor that a batch does not close."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    @property
    def capacity(self) -> int:
        return self.executor.capacity

    def submit(self, key: str, task: Any) -> None:
        self.executor.submit(key, task)

    def wait(self, seconds: float) -> list[Event]:
        return self.executor.wait(seconds)

    def close(self) -> None:
        pass


class _Collector(Silence):
    """Remembers the outcome of each entry."""

    def __init__(self) -> None:
        self.outcomes: dict[str, tuple[Outcome, ...]] = {}

    def ended(self, key: str, outcomes: tuple[Outcome, ...], tally: Tally) -> None:  # noqa: ARG002 - as observers are called
        self.outcomes[key] = outcomes


@dataclass(frozen=True)
class Means:
    """What a service grades with.

    Attributes:
        settings: of the grading.
        bundle: a lab's networks; None: the shipped ones.
        labelmap: their numbering.
        jobs: worker processes; None: one a core, as memory allows.
        timeout_s: a study that takes longer has failed; None: no limit.
    """

    settings: Settings
    bundle: Path | None = None
    labelmap: str | None = None
    jobs: int | None = None
    timeout_s: float | None = None


class Grading:
    """Grades folders into one output.

    Args:
        means: what to grade with.
        out: output folder, shared with `batch`.
        patience_s: how long to wait while another batch writes to the folder.
        of_refused: a DICOM report of refused studies too.
    """

    def __init__(self, means: Means, out: Path, patience_s: float = 3600.0, *, of_refused: bool = False) -> None:
        mine = share(means.jobs)
        self.out = out
        self._given = Given(labelmap=means.labelmap)
        self._request = Request(
            (), out, means.settings, bundle=means.bundle, threads=mine.threads, tables=False, dicom=True, dicom_of_refused=of_refused
        )
        self._executor = local_workers(mine, means.timeout_s, networks=means.settings.segmentation)
        self._patience_s = patience_s

    def grade(self, folders: Mapping[str, Path]) -> dict[str, Outcome]:
        """Grade studies.

        Args:
            folders: of images, by the study's hash.

        Returns:
            the outcome of each; one that was graded before and has not changed is told as it was.

        Raises:
            TransientFailure: the batch had to stop.
        """
        entries = {study: Entry(study, folder, given=self._given) for study, folder in folders.items()}
        collector = _Collector()
        self._patiently(lambda: run_batch(self._request, lambda: _Kept(self._executor), collector, list(entries.values())))
        with opened(self.out) as ledger:
            ends = {s: collector.outcomes.get(e.key) or tuple(_as_it_was(ledger.end_of(e.key))) for s, e in entries.items()}
        return {study: next((o for o in outcomes if o.study == study), outcomes[0]) for study, outcomes in ends.items()}

    @property
    def tables_due(self) -> bool:
        """Something was graded since the tables were made: by a night that was killed, too."""
        try:
            return (self.out / NAME).stat().st_mtime_ns > (self.out / _LAST).stat().st_mtime_ns
        except FileNotFoundError:
            return (self.out / NAME).exists()

    def tables(self) -> None:
        """Make the cohort's tables and pages anew."""
        self._patiently(lambda: summarise_unlocked(self.out))

    def close(self) -> None:
        """End the workers."""
        self._executor.close()

    def _patiently(self, what: Callable[[], object]) -> None:
        end = time.monotonic() + self._patience_s
        while True:
            try:
                what()
                return
            except TransientFailure as error:
                if error.reason is not Reason.OUTPUT_IN_USE or time.monotonic() > end:
                    raise
                time.sleep(_IN_USE_S)


def _as_it_was(rows: Iterable[sqlite3.Row]) -> Iterator[Outcome]:
    for r in rows:
        yield Outcome(
            r["study"], State(r["state"]), r["reason"], r["detail"], folder=r["folder"], input_hash=r["input_hash"], taken_over=True
        )


def objects_of(out: Path, folder: str, kinds: tuple[str, ...]) -> list[Path]:
    """The DICOM results of a study, those of `kinds` (seg, sr, sc; pdf, fat_map where `report.dicom_more` has them), in that
    order; before them the stitched image that all but the PDF refer to."""
    objects = out / folder / DICOM
    image = sorted(objects.glob(STITCHED)) if set(kinds) - {"pdf"} else []
    return image + [path for kind in kinds for path in sorted(objects.glob(FAT_MAP if kind == "fat_map" else f"{kind}.dcm"))]


def hash_of(files: list[Path]) -> str:
    """16 hex digits of the objects' bytes; empty for none."""
    if not files:
        return ""
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()[:16]
