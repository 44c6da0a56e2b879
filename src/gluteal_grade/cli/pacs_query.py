"""`gluteal-grade pacs query`, `echo` and `send`: ask a PACS, see what works, send files by hand."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.exit_codes import FAILED, GRADED, REFUSED, USAGE, tell
from gluteal_grade.cli.options import PacsConfig, pacs_settings
from gluteal_grade.errors import GradeError
from gluteal_grade.terminal import printable

if TYPE_CHECKING:
    from gluteal_grade.pacs import Found


def query(
    config: PacsConfig,
    since: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="First day; default: --days before --until.")] = None,
    until: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Last day; default: today.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How many days before --until; default: query.days of the settings.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    show_descriptions: Annotated[
        bool, typer.Option("--show-descriptions", help="StudyDescription too; it was typed by people and may hold names.")
    ] = False,
) -> int:
    """List the studies that a night would take: hash, date, modalities, images.

    Exit codes: 0 some found, 2 none, 1 failure, 64 wrong usage.
    """
    try:
        last = datetime.date.fromisoformat(until) if until else datetime.date.today()
        first = datetime.date.fromisoformat(since) if since else None
    except ValueError:
        return _usage("--since and --until are days: YYYY-MM-DD")
    if first is not None and (days is not None or first > last):
        return _usage("--since does not go with --days, and is not after --until")
    try:
        from gluteal_grade.pacs import find_studies

        settings = pacs_settings(config)
        first = first or last - datetime.timedelta(days=days or settings.query.days)
        left: list[int] = []
        found = find_studies(settings, first, last, left=left.append, by=None)
    except ValueError as error:
        return _usage(str(error))
    except GradeError as error:
        return tell(error)
    for one in found:
        typer.echo(_line(one, as_json, show_descriptions))
    if left:
        typer.echo(f"{left[0]} more fit and are left out (query.max_studies)", err=True)
    if not found:
        typer.echo(f"no study from {first} to {last} fits", err=True)
    return GRADED if found else REFUSED


def echo(config: PacsConfig) -> int:
    """Try the services of the peers that the settings name.

    Exit codes: 0 all work, 1 one does not, 64 wrong usage.
    """
    from gluteal_grade.pacs import echo_all

    try:
        tried = echo_all(settings := pacs_settings(config))
    except ValueError as error:
        return _usage(str(error))
    if settings.pacs is None and settings.web is None:
        return _usage("the settings name neither `pacs` nor `web`")
    for one in tried:
        typer.echo(f"{one.service}: {'works' if one.failure is None else one.failure}")
        if one.failure is not None:
            typer.echo(f"  {one.failure.advice}", err=True)
    return GRADED if all(one.failure is None for one in tried) else FAILED


def send(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", readable=False, help="DICOM files.")],
    config: PacsConfig,
) -> int:
    """Send DICOM files, and ask whether they are there; those that are there already are not sent again.

    Exit codes: 0 all there, 2 a file is no DICOM, 1 failure, 64 wrong usage.
    """
    from gluteal_grade.pacs import send_objects, with_retries

    try:
        settings = pacs_settings(config)
        told = with_retries(
            settings.retry,
            lambda: send_objects(settings, files),
            told=lambda _, wait, failure: typer.echo(f"{failure}; again in {wait:.0f} s", err=True),
        )
    except ValueError as error:
        return _usage(str(error))
    except GradeError as error:
        return tell(error)
    warned = f", {told.warnings} with a warning" if told.warnings else ""
    unasked = "" if told.verified else "; the peer cannot be asked whether they are there"
    typer.echo(f"{told.sent} sent{warned}, {told.already} there already{unasked}")
    return GRADED


def _line(one: Found, as_json: bool, show_descriptions: bool) -> str:
    date = one.date.isoformat() if one.date else ""
    if as_json:
        told: dict[str, object] = {"study": one.hash, "date": date, "modalities": list(one.modalities), "images": one.images}
        if show_descriptions:
            told["description"] = one.description
        return json.dumps(told, ensure_ascii=False)
    images = "?" if one.images is None else str(one.images)
    parts = [one.hash, date, "+".join(one.modalities) or "?", f"{images} images"]
    if show_descriptions:
        parts.append(printable(one.description))
    return "  ".join(parts)


def _usage(words: str) -> int:
    typer.echo(f"usage: {words}", err=True)
    return USAGE
