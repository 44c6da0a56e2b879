"""One entry, in a worker process: find its studies, grade each, write the results. Nothing is raised: what goes wrong is an outcome."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.outcome import outcome_of
from gluteal_grade.cohort.task import Answer, Outcome, Recipe, State, Task
from gluteal_grade.config import with_metal_sides
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure, place_of
from gluteal_grade.io import discover
from gluteal_grade.io.files import single
from gluteal_grade.io.kinds import parse_kinds
from gluteal_grade.io.study import Study
from gluteal_grade.pipeline import Graded, grade_study
from gluteal_grade.report.dicom.deidentify import deidentified_result
from gluteal_grade.report.layout import RESULT, SUMMARY_PICTURE, Place, place_for
from gluteal_grade.report.look import Look, look_of
from gluteal_grade.report.writer import write_study
from gluteal_grade.segmentation.source import segmenter_of

Value = TypeVar("Value")


def work(task: Task) -> Answer:
    """Grade the studies of one entry."""
    _limit_threads(task.recipe.threads)
    found = _guarded(lambda: _studies(task.entry))
    outcomes = (found,) if isinstance(found, Outcome) else tuple(_graded(task, study) for study in found)
    return Answer(outcomes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


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
    try:
        kinds = parse_kinds(entry.given.kind)
    except ValueError as error:
        raise RefusedInput(Reason.KIND_UNKNOWN, str(error)) from None
    leave_out = (entry.given.labels,) if entry.given.labels else ()
    found = discover(entry.root, kinds, leave_out, entry.parts)
    sex = entry.given.sex
    return tuple(replace(study, patient_sex=sex) if sex else study for study in found.studies)


def _graded(task: Task, study: Study) -> Outcome:
    start = time.perf_counter()
    place = place_for(task.recipe.layout, study.id, _bids_name(task.entry))
    outcome = _guarded(partial(_one, task, study, place))
    person = task.entry.given.person(study.person)
    return replace(outcome, study=study.id, sex=study.patient_sex, person=person, seconds=round(time.perf_counter() - start, 3))


def _bids_name(entry: Entry) -> str:
    """The path in which a BIDS subject may stand, without folders above the dataset."""
    return (entry.parts[0] if entry.parts else entry.root.name) + "/"


def _one(task: Task, study: Study, place: Place) -> Outcome:
    recipe, entry = task.recipe, task.entry
    input_hash = _input_hash(entry, study)
    if (task.again or not recipe.force) and (state := _finished(recipe, place, input_hash)):
        return replace(state, input_hash=input_hash, taken_over=True)
    settings = with_metal_sides(recipe.settings, entry.given.metal) if entry.given.metal else recipe.settings
    try:
        segmenter = segmenter_of(settings, entry.given.labels, recipe.bundle, entry.given.labelmap)
    except ValueError as error:
        raise RefusedInput(Reason.LABELS_NUMBERING, str(error)) from None
    graded = grade_study(study, settings, segmenter, entry.given.series)
    # the hash of the batch: what is said of one study belongs to its input
    made_by = graded.result.provenance.model_copy(
        update={"config_hash": recipe.config_hash, "input_hash": input_hash, "model_hash": recipe.model_hash}
    )
    result = graded.result.model_copy(update={"provenance": made_by})
    look = look_of(settings.report, study, deidentify=recipe.deidentify)
    dicom = partial(_write_dicom, Graded(result, graded.images), study, place, recipe, look) if recipe.dicom else None
    result = deidentified_result(result) if recipe.deidentify else result
    write_study(Graded(result, graded.images), recipe.out, place, dicom, look)
    outcome = replace(outcome_of(json.loads(result.to_json()), place), input_hash=input_hash)
    if recipe.dicom and outcome.state is not State.REFUSED and not place.has_dicom(recipe.out):
        return replace(outcome, reason=Reason.DICOM_NOT_WRITTEN)
    return outcome


def _write_dicom(graded: Graded, study: Study, place: Place, recipe: Recipe, look: Look, folder: Path) -> None:
    """Into the folder that is being written; what gives no DICOM objects keeps its other results."""
    from gluteal_grade.report.dicom.write import DicomOptions, write_dicom

    overlay = folder / place.rename(SUMMARY_PICTURE)
    options = DicomOptions(refused=recipe.dicom_of_refused, identified=bool(look.lines), deidentify=recipe.deidentify)
    with contextlib.suppress(RefusedInput):
        write_dicom(graded, study, folder, overlay=overlay if overlay.exists() else None, options=options)


def _input_hash(entry: Entry, study: Study) -> str:
    """24 hex digits: files by content, wherever they lie, the label map, and what was said."""
    labels = entry.given.labels
    files = [] if labels is None else [labels] if labels.is_file() else sorted(p for p in labels.rglob("*") if p.is_file())
    said = {**entry.given.measuring(), "labels": [single(path).sha256() for path in files]}
    digest = hashlib.sha256(study.content().encode())
    digest.update(json.dumps(said, sort_keys=True).encode())
    return digest.hexdigest()[:24]


def _finished(recipe: Recipe, place: Place, input_hash: str) -> Outcome | None:
    """The outcome of an equal result that is there already, whoever made it."""
    try:
        result = json.loads(place.find(recipe.out, RESULT).read_text(encoding="utf-8"))
        made_by = result["provenance"]
        wanted = (input_hash, recipe.config_hash, recipe.model_hash)
        same = tuple(made_by.get(name) for name in ("input_hash", "config_hash", "model_hash")) == wanted
        whole = not recipe.dicom or place.has_dicom(recipe.out)
        return outcome_of(result, place) if same and whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
