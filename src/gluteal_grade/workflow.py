"""The one door: a job in, one graded study out, written or not.

The command line, batches, the watched folder, the nightly job, re-measuring after a correction and the Python face all go through
here, so that every one of them has the same options and the same provenance.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from gluteal_grade.config import Settings, with_metal_sides
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import Kinds, Person, Study, discover, single
from gluteal_grade.metal import read_mask
from gluteal_grade.pipeline import Graded, grade_study
from gluteal_grade.report import RESULT, SUMMARY_PICTURE, Place, fhir_text, look_of, write_study
from gluteal_grade.report.dicom import deidentified_result
from gluteal_grade.segmentation import Segmenter, model_hash, segmenter_of
from gluteal_grade.stopwatch import Step, Told, untold
from gluteal_grade.vocabulary import StudyFile

NOBODY = Person()
LABELS = "labels"  # the model hash of a study whose labels were given


@dataclass(frozen=True)
class Output:
    """What is written of a graded study, and where.

    Attributes:
        out: the output folder; made if it is not there.
        place: of the study in it, and how its files are called; None: the flat layout, `OUT/<study>/`.
        dicom: DICOM Segmentation, structured report and picture too.
        dicom_of_refused: a DICOM report of a refusal too.
        deidentify: results without patient, dates and UIDs of the source.
    """

    out: Path
    place: Place | None = None
    dicom: bool = False
    dicom_of_refused: bool = False
    deidentify: bool = False


@dataclass(frozen=True)
class Job:
    """One study to be graded, and everything that was asked of it.

    Attributes:
        study: as discovery found it.
        settings: of the run.
        labels: label map or DICOM Segmentation (a file, or a folder with one); wins over `bundle`. Without either: the shipped networks.
        bundle: a lab's MONAI bundle.
        labelmap: numbering of either, a shipped name or a YAML file.
        segmenter: labels the study in place of what the three above would give.
        kind: contrasts as the user named them; discovery has used them already.
        series: id of the series to measure, instead of the program's choice.
        exclude: NIfTI mask in the space of the images; its voxels are not measured.
        sex: "M" or "F", for norms; None: that of the files.
        metal: which hips hold metal (right, left, both, none, auto); None: as `settings` say.
        person: age and body of the patient, for norms, where the user says them.
        settings_hash: of the settings that the user gave, where `settings` are those with absolute paths.
        networks_hash: of the networks, where it is known already, see `segmentation.source.model_hash`.
        output: what to write; None: nothing.
        told: is told of each step as it begins.
    """

    study: Study
    settings: Settings
    labels: Path | None = None
    bundle: Path | None = None
    labelmap: str | None = None
    segmenter: Segmenter | None = None
    kind: tuple[str, ...] = ()
    series: str | None = None
    exclude: Path | None = None
    sex: str | None = None
    metal: str | None = None
    person: Person = NOBODY
    settings_hash: str | None = None
    networks_hash: str | None = None
    output: Output | None = None
    told: Told = untold

    @property
    def examined(self) -> Study:
        """The study, with what was said of the patient."""
        study = replace(self.study, person=self.study.person.told(self.person))
        return replace(study, patient_sex=self.sex) if self.sex else study

    @cached_property
    def input_hash(self) -> str:
        """24 hex digits: files by content, wherever they lie, label map and mask, and what was said of them.

        Raises:
            RefusedInput, TransientFailure: a file cannot be read.
        """
        said = {"labelmap": self.labelmap, "kind": self.kind, "series": self.series, "sex": self.sex, "metal": self.metal}
        p = self.person
        body = {"age": p.age_years, "height": p.height_m, "weight": p.weight_kg, "lean": p.lean_kg}
        told: dict[str, object] = {name: value for name, value in (said | body).items() if value}
        told["labels"] = _contents(self.labels)
        if self.exclude is not None:
            told["exclude"] = _contents(self.exclude)
        digest = hashlib.sha256(self.study.content().encode())
        digest.update(json.dumps(told, sort_keys=True).encode())
        return digest.hexdigest()[:24]


@dataclass(frozen=True)
class Done:
    """What became of a job.

    Attributes:
        graded: the result, as written where it was written.
        folder: that was written; None without `Job.output`.
        dicom: names of the DICOM objects.
        dicom_refusal: why there are none, where they were asked for.
        left_alone: the study is refused, and its folder holds grades of another input: nothing was written. What those were made of
            (input and settings); empty where it was written.
    """

    graded: Graded
    folder: Path | None = None
    dicom: tuple[str, ...] = ()
    dicom_refusal: RefusedInput | None = None
    left_alone: str = ""


def read_study(path: Path, kinds: Kinds = None, leave_out: tuple[Path, ...] = (), study: str | None = None) -> Study:
    """The one study of an input.

    Args:
        path: folder, zip, DICOM or NIfTI file.
        kinds: the contrast of every series, or by file name, stem or series id.
        leave_out: files that are no images of the study (its label map, a mask).
        study: hash of the one to take, where there are several.

    Raises:
        RefusedInput: as `io.discover`; `several_studies`, `study_not_found`.
        TransientFailure: `read_failed`.
    """
    found = discover(path, kinds, leave_out=leave_out).studies
    hashes = ", ".join(one.id for one in found)
    if study is not None:
        chosen = next((one for one in found if one.id == study), None)
        if chosen is None:
            raise RefusedInput(Reason.STUDY_NOT_FOUND, f"the input holds {hashes}")
        return chosen
    if len(found) > 1:
        raise RefusedInput(Reason.SEVERAL_STUDIES, f"the input holds {len(found)} studies: {hashes}")
    return found[0]


def run(job: Job) -> Done:
    """Grade a study, and write what the job asks for.

    Raises:
        RefusedInput: `mask_unreadable`, `labels_numbering`: of what goes with the study. A study that cannot be graded is no exception
            but a result with status `refused`.
        TransientFailure: try again later.
    """
    graded = grade(job)
    return Done(graded) if job.output is None else write(graded, job, job.output)


def grade(job: Job) -> Graded:
    """Grade a study in memory; errors as `run`."""
    settings = with_metal_sides(job.settings, job.metal) if job.metal else job.settings
    mask = read_mask(job.exclude) if job.exclude is not None else None
    graded = grade_study(job.examined, settings, job.segmenter or _segmenter(job, settings), job.series, mask, told=job.told)
    return _stamped(graded, job)


def write(graded: Graded, job: Job, output: Output) -> Done:
    """Write what `grade` gave.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    place = output.place or Place(graded.result.study)
    if graded.result.refusal is not None and (better := _good_result_of_another_input(graded, output.out, place)):
        return Done(graded, left_alone=better)
    job.told(Step.DRAW)
    look = look_of(job.settings.report, job.examined, deidentify=output.deidentify)
    graded = _shown(graded, job.settings, output.deidentify)
    objects: list[Path] = []
    refusals: list[RefusedInput] = []

    def dicom(folder: Path) -> None:
        """Into the folder that is being written; what gives no DICOM objects keeps its other results."""
        job.told(Step.DICOM)
        from gluteal_grade.report.dicom import DicomOptions, write_dicom

        overlay = folder / place.rename(SUMMARY_PICTURE)
        wanted = job.settings.report.dicom_more
        options = DicomOptions(
            labelmap="labelmap" in wanted,
            pdf=_printed(graded, overlay, look.lines) if "pdf" in wanted and graded.images is not None else None,
            fat_map="fat_map" in wanted,
            refused=output.dicom_of_refused,
            identified=bool(look.lines),
            deidentify=output.deidentify,
            replaces=output.out / place.folder,
        )
        try:
            objects.extend(write_dicom(graded, job.examined, folder, overlay=overlay if overlay.exists() else None, options=options))
        except RefusedInput as error:
            refusals.append(error)

    written = Graded(deidentified_result(graded.result), graded.images) if output.deidentify else graded

    def more(folder: Path) -> None:
        if job.settings.report.fhir:
            path = folder / place.rename(StudyFile.FHIR)
            path.parent.mkdir(exist_ok=True)
            path.write_text(fhir_text(written.result, job.examined if look.lines else None), encoding="utf-8", newline="\n")
        if output.dicom:
            dicom(folder)

    folder = write_study(written, output.out, place, more, look)
    return Done(written, folder, tuple(path.name for path in objects), next(iter(refusals), None))


