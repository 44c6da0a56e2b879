"""Options that several commands have, and what is told of them before work begins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gluteal_grade.config import Settings
    from gluteal_grade.pacs import PacsSettings
    from gluteal_grade.report import Layout
    from gluteal_grade.vocabulary import SeriesKind

Bundle = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        readable=False,
        help="Segment with this MONAI bundle instead of the shipped networks. A bundle runs code of its own: use only what you trust.",
    ),
]
Labelmap = Annotated[str | None, typer.Option(metavar="NAME", help="Numbering of --labels or --bundle: a shipped name or a YAML file.")]
BundleNumbering = Annotated[str | None, typer.Option(metavar="NAME", help="Numbering of --bundle: a shipped name or a YAML file.")]
LabelsByName = Annotated[
    str | None, typer.Option(metavar="NAME", help="Name or pattern of each study's label map, in its folder or above it.")
]
Kind = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KIND",
        help="Contrast of all series (t1, water, fat, in, opp, ff, ct...) or of one, as NAME=KIND with a file name or series id; "
        "repeatable.",
    ),
]
Config = Annotated[Path | None, typer.Option(metavar="FILE", help="YAML with settings that differ from configs/default.yaml.")]
Device = Annotated[
    str | None,
    typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", help="Where the networks run; without it as the settings say, which ship with cpu."),
]
GradingConfig = Annotated[Path | None, typer.Option(metavar="FILE", help="YAML for the grading, as --config of `grade`.")]
PacsConfig = Annotated[
    Path,
    typer.Option("--config", "-c", metavar="FILE", readable=False, help="pacs.yaml: whom to talk to; see configs/pacs.example.yaml."),
]
Dicom = Annotated[bool, typer.Option("--dicom", help="Write DICOM SEG, structured report and picture too, as new series of the study.")]
DicomMore = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES",
        help="As --dicom, and more, joined by commas: pdf (the report on two pages), fat_map (a series), labelmap (SEG as a label map).",
    ),
]
Deidentify = Annotated[
    bool, typer.Option("--deidentify", help="Results without patient, dates and UIDs (PS3.15 basic profile; pixels not touched).")
]
Identified = Annotated[
    bool | None,
    typer.Option("--identified/--deidentified", help="Name, ID and dates of the patient on pictures and report; without it none."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Tell on stderr what is being done.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print one JSON object a line instead of a progress bar.")]
Jobs = Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Worker processes; without it one a core, as memory allows.")]
MemoryGb = Annotated[float | None, typer.Option(min=0.5, help="Bound of each worker; without it its share of the machine.")]
Timeout = Annotated[float | None, typer.Option(metavar="SECONDS", min=1, help="A study that takes longer has failed.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Try again what failed in an earlier run.")]
Attempts = Annotated[int, typer.Option(min=1, help="Tries of one study in this run where a failure may pass.")]
Force = Annotated[bool, typer.Option("--force", help="Grade again what is graded already.")]
KeepOtherVersions = Annotated[
    bool, typer.Option("--keep-other-versions", help="Results of another version of the program stand; without it they are graded again.")
]
KeepWithdrawn = Annotated[
    bool, typer.Option("--keep-withdrawn", help="Studies whose input is gone stay in the tables; without it they are taken out.")
]
LayoutName = Annotated[str, typer.Option("--layout", metavar="flat|bids", help="OUT/<study>/, or BIDS derivatives OUT/sub-<label>/.")]
Pictures = Annotated[bool, typer.Option("--pictures/--no-pictures", help="Contact sheets, figures and trend plots at the end.")]


def check_verbose(verbose: bool, **others: bool) -> None:
    """``--verbose``; raises `typer.BadParameter` beside an option that wants silence or lines for programs."""
    if verbose and (given := next((name for name, value in others.items() if value), None)):
        raise typer.BadParameter(f"excludes --{given}", param_hint="--verbose")


def layout_of(name: str) -> Layout:
    """``--layout``; raises `typer.BadParameter`."""
    from gluteal_grade.report import Layout

    try:
        return Layout(name)
    except ValueError:
        raise typer.BadParameter("flat or bids", param_hint="--layout") from None


def check_numbering(labelmap: str | None, *, used: bool) -> None:
    """``--labelmap``; raises `typer.BadParameter` for a numbering that there is not, or that numbers nothing."""
    if labelmap is None:
        return
    from gluteal_grade.segmentation import load_numbering

    if not used:
        raise typer.BadParameter("names the numbering of --labels or --bundle, which is missing", param_hint="--labelmap")
    try:
        load_numbering(labelmap)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--labelmap") from None


def check_kinds(kind: list[str] | None) -> tuple[str, ...]:
    """``--kind`` as it was given; raises `typer.BadParameter` for what `parse_kinds` does not know."""
    from gluteal_grade.cli.options import parse_kinds

    parse_kinds(kind or [])
    return tuple(kind or ())


def parse_kinds(values: list[str]) -> Mapping[str, SeriesKind] | SeriesKind | None:
    """What ``--kind`` says.

    Raises:
        typer.BadParameter: an unknown kind, a name given twice, or both forms mixed.
    """
    from gluteal_grade.io import parse_kinds as parse  # here, not above: it brings numpy and more, which --help can do without

    try:
        return parse(values)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--kind") from None


def shown_settings(settings: Settings, identified: bool | None, dicom_more: str | None = None, *, deidentify: bool) -> Settings:
    """The settings with `--identified` or `--deidentified`, and with `--dicom-more`.

    Raises:
        typer.BadParameter: `--identified` with `--deidentify`; an object that there is not.
    """
    from gluteal_grade.config import with_dicom_more, with_identity

    if identified and deidentify:
        raise typer.BadParameter("--identified and --deidentify exclude each other", param_hint="--identified")
    try:
        settings = with_dicom_more(settings, tuple(name.strip() for name in (dicom_more or "").split(",") if name.strip()))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--dicom-more") from None
    return with_identity(settings, identified)


def settings_of(config: Path | None, device: str | None = None) -> Settings:
    """The settings, with `--device`, and with the files of scales, norms and statements read once.

    Raises:
        typer.BadParameter: a file cannot be read or holds something unknown.
    """
    from gluteal_grade.config import load_settings, with_device
    from gluteal_grade.grading import load_norms, load_rules, load_scales

    try:
        settings = load_settings(config)
        load_scales(settings.grading.file, settings.grading.profiles)
        load_norms(settings.grading.norms)
        load_rules(settings.grading.interpretation)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error), param_hint="--config") from None
    try:
        return with_device(settings, device)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--device") from None


def pacs_settings(config: Path) -> PacsSettings:
    """``--config`` of the PACS commands.

    Raises:
        typer.BadParameter: the file cannot be read or holds something unknown.
    """
    from gluteal_grade.pacs import load_pacs_settings

    try:
        return load_pacs_settings(config)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--config") from None
