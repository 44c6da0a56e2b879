"""`gluteal-grade inspect`: what is in a folder, and what each series is taken for."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gluteal_grade.cli.exit_codes import GRADED, PARTLY_GRADED, REFUSED, tell
from gluteal_grade.cli.options import Config, Kind, parse_kinds, settings_of
from gluteal_grade.errors import RefusedInput, TransientFailure
from gluteal_grade.terminal import printable

if TYPE_CHECKING:
    from gluteal_grade.io import Discovery, Series
    from gluteal_grade.measurement import Finding


def inspect(
    input_path: Annotated[Path, typer.Argument(metavar="INPUT", readable=False, help="Folder, zip, DICOM or NIfTI file.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Read the images and print what speaks for and against each study; exit code 0 if nothing does.")
    ] = False,
    kind: Kind = None,
    config: Config = None,
) -> int:
    """List studies and series: contrast, plane, geometry, metal-artifact reduction, and why a series is refused.

    Exit codes: 0 something can be measured, with --check: and nothing speaks against it; 3 something does; 2 nothing can be measured.
    """
    kinds = parse_kinds(kind or [])
    from gluteal_grade.io import discover

    try:
        discovery = discover(input_path, kinds)
    except (RefusedInput, TransientFailure) as error:
        if json_output:
            problem = {"where": input_path.name, "reason": error.reason.value, "detail": error.detail}
            typer.echo(json.dumps({"input": input_path.name, "studies": [], "problems": [problem], "ignored": 0}, indent=2))
        return tell(error)
    found = _checked(discovery, config) if check else {}
    if json_output:
        told = as_json(discovery, input_path)
        for study in told["studies"] if check else ():
            study["evidence"] = [asdict(finding) for finding in found[study["study"]]]
        typer.echo(json.dumps(told, indent=2))
    else:
        _print_tables(discovery)
        _print_evidence(found)
    usable = any(series.refusal is None for study in discovery.studies for series in study.series)
    if not usable or (found and all(any(_hopeless(one) for one in findings) for findings in found.values())):
        return REFUSED
    doubtful = any(one.against for findings in found.values() for one in findings) or (check and bool(discovery.problems))
    return PARTLY_GRADED if doubtful else GRADED


def _hopeless(finding: Finding) -> bool:
    """The study as a whole cannot be measured."""
    return finding.topic == "measuring" and not finding.series


def _checked(discovery: Discovery, config: Path | None) -> dict[str, tuple[Finding, ...]]:
    from gluteal_grade.measurement import check_study

    settings = settings_of(config)
    return {study.id: check_study(study, settings) for study in discovery.studies}


def _print_evidence(found: dict[str, tuple[Finding, ...]]) -> None:
    """Against first, then for, then what is only told."""
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    marks = {True: ("against", "red"), False: ("for", "green"), None: ("told", "dim")}
    for study, findings in found.items():
        console.print(f"study {study}: what speaks for and against")
        for against in marks:
            word, style = marks[against]
            for one in (f for f in findings if f.against is against):
                code = f" ({one.reason})" if one.reason else ""
                where = f" {one.series}" if one.series else ""
                console.print(Text.assemble((f"  {word:8}", style), printable(f"{one.topic}{where}: {one.words}{code}")))


def as_json(discovery: Discovery, input_path: Path) -> dict[str, Any]:
    """The discovery as plain JSON values; NaN never occurs."""
    from gluteal_grade.io import facts_of

    return {
        "input": input_path.name,
        "studies": [{"study": study.id, "series": [facts_of(s) for s in study.series]} for study in discovery.studies],
        "problems": [
            {"where": problem.where, "reason": problem.error.reason.value, "detail": problem.error.detail} for problem in discovery.problems
        ],
        "ignored": discovery.ignored,
        "sources": discovery.sources,
    }


_WIDE = 130  # columns from which the reasons fit beside the rest


def _print_tables(discovery: Discovery) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from gluteal_grade.io import SOURCE_FOLDERS

    console = Console(soft_wrap=False)
    if not console.is_terminal:
        console.width = max(console.width, 160)  # a pipe or a log has no edge
    headings = ["id", "name", "kind", "plane", "size", "spacing mm", "images", "status", "why"]
    wide = console.width >= _WIDE
    for study in discovery.studies:
        table = Table(title=f"study {study.id}", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in headings if wide else headings[:-1]:
            table.add_column(heading, overflow="fold", justify="right" if heading == "images" else "left")
        rows = [[escape(printable(cell)) for cell in _row(series)] for series in study.series]
        for row in rows:
            table.add_row(*(row if wide else row[:-1]))
        console.print(table)
        if not wide:
            for row in rows:
                console.print(f"[bold]{row[0]}[/bold] {row[-1]}", highlight=False)
    for problem in discovery.problems:
        where, why = (escape(printable(words)) for words in (problem.where, str(problem.error)))
        console.print(f"[yellow]{where}[/yellow]: {why}. {problem.error.advice}", highlight=False)
    if discovery.sources:
        console.print(f"{discovery.sources} files in {', '.join(SOURCE_FOLDERS)} of a BIDS dataset left alone", highlight=False)
    if discovery.ignored:
        console.print(f"{discovery.ignored} other files ignored", highlight=False)


def _row(series: Series) -> list[str]:
    grid = series.grid
    why = series.kind_reason if series.refusal is None else series.refusal.detail or series.refusal.advice
    mars = f"; metal-artifact reduction: {series.mars_reason}" if series.mars else ""
    return [
        series.id,
        series.description,
        series.kind.value + (" (MARS)" if series.mars else ""),
        series.plane.value,
        "x".join(map(str, grid.shape)) if grid else "",
        " ".join(f"{mm:.3g}" for mm in grid.spacing_mm) if grid else "",
        str(series.image_count),
        "ok" if series.refusal is None else series.refusal.reason.value,
        why + mars,
    ]