def _printed(graded: Graded, overlay: Path, identity: tuple[str, ...]) -> bytes:
    from gluteal_grade.report.html import printed_report

    return printed_report(graded.result, overlay.read_bytes() if overlay.exists() else b"", identity)


def _good_result_of_another_input(graded: Graded, out: Path, place: Place) -> str:
    """What the grades that lie there were made of, where it was not this input; a refusal does not replace them."""
    try:
        result = json.loads(place.find(out, RESULT).read_bytes())
        made_by = result["provenance"]
        good = result["refusal"] is None and made_by["input_hash"] != graded.result.provenance.input_hash
        return f"{made_by['input_hash']}/{made_by['config_hash']}" if good else ""
    except (OSError, ValueError, KeyError, TypeError):  # nothing there, or nothing that can be read
        return ""


def identity_suffix(settings: Settings, deidentify: bool) -> str:
    """What is added to the hash of the settings: results that tell whose they are do not stand for results that do not."""
    return "-deidentified" if deidentify else "-identified" if settings.report.identified else ""


def _segmenter(job: Job, settings: Settings) -> Segmenter:
    try:
        return segmenter_of(settings, job.labels, job.bundle, job.labelmap)
    except ValueError as error:
        raise RefusedInput(Reason.LABELS_NUMBERING, str(error)) from None


def _stamped(graded: Graded, job: Job) -> Graded:
    """With the hashes of what it was made of. That of the settings is the run's: what is said of one study belongs to its input."""
    made_by = {
        "config_hash": job.settings_hash or job.settings.hash(),
        "input_hash": job.input_hash,
        "model_hash": LABELS if job.labels is not None else job.networks_hash or _networks_hash(job),
    }
    return _with(graded, made_by)


def _networks_hash(job: Job) -> str | None:
    try:
        return None if job.segmenter is not None else model_hash(job.settings, job.bundle)
    except RefusedInput:  # the study is refused for it
        return None


def _shown(graded: Graded, settings: Settings, deidentify: bool) -> Graded:
    return _with(graded, {"config_hash": graded.result.provenance.config_hash + identity_suffix(settings, deidentify)})


def _with(graded: Graded, made_by: dict[str, str | None]) -> Graded:
    provenance = graded.result.provenance.model_copy(update=made_by)
    return Graded(graded.result.model_copy(update={"provenance": provenance}), graded.images)


def _contents(path: Path | None) -> list[str]:
    """The sha256 of a file, or of every file in a folder."""
    if path is None:
        return []
    files = [path] if path.is_file() else sorted(found for found in path.rglob("*") if found.is_file())
    return [single(file).sha256() for file in files]
