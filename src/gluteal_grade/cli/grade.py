"""`gluteal-grade grade`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, PARTLY_GRADED, REFUSED, tell
from gluteal_grade.cli.kinds import HELP, parse_kinds
from gluteal_grade.cli.settings import IDENTIFIED, settings_of, shown_settings
from gluteal_grade.errors import GradeError

if TYPE_CHECKING:
    from gluteal_grade.cli.dicom import Objects
    from gluteal_grade.config import Settings
    from gluteal_grade.geometry import Volume
    from gluteal_grade.io import Discovery
    from gluteal_grade.io.study import Study
    from gluteal_grade.pipeline import Graded
    from gluteal_grade.report.look import Look
    from gluteal_grade.segmentation.protocol import Segmenter


def grade(
    study_input: Annotated[Path, typer.Argument(metavar="INPUT", readable=False, help="One study: folder, zip, DICOM or NIfTI file.")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Results go to OUT/<study>/.")],
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Label map of the glutei, NIfTI or DICOM SEG on the grid of one series; without it the shipped networks label.",
        ),
    ] = None,
    labelmap: Annotated[
        str | None, typer.Option(metavar="NAME", help="Numbering of --labels or --bundle: a shipped name or a YAML file.")
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            readable=False,
            help="Segment with this MONAI bundle instead of the shipped networks. A bundle runs code of its own: use only what you trust.",
        ),
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(metavar="KIND", help=HELP)] = None,
    series: Annotated[str | None, typer.Option(metavar="ID", help="Measure fat on this series (id from inspect).")] = None,
    study: Annotated[str | None, typer.Option(metavar="HASH", help="Take this one of several studies (hash from inspect).")] = None,
    sex: Annotated[str | None, typer.Option(metavar="M|F", help="The patient's sex, for norms; without it PatientSex of the file.")] = None,
    metal: Annotated[
        str | None,
        typer.Option(metavar="SIDE", help="Which hips hold metal: right, left, both, none, or auto (header and picture decide)."),
    ] = None,
    exclude: Annotated[
        Path | None,
        typer.Option(metavar="MASK", readable=False, help="NIfTI mask in the space of the images: its voxels are not measured."),
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="YAML with settings that differ from configs/default.yaml.")] = None,
    dicom: Annotated[
        bool, typer.Option("--dicom", help="Write DICOM SEG, structured report and picture too, as new series of the study.")
    ] = False,
    deidentify: Annotated[
        bool, typer.Option("--deidentify", help="Results without patient, dates and UIDs (PS3.15 basic profile; pixels not touched).")
    ] = False,
    identified: Annotated[bool | None, typer.Option("--identified/--deidentified", help=IDENTIFIED)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> int:
    """Grade one study: fat fraction, volume and grades per muscle and side, with overlays to check them.

    Exit codes: 0 all graded, 3 partly graded (a side or muscle missing or cut counts), 2 refused, 1 failure, 64 wrong usage.
    """
    from gluteal_grade.cli.dicom import Objects
    from gluteal_grade.io import discover
    from gluteal_grade.report.look import look_of

    if sex not in (None, "M", "F"):
        raise typer.BadParameter("M or F", param_hint="--sex")
    settings = shown_settings(_with_metal(settings_of(config), metal), identified, deidentify=deidentify)
    segmenter = _segmenter(settings, labels, bundle, labelmap)
    try:
        found = discover(study_input, parse_kinds(kind or []), leave_out=tuple(p for p in (labels, exclude) if p is not None))
        mask = _mask(exclude)
        chosen = _one_study(found, study)
        examined = replace(chosen, patient_sex=sex) if sex else chosen
        look = look_of(settings.report, examined, deidentify=deidentify)
        objects = Objects(examined, wanted=dicom, identified=bool(look.lines), deidentify=deidentify)
        graded = _grade(examined, settings, segmenter, series, mask, out, objects, look, deidentify=deidentify)
    except GradeError as error:
        return tell(error)
    _report(graded, out, quiet)
    objects.tell(quiet=quiet)
    return {"graded": GRADED, "partly_graded": PARTLY_GRADED}.get(graded.result.status, REFUSED)


def _with_metal(settings: Settings, sides: str | None) -> Settings:
    from gluteal_grade.config import with_metal_sides

    try:
        return with_metal_sides(settings, sides) if sides else settings
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--metal") from None


def _mask(path: Path | None) -> Volume | None:
    if path is None:
        return None
    from gluteal_grade.metal.mask import read_mask

    return read_mask(path)


def _segmenter(settings: Settings, labels: Path | None, bundle: Path | None, labelmap: str | None) -> Segmenter:
    from gluteal_grade.segmentation.source import segmenter_of

    if labels is not None and bundle is not None:
        raise typer.BadParameter("--labels and --bundle exclude each other", param_hint="--bundle")
    if labels is None and bundle is None and labelmap is not None:
        raise typer.BadParameter("--labelmap names the numbering of --labels or --bundle, which is missing", param_hint="--labelmap")
    try:
        return segmenter_of(settings, labels, bundle, labelmap)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--labelmap") from None


def _one_study(found: Discovery, wanted: str | None) -> Study:
    from gluteal_grade.errors import Reason, RefusedInput

    hashes = ", ".join(s.id for s in found.studies)
    if wanted is not None:
        for candidate in found.studies:
            if candidate.id == wanted:
                return candidate
        raise RefusedInput(Reason.STUDY_NOT_FOUND, f"the input holds {hashes}")
    if len(found.studies) > 1:
        raise RefusedInput(Reason.SEVERAL_STUDIES, f"the input holds {len(found.studies)} studies: {hashes}")
    return found.studies[0]


def _grade(
    study: Study,
    settings: Settings,
    segmenter: Segmenter,
    series: str | None,
    mask: Volume | None,
    out: Path,
    objects: Objects,
    look: Look,
    *,
    deidentify: bool,
) -> Graded:
    from gluteal_grade.pipeline import Graded, grade_study
    from gluteal_grade.report.dicom.deidentify import deidentified_result
    from gluteal_grade.report.writer import write_study

    graded = grade_study(study, settings, segmenter, series, mask)
    objects.of(graded, out)
    if deidentify:
        graded = Graded(deidentified_result(graded.result), graded.images)
    write_study(graded, out, more=objects.write, look=look)
    return graded


def _report(graded: Graded, out: Path, quiet: bool) -> None:
    from rich.console import Console

    from gluteal_grade.report.tables import print_result

    refused = graded.result.refusal is not None
    if quiet and not refused:
        return
    console = Console(stderr=refused, highlight=False)
    print_result(graded.result, console)
    folder = out / graded.result.study
    overlay = folder / "overlay_summary.png"
    look_at = overlay if overlay.exists() else folder / "report.html"
    console.print(f"Wrote {folder}; look at {look_at}", soft_wrap=True, markup=False)
