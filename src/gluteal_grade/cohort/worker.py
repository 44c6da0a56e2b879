"""One entry, in a worker process: find its studies, grade each, write the results. Nothing is raised: what goes wrong is an outcome."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from gluteal_grade import __version__
from gluteal_grade.cohort.ahead import Ahead
from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.local_executor import LocalExecutor
from gluteal_grade.cohort.machine import Share
from gluteal_grade.cohort.outcome import outcome_of
from gluteal_grade.cohort.stored import read_stored
from gluteal_grade.cohort.task import Answer, Because, Outcome, Recipe, State, Task
from gluteal_grade.config import SegmentationSettings
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure, place_of
from gluteal_grade.io import Person, Study, discover, parse_kinds
from gluteal_grade.report import Place, place_for
from gluteal_grade.segmentation import check_device
from gluteal_grade.system import peak_mb
from gluteal_grade.workflow import LABELS, Job, Output, run

Value = TypeVar("Value")

# what a first study would load otherwise, in every process anew
_LIBRARIES = ("gluteal_grade.report.pages",)
_OF_NETWORKS = ("gluteal_grade.segmentation.network", "gluteal_grade.segmentation.weights")


def local_workers(mine: Share, timeout_s: float | None = None, *, networks: SegmentationSettings | None) -> LocalExecutor:
    """Processes of this machine that grade.

    Args:
        mine: how many, and what each may use.
        timeout_s: for one entry; None: no limit.
        networks: their settings; None where label maps are given.

    Raises:
        TransientFailure: `device_missing`: not every study need find out for itself.
    """
    if networks is not None:
        check_device(networks)
    libraries = (*_LIBRARIES, *(_OF_NETWORKS if networks else ()))
    return LocalExecutor(work, mine.jobs, mine.threads, mine.memory_mb, timeout_s, Ahead(), libraries)


def work(task: Task) -> Answer:
    """Grade the studies of one entry."""
    _limit_threads(task.recipe.threads)
    found = _guarded(lambda: _studies(task.entry))
    outcomes = (found,) if isinstance(found, Outcome) else tuple(_graded(task, study) for study in found)
    return Answer(outcomes, peak_mb())


def _limit_threads(threads: int) -> None:
    """Of the networks, which give the same bits with any number of threads."""
    os.environ["OMP_NUM_THREADS"] = str(threads)  # torch reads it when it is loaded
    if (torch := sys.modules.get("torch")) is not None and torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


def _guarded(what: Callable[[], Value]) -> Value | Outcome:
    """The value, or the outcome that an error makes."""
    try:
        return what()
    except RefusedInput as error:
        return Outcome(None, State.REFUSED, error.reason, error.detail)
    except TransientFailure as error:
        return Outcome(None, State.FAILED, error.reason, error.detail, transient=True)
    except MemoryError:
        return Outcome(None, State.FAILED, Reason.OUT_OF_MEMORY, transient=True)
    except Exception as error:  # one study's defect must not end the cohort
        return Outcome(None, State.FAILED, Reason.DEFECT, f"{type(error).__name__} in {place_of(error)}")


def _studies(entry: Entry) -> tuple[Study, ...]:
    if entry.refusal:
        raise entry.refusal
    given = entry.given
    try:
        kinds = parse_kinds(given.kind)
    except ValueError as error:
        raise RefusedInput(Reason.KIND_UNKNOWN, str(error)) from None
    return discover(entry.root, kinds, given.beside, entry.parts).studies


def _graded(task: Task, study: Study) -> Outcome:
    start = time.perf_counter()
    place = place_for(task.recipe.layout, study.id, _bids_name(task.entry))
    outcome = _guarded(partial(_one, task, study, place))
    given = task.entry.given
    sex, person = given.sex or study.patient_sex, given.person(study.person)
    return replace(outcome, study=study.id, sex=sex, person=person, seconds=round(time.perf_counter() - start, 3))


def _bids_name(entry: Entry) -> str:
    """The path in which a BIDS subject may stand, without folders above the dataset."""
    return (entry.parts[0] if entry.parts else entry.root.name) + "/"


def _one(task: Task, study: Study, place: Place) -> Outcome:
    recipe = task.recipe
    job = _job(task, study, place)
    equal = _equal_result(recipe, place, job.input_hash)
    older = equal is not None and equal.version != __version__ and not recipe.keep_other_versions
    if equal is not None and not older and (task.again or not recipe.force):
        return replace(equal, taken_over=True)
    done = run(job)
    outcome = outcome_of(json.loads(done.graded.result.to_json()), place)
    if done.left_alone:
        return replace(outcome, folder="", kept=done.left_alone)
    if older:
        outcome = replace(outcome, because=Because.PROGRAM_CHANGED)
    if recipe.dicom and outcome.state is not State.REFUSED and not place.has_dicom(recipe.out):
        return replace(outcome, reason=Reason.DICOM_NOT_WRITTEN)
    return outcome


def _job(task: Task, study: Study, place: Place) -> Job:
    recipe, given = task.recipe, task.entry.given
    return Job(
        study,
        recipe.settings,
        labels=given.labels,
        bundle=recipe.bundle,
        labelmap=given.labelmap,
        kind=given.kind,
        series=given.series,
        exclude=given.exclude,
        sex=given.sex,
        metal=given.metal,
        person=given.person(Person()),
        settings_hash=recipe.settings_hash,
        networks_hash=recipe.model_hash,
        output=Output(recipe.out, place, recipe.dicom, recipe.dicom_of_refused, recipe.deidentify),
    )


def _equal_result(recipe: Recipe, place: Place, input_hash: str) -> Outcome | None:
    """The outcome of a result that is there already, whoever made it, with the same input, settings and networks."""
    stored = read_stored(recipe.out, place)
    same = stored.made_of == f"{input_hash}/{recipe.config_hash}"
    same = same and stored.model_hash in (LABELS, recipe.model_hash)  # a label map belongs to the input
    whole = not stored.damage and (not recipe.dicom or place.has_dicom(recipe.out))
    return stored.outcome if same and whole else None
