"""`gluteal-grade grade`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.exit_codes import GRADED, PARTLY_GRADED, REFUSED, tell
from gluteal_grade.cli.options import (
    Bundle,
    Config,
    Deidentify,
    Device,
    Dicom,
    DicomMore,
    Identified,
    Kind,
    Labelmap,
    Quiet,
    Verbose,
    check_numbering,
    check_verbose,
    parse_kinds,
    settings_of,
    shown_settings,
)
from gluteal_grade.cli.steps import Steps
from gluteal_grade.errors import GradeError
from gluteal_grade.terminal import printable

if TYPE_CHECKING:
    from gluteal_grade.workflow import Done


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
    labelmap: Labelmap = None,
    bundle: Bundle = None,
    kind: Kind = None,
    series: Annotated[str | None, typer.Option(metavar="ID", help="Measure fat on this series (id from inspect).")] = None,
    study: Annotated[str | None, typer.Option(metavar="HASH", help="Take this one of several studies (hash from inspect).")] = None,
    sex: Annotated[str | None, typer.Option(metavar="M|F", help="The patient's sex, for norms; without it PatientSex of the file.")] = None,
    age: Annotated[float | None, typer.Option(min=0, max=130, help="Age in years, for norms that depend on it.")] = None,
    height: Annotated[float | None, typer.Option(min=0.3, max=2.6, help="Height in m, for norms by body size.")] = None,
    weight: Annotated[float | None, typer.Option(min=1, max=400, help="Weight in kg, for the same.")] = None,
    lean_mass: Annotated[float | None, typer.Option(min=1, max=400, help="Lean mass of the body in kg, for the same.")] = None,
    metal: Annotated[
        str | None,
        typer.Option(metavar="SIDE", help="Which hips hold metal: right, left, both, none, or auto (header and picture decide)."),
    ] = None,
    exclude: Annotated[
        Path | None,
        typer.Option(metavar="MASK", readable=False, help="NIfTI mask in the space of the images: its voxels are not measured."),
    ] = None,
    config: Config = None,
    device: Device = None,
    dicom: Dicom = False,
    dicom_more: DicomMore = None,
    deidentify: Deidentify = False,
    identified: Identified = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Grade one study: fat fraction, volume and grades per muscle and side, with overlays to check them.

    Exit codes: 0 all graded, 3 partly graded (a side or muscle missing or cut counts), 2 refused, 1 failure, 64 wrong usage.
    """
    if sex not in (None, "M", "F"):
        raise typer.BadParameter("M or F", param_hint="--sex")
    check_verbose(verbose, quiet=quiet)
    settings = shown_settings(settings_of(config, device), identified, dicom_more, deidentify=deidentify)
    _check_metal(metal)
    if labels is not None and bundle is not None:
        raise typer.BadParameter("--labels and --bundle exclude each other", param_hint="--bundle")
    check_numbering(labelmap, used=labels is not None or bundle is not None)
    kinds = parse_kinds(kind or [])

    try:
        with Steps(verbose=verbose, quiet=quiet, labels=labels is not None) as steps:
            from gluteal_grade.io import Person
            from gluteal_grade.workflow import Job, Output, read_study, run

            beside = tuple(path for path in (labels, exclude) if path is not None)
            job = Job(
                read_study(study_input, kinds, beside, study),
                settings,
                labels=labels,
                bundle=bundle,
                labelmap=labelmap,
                kind=tuple(kind or ()),
                series=series,
                exclude=exclude,
                sex=sex,
                metal=metal,
                person=Person(age_years=age, height_m=height, weight_kg=weight, lean_kg=lean_mass),
                output=Output(out, dicom=dicom or dicom_more is not None, deidentify=deidentify),
                told=steps,
            )
            done = run(job)
    except GradeError as error:
        return tell(error)
    _report(done, quiet)
    return {"graded": GRADED, "partly_graded": PARTLY_GRADED}.get(done.graded.result.status, REFUSED)


def _check_metal(sides: str | None) -> None:
    from gluteal_grade.config import METAL_SIDES

    if sides is not None and sides not in METAL_SIDES:
        raise typer.BadParameter("right, left, both, none or auto", param_hint="--metal")


def _told(names: tuple[str, ...]) -> str:
    """The files; of a series with one image a slice only the first and the last."""
    single = [name for name in names if not name.startswith("fat_")]
    series = [name for name in names if name.startswith("fat_")]
    return ", ".join([*single, *([f"{series[0]} to {series[-1]}"] if series else [])])


def _report(done: Done, quiet: bool) -> None:
    from rich.console import Console

    from gluteal_grade.report import DICOM, print_result

    result, folder = done.graded.result, done.folder
    if folder is None:
        console = Console(stderr=True, highlight=False)
        print_result(result, console)
        text = f"Nothing written: {result.study} in the output holds grades of another input, and a refusal does not replace them."
        console.print(text, soft_wrap=True, markup=False)
        return
    if not quiet or result.refusal is not None:
        console = Console(stderr=result.refusal is not None, highlight=False)
        print_result(result, console)
        overlay = folder / "overlay_summary.png"
        look = overlay if overlay.exists() else folder / "report.html"
        console.print(printable(f"Wrote {folder}; look at {look}"), soft_wrap=True, markup=False)
    if (refusal := done.dicom_refusal) is not None:
        text = f"No DICOM objects ({refusal.reason.value}): {refusal.detail}. The other results stand."
        Console(stderr=True, highlight=False).print(printable(text), soft_wrap=True, markup=False)
    elif done.dicom and not quiet:
        Console(highlight=False).print(printable(f"Wrote {_told(done.dicom)} in {folder / DICOM}"), soft_wrap=True, markup=False)
