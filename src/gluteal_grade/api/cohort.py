"""`batch`: many studies."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gluteal_grade.api.frames import typed
from gluteal_grade.api.inputs import Kind, PathLike, advised, check_label_source, kinds_of, path_of
from gluteal_grade.cohort import (
    REFUSALS,
    STUDIES,
    Bar,
    Options,
    Request,
    Silence,
    explanation,
    local_workers,
    run_batch,
    scales_of_folder,
    share,
)
from gluteal_grade.config import Settings, load_settings
from gluteal_grade.report import Layout
from gluteal_grade.result import muscle_columns
from gluteal_grade.vocabulary import Column

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Cohort:
    """What a batch has made; its files lie in `out`.

    Attributes:
        out: the output folder.
        states: studies by state (graded, partly, refused, failed), those of earlier runs included.
        again: why studies that were graded before were graded again; a line for each reason.
    """

    out: Path
    states: Mapping[str, int]
    again: tuple[str, ...] = field(default=())

    def to_frame(self) -> pd.DataFrame:
        """`cohort.csv`: the muscles of every study, as `Graded.to_frame`."""
        return self._table("cohort", muscle_columns(scales_of_folder(self.out)))

    def studies(self) -> pd.DataFrame:
        """`studies.csv`: a row for each study."""
        return self._table("studies", STUDIES)

    def refusals(self) -> pd.DataFrame:
        """`refusals.csv`: what has no grades, why, and what to do."""
        return self._table("refusals", REFUSALS)

    def _table(self, name: str, columns: Sequence[Column]) -> pd.DataFrame:
        with (self.out / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            return typed(list(reader), reader.fieldnames or (), columns)


def batch(
    inputs: PathLike | Sequence[PathLike],
    out: PathLike,
    *,
    labels: str | None = None,
    labelmap: PathLike | None = None,
    bundle: PathLike | None = None,
    kind: Kind = None,
    settings: Settings | Mapping[str, Any] | PathLike | None = None,
    jobs: int | None = None,
    timeout_s: float | None = None,
    layout: str = "flat",
    force: bool = False,
    retry_failed: bool = False,
    keep_other_versions: bool = False,
    dicom: bool = False,
    deidentify: bool = False,
    pictures: bool = True,
    progress: bool = True,
) -> Cohort:
    """Grade a cohort, as `gluteal-grade batch` does. Call it again to go on after an interruption; what is done is not done twice.

    Args:
        inputs: folders, BIDS trees, globs, zips, files, or a CSV manifest (column `path`; see docs/howto/cohort.md).
        out: results, tables, pages and the ledger go here.
        labels: name or pattern of each study's label map, in its folder or above it.
        labelmap: numbering of `labels` or `bundle`.
        bundle: a MONAI bundle that you trust, instead of the shipped networks.
        kind: contrast of all series, or by file name or series id.
        settings: as `grade`.
        jobs: worker processes; None: one a core, as memory allows.
        timeout_s: a study that takes longer has failed.
        layout: "flat" (`out/<study>/`) or "bids".
        force: grade again what is graded already.
        retry_failed: try again what failed in an earlier run.
        keep_other_versions: results of another version of the program stand; without it they are graded again.
        dicom: results as DICOM objects too.
        deidentify: results without patient, dates and UIDs.
        pictures: contact sheets, figures and trend plots at the end.
        progress: tell on stderr how it goes.

    Returns:
        where everything lies, and frames of its tables. A study that is refused or fails stops no other; see `Cohort.refusals`.

    Raises:
        RefusedInput: there are no networks, or the ledger cannot be read.
        TransientFailure: the batch had to stop; call it again.
        ValueError: an unknown setting, contrast, numbering or layout.
    """
    several = [inputs] if isinstance(inputs, str) or not isinstance(inputs, Sequence) else inputs
    mine = share(jobs)
    request = Request(
        tuple(str(path_of(one, "inputs")) for one in several),
        path_of(out, "out"),
        load_settings(settings),
        labels,
        check_label_source(labels, bundle, labelmap, exclusive=False),
        None if bundle is None else path_of(bundle, "bundle"),
        Layout(layout),
        mine.threads,
        force,
        Options(retry_failed, keep_other_versions=keep_other_versions),
        pictures,
        dicom=dicom,
        deidentify=deidentify,
        kind=kinds_of(kind),
    )
    executor = partial(local_workers, mine, timeout_s, networks=request.settings.segmentation if labels is None else None)
    observer = _bar() if progress else Silence()
    try:
        with advised():
            done = run_batch(request, executor, observer)
    finally:
        observer.close()
    again = tuple(explanation(done.again, done.kept, done.other_versions))
    return Cohort(request.out, {state.value: count for state, count in sorted(done.states.items())}, again)


def _bar() -> Bar:
    from rich.console import Console

    return Bar(Console(stderr=True))
