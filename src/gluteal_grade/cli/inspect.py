"""`gluteal-grade inspect`: what is in a folder, and what each series is taken for."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gluteal_grade.cli.exit_codes import FAILED, GRADED, REFUSED
from gluteal_grade.cli.kinds import HELP, parse_kinds
from gluteal_grade.errors import RefusedInput, TransientFailure

if TYPE_CHECKING:
    from gluteal_grade.io import Discovery
    from gluteal_grade.study import Series


def inspect(
    input_path: Annotated[Path, typer.Argument(metavar="INPUT", help="Folder, zip, DICOM or NIfTI file.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    kind: Annotated[list[str] | None, typer.Option("--kind", help=HELP)] = None,
) -> int:
    """List studies and series: contrast, plane, geometry, metal-artifact reduction, and why a series is refused."""
    kinds = parse_kinds(kind or [])
    from gluteal_grade.io import discover

    try:
        discovery = discover(input_path, kinds)
    except RefusedInput as error:
        _print_refusal(error, input_path, json_output)
        return REFUSED
    except TransientFailure as error:
        typer.echo(f"failure: {error}. {error.advice}", err=True)
        return FAILED
    if json_output:
        typer.echo(json.dumps(as_json(discovery, input_path), indent=2))
    else:
        _print_tables(discovery)
    usable = any(series.refusal is None for study in discovery.studies for series in study.series)
    return GRADED if usable else REFUSED


def as_json(discovery: Discovery, input_path: Path) -> dict[str, Any]:
    """The discovery as plain JSON values; NaN never occurs."""
    return {
        "input": input_path.name,
        "studies": [{"study": study.id, "series": [_series_json(s) for s in study.series]} for study in discovery.studies],
        "problems": [
            {"where": problem.where, "reason": problem.error.reason.value, "detail": problem.error.detail} for problem in discovery.problems
        ],
        "ignored": discovery.ignored,
    }


def _series_json(series: Series) -> dict[str, Any]:
    grid = series.grid
    return {
        "id": series.id,
        "uid": series.uid,
        "number": series.number,
        "description": series.description,
        "kind": series.kind.value,
        "kind_reason": series.kind_reason,
        "plane": series.plane.value,
        "mars": series.mars,
        "mars_reason": series.mars_reason,
        "shape": list(grid.shape) if grid else None,
        "spacing_mm": [round(mm, 4) for mm in grid.spacing_mm] if grid else None,
        "affine": grid.affine.tolist() if grid else None,
        "slice_axis": series.slice_axis if grid else None,
        "status": "refused" if series.refusal else "ok",
        "reason": series.refusal.reason.value if series.refusal else None,
        "detail": series.refusal.detail if series.refusal else None,
        "image_count": series.image_count,
        "frame_of_reference": series.frame_of_reference,
        "sources": list(series.sources),
        "acquisition": asdict(series.acquisition),
    }


def _print_refusal(error: RefusedInput, input_path: Path, json_output: bool) -> None:
    if json_output:
        problem = {"where": input_path.name, "reason": error.reason.value, "detail": error.detail}
        typer.echo(json.dumps({"input": input_path.name, "studies": [], "problems": [problem], "ignored": 0}, indent=2))
    else:
        typer.echo(f"refused: {error}. {error.advice}", err=True)


def _print_tables(discovery: Discovery) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    for study in discovery.studies:
        table = Table(title=f"study {study.id}", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in ("id", "kind", "plane", "size", "spacing mm", "MARS", "images", "status", "why"):
            table.add_column(heading, no_wrap=heading != "why", justify="right" if heading == "images" else "left")
        for series in study.series:
            table.add_row(*(escape(cell) for cell in _row(series)), style=None if series.refusal is None else "dim")
        console.print(table)
    for problem in discovery.problems:
        console.print(f"[yellow]{escape(problem.where)}[/yellow]: {escape(str(problem.error))}. {problem.error.advice}", soft_wrap=True)
    if discovery.ignored:
        console.print(f"{discovery.ignored} other files left alone")


def _row(series: Series) -> tuple[str, ...]:
    grid = series.grid
    why = series.kind_reason if series.refusal is None else f"{series.refusal.detail or series.refusal.advice}"
    return (
        series.id,
        series.kind.value,
        series.plane.value,
        "x".join(map(str, grid.shape)) if grid else "",
        " ".join(f"{mm:.2f}" for mm in grid.spacing_mm) if grid else "",
        "yes" if series.mars else "",
        str(series.image_count),
        "ok" if series.refusal is None else series.refusal.reason.value,
        f"{why}; MARS: {series.mars_reason}" if series.mars else why,
    )
