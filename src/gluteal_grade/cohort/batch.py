"""A batch from its inputs to its tables: everything that the command line, or a program, asks for at once."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.execution import Executor
from gluteal_grade.cohort.inputs import absolute, given_folders, read_inputs
from gluteal_grade.cohort.ledger import Scope, opened
from gluteal_grade.cohort.lock import locked
from gluteal_grade.cohort.observer import Observer
from gluteal_grade.cohort.repeatability.site_file import keep_site
from gluteal_grade.cohort.runner import Batch, Options
from gluteal_grade.cohort.summary import summarise
from gluteal_grade.cohort.task import Because, Recipe, State
from gluteal_grade.config import Settings, with_absolute_paths
from gluteal_grade.report import Layout
from gluteal_grade.segmentation import model_hash
from gluteal_grade.workflow import LABELS


@dataclass(frozen=True)
class Request:
    """What is asked of a batch.

    Attributes:
        inputs: paths and patterns as the user gave them.
        out: output folder.
        settings: of the run.
        labels, labelmap, kind: see `inputs.read_inputs`.
        bundle: a lab's networks.
        layout: of the output.
        threads: of each worker.
        force: grade again what is graded already.
        options: retries, and results of other versions of the program.
        pictures: contact sheets, figures and trend plots at the end.
        tables: tables and pages at the end at all; a service that grades study by study makes them once in a while.
        dicom: results as DICOM objects too.
        deidentify: results without patient, dates and UIDs of the source.
        dicom_of_refused: a DICOM report of the refusal too.
    """

    inputs: tuple[str, ...]
    out: Path
    settings: Settings
    labels: str | None = None
    labelmap: str | None = None
    bundle: Path | None = None
    layout: Layout = Layout.FLAT
    threads: int = 1
    force: bool = False
    options: Options = field(default_factory=Options)
    pictures: bool = True
    tables: bool = True
    dicom: bool = False
    deidentify: bool = False
    dicom_of_refused: bool = False
    kind: tuple[str, ...] = ()

    def entries(self, left_alone: list[str] | None = None) -> list[Entry]:
        """What is to be graded, as it lies there now; `left_alone`: see `index.index_folder`."""
        return read_inputs(self.inputs, self.out.absolute(), self.labels, self.labelmap, self.kind, left_alone=left_alone)

    def scope(self) -> Scope:
        """All of what `entries` looks through."""
        return Scope(frozenset(map(absolute, self.inputs)), given_folders(self.inputs), self.options.keep_withdrawn)


@dataclass(frozen=True)
class Done:
    """How a batch ended.

    Attributes:
        states: studies by state, those of earlier runs included.
        peak_mb: most memory a worker held; 0 where nothing was left to do.
        again: entries that were graded before and were graded again, by reason.
        kept: entries that another version of the program graded, and that stand.
        other_versions: of the program, that graded those of the last two.
        withdrawn: studies that are kept out of the tables because their input is gone.
    """

    states: Counter[State]
    peak_mb: float
    again: Counter[Because] = field(default_factory=Counter)
    kept: int = 0
    other_versions: tuple[str, ...] = ()
    withdrawn: int = 0


def run_batch(request: Request, executor: Callable[[], Executor], observer: Observer, entries: Sequence[Entry] | None = None) -> Done:
    """Grade everything, then write the tables and pages.

    Args:
        request: what is asked.
        executor: makes one, if there is something to do.
        observer: is told of every step.
        entries: in place of what `request.inputs` give.

    Raises:
        RefusedInput: `site_unreadable`, `no_segmenter`, `bundle_unreadable`, `ledger_unreadable`.
        TransientFailure: the batch had to stop; run again, it goes on.
    """
    recipe = Recipe(
        with_absolute_paths(request.settings),
        request.out.absolute(),
        request.layout,
        request.bundle.absolute() if request.bundle else None,
        request.settings.hash(),
        LABELS if request.labels else model_hash(request.settings, request.bundle),
        request.threads,
        request.force,
        request.dicom,
        request.deidentify,
        request.dicom_of_refused,
        request.options.keep_other_versions,
    )
    with locked(recipe.out), opened(recipe.out) as ledger:
        keep_site(recipe.out, recipe.settings.report.site)  # refused before anything is graded
        _sweep(recipe.out)
        scope = None
        if entries is None:
            left_alone: list[str] = []
            entries = request.entries(left_alone)
            if left_alone:
                observer.left_alone(len(left_alone))
            scope = request.scope()
        batch = Batch(entries, recipe, ledger, request.options, observer, scope=scope)
        states = batch.run(executor)
        told = summarise(recipe.out, ledger, pictures=request.pictures) if request.tables else None
    withdrawn = told.withdrawn if told else 0
    if withdrawn:
        observer.withdrawn(withdrawn)
    return Done(states, batch.peak_mb, batch.again, batch.kept, tuple(sorted(batch.other_versions)), withdrawn)


def _sweep(out: Path) -> None:
    """Unfinished folders of workers that were killed."""
    for path in out.glob(".*.partial"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
    for path in out.glob(".*.old"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
