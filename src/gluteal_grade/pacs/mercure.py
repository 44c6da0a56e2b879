"""A processing module of mercure (https://mercure-imaging.org): a folder of DICOM files in, DICOM results out.

Its contract: the folders stand in the environment (MERCURE_IN_DIR, MERCURE_OUT_DIR); `task.json` in the first holds the rule's settings
under `process.settings` (or `process[...]` for a chain of modules); what lies in the second when the module ends with 0 goes on to the
rule's target, except `result.json`, which mercure keeps and whose `__mercure_notification` it may send on.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gluteal_grade.config import Settings, load_settings
from gluteal_grade.errors import GradeError, not_writable
from gluteal_grade.io import Study, discover
from gluteal_grade.report import DICOM
from gluteal_grade.result import MuscleStatus, StudyResult
from gluteal_grade.vocabulary import Region
from gluteal_grade.workflow import Job, Output, run

TASK, RESULT = "task.json", "result.json"
MODULE = "gluteal_grade"  # in a chain of modules the settings of this one are found by `module_name` or image name
_OWN = {"config", "return_input", "report_refusals"}


@dataclass(frozen=True)
class Rule:
    """What the rule's settings in mercure ask of the module.

    Attributes:
        settings: `config`: what differs from configs/default.yaml, nested or joined by full stops.
        return_input: `return_input`: the images go on to the target too.
        report_refusals: `report_refusals`: a DICOM report of a study that cannot be graded too.
    """

    settings: Settings
    return_input: bool = False
    report_refusals: bool = False


def run_module(source: Path, target: Path) -> bool:
    """Grade every study in the input folder and hand its DICOM objects over; False where a study failed and may be sent again.

    Raises:
        ValueError: task.json cannot be read or asks for what there is not.
        RefusedInput: `input_not_found`, `no_images`.
        TransientFailure: `output_not_writable`, `read_failed`.
    """
    rule = read_rule(source / TASK)
    told, failed = [], False
    for study in discover(source, leave_out=source / TASK if (source / TASK).exists() else None).studies:
        try:
            told.append(_graded(study, rule, target))
        except GradeError as error:
            failed = True
            told.append({"study": study.id, "status": "failed", "reason": error.reason.value, "text": f"not graded: {error.reason}"})
    if rule.return_input:
        _hand_over(_images(source), target, "image")
    _write_result(target, told)
    return not failed


def read_rule(task: Path) -> Rule:
    """The settings of the rule; the defaults where mercure gave no task file.

    Raises:
        ValueError: it cannot be read or asks for what there is not.
    """
    if not task.exists():
        return Rule(load_settings())
    try:
        process = json.loads(task.read_text(encoding="utf-8"))["process"]
        given = _own_part(process).get("settings") or {}
        if not isinstance(given, Mapping):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise ValueError(f"{task.name} holds no process.settings") from None
    if unknown := sorted(set(given) - _OWN):
        raise ValueError(f"{task.name}: unknown settings {', '.join(unknown)}; known: {', '.join(sorted(_OWN))}")
    try:
        settings = load_settings(given.get("config"))
    except ValueError as error:
        raise ValueError(f"{task.name}: {error}") from None
    return Rule(settings, bool(given.get("return_input")), bool(given.get("report_refusals")))


def _own_part(process: Any) -> Mapping[str, Any]:
    """Of a chain of modules the part that names us, else the first."""
    if isinstance(process, Mapping):
        return process
    ours = (part for part in process if MODULE in str(part.get("module_name", "")).replace("-", "_"))
    part: Mapping[str, Any] = next(ours, process[0])
    return part


def _graded(study: Study, rule: Rule, target: Path) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="gluteal-grade-") as scratch:
        output = Output(Path(scratch), dicom=True, dicom_of_refused=rule.report_refusals)
        done = run(Job(study, rule.settings, output=output))
        if done.folder is not None:
            _hand_over(sorted((done.folder / DICOM).glob("*.dcm")), target, study.id)
    return {"study": study.id, "status": done.graded.result.status.value, "text": _words(done.graded.result)}


def _words(result: StudyResult) -> str:
    """One line for a notification, without patient data."""
    if result.refusal is not None:
        return f"not graded: {result.refusal.reason}"
    whole = (m for m in result.muscles if m.region is Region.WHOLE and not m.muscle.optional)
    review = [f"{m.side} {m.muscle.short}" for m in whole if m.status is MuscleStatus.NEEDS_REVIEW]
    return f"graded; needs review: {', '.join(review)}" if review else "graded"


def _images(source: Path) -> Iterator[Path]:
    return (path for path in sorted(source.rglob("*")) if path.is_file() and path.suffix not in (".json", ".tags"))


def _hand_over(files: Iterator[Path] | list[Path], target: Path, name: str) -> None:
    """Copies under names of their own: mercure takes one flat folder."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        for number, path in enumerate(files, start=1):
            shutil.copyfile(path, target / f"{name}_{number:04d}.dcm")
    except OSError as error:
        raise not_writable(error) from error


def _write_result(target: Path, told: list[dict[str, str]]) -> None:
    """mercure keeps it; the notification is asked for where somebody has to look."""
    look = any(one["text"] != "graded" for one in told)
    lines = "\n".join(f"{one['study']}: {one['text']}" for one in told) or "no study"
    held = {"studies": told, "__mercure_notification": {"text": lines, "requested": look}}
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / RESULT).write_text(json.dumps(held, indent=2) + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise not_writable(error) from error
