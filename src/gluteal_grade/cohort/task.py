"""What a worker is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gluteal_grade.cohort.entries import Entry
from gluteal_grade.config import Settings
from gluteal_grade.io import Person
from gluteal_grade.report import Layout
from gluteal_grade.workflow import identity_suffix

NOBODY = Person()


class State(StrEnum):
    """Where a study stands in the ledger."""

    WAITING = "waiting"
    RUNNING = "running"
    GRADED = "graded"
    PARTLY = "partly"
    REFUSED = "refused"
    FAILED = "failed"


class Because(StrEnum):
    """Why an entry was graded, though it may have been before."""

    NEW = "new"
    INPUT_CHANGED = "input_changed"
    SETTINGS_CHANGED = "settings_changed"
    NETWORKS_CHANGED = "networks_changed"
    PROGRAM_CHANGED = "program_changed"  # its result is of another version of the program
    RESULT_MISSING = "result_missing"  # or damaged, or its DICOM objects are
    RESULT_REPLACED = "result_replaced"  # by that of another input or of other settings
    RETRIED = "retried"
    FORCED = "forced"


@dataclass(frozen=True)
class Recipe:
    """What all tasks of a batch share.

    Attributes:
        settings: of the run.
        out: the output folder, absolute: a cluster's workers see the same file system.
        layout: of the output.
        bundle: a lab's networks in place of the shipped ones.
        settings_hash: of the settings as the user gave them.
        model_hash: of the networks, see `segmentation.source.model_hash`.
        threads: of torch and numpy in a worker.
        force: grade again what is graded already.
        dicom: write the results as DICOM objects too.
        deidentify: results without patient, dates and UIDs of the source.
        dicom_of_refused: DICOM objects of refused studies too.
        keep_other_versions: equal results of another version of the program stand.
    """

    settings: Settings
    out: Path
    layout: Layout
    bundle: Path | None
    settings_hash: str
    model_hash: str
    threads: int
    force: bool
    dicom: bool = False
    deidentify: bool = False
    dicom_of_refused: bool = False
    keep_other_versions: bool = False

    @property
    def config_hash(self) -> str:
        """What a result must have been made with, to stand for one of this run."""
        return self.settings_hash + identity_suffix(self.settings, self.deidentify)


@dataclass(frozen=True)
class Task:
    """One entry to be worked on.

    Attributes:
        recipe: how.
        entry: on what.
        again: after a failure: only the studies that have no result are graded, whatever the recipe says of force.
    """

    recipe: Recipe
    entry: Entry
    again: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one study, or of an entry in which no study was found.

    Attributes:
        study: its hash; None where the entry as a whole was refused or failed.
        state: graded, partly, refused or failed.
        reason, detail: why not graded in full; a code and words without patient data.
        transient: a failure that may pass.
        folder: of the result below the output; empty without one.
        input_hash: of its files, its label map and what was said of it.
        taken_over: an equal result was there already; nothing was computed.
        sex, person: of the patient, for the tables; never written as they are.
        method: how fat was measured; several joined by ``+``.
        automatic: a network made the labels; None where there are none.
        version: of the program that made the result.
        because: why it was graded, where the worker knows better than the plan.
        kept: the result of another input that a refusal left in its place, see `Stored.made_of`; empty where none was.
        seconds: spent on it.
    """

    study: str | None
    state: State
    reason: str = ""
    detail: str = ""
    transient: bool = False
    folder: str = ""
    input_hash: str = ""
    taken_over: bool = False
    sex: str | None = None
    person: Person = NOBODY
    method: str = ""
    automatic: bool | None = None
    version: str = ""
    because: str = ""
    kept: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Answer:
    """All outcomes of one entry.

    Attributes:
        outcomes: at least one.
        peak_mb: most memory the worker has held so far; None if there was none.
    """

    outcomes: tuple[Outcome, ...]
    peak_mb: float | None = None
