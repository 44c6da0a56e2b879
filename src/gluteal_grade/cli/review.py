"""`gluteal-grade review`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.exit_codes import FAILED, GRADED, Stopped, stoppable, tell
from gluteal_grade.cli.options import settings_of
from gluteal_grade.errors import GradeError

if TYPE_CHECKING:
    from gluteal_grade.review.web import Told

_NEEDED = ("fastapi", "uvicorn")
_SHORTEST_TOKEN = 16


def review(
    out: Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="Output folder of `batch` or `grade`.")],
    reader: Annotated[
        list[str] | None,
        typer.Option("--reader", metavar="ID", help="Who reads: an id, not a name. Several: each gets a link of their own."),
    ] = None,
    read: Annotated[int, typer.Option("--read", min=1, max=99, help="2 and more: the same studies read again, from an empty form.")] = 1,
    blinded: Annotated[bool, typer.Option("--blinded", help="Hide what the program found; shuffle the studies for each reader.")] = False,
    studies: Annotated[Path | None, typer.Option("--studies", metavar="FILE", help="Only these studies: one hash a line.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where the images are, if they moved: to measure corrected labels.")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="YAML for measuring again, as of `batch`.")] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on; any but loopback asks for a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="0: a free one. [default: 8765, or a free one if that is taken]", show_default=False),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", metavar="NAME", help="Further name by which browsers call this server.")
    ] = None,
    token: Annotated[
        str,
        typer.Option(
            "--token",
            metavar="TEXT",
            envvar="GLUTEAL_GRADE_TOKEN",
            help="Of the only reader; otherwise made at each start.",
            show_default=False,
        ),
    ] = "",
    open_browser: Annotated[bool, typer.Option("--open/--no-browser", help="Open a browser on this machine.")] = False,
    max_upload_mb: Annotated[int, typer.Option("--max-upload-mb", metavar="MB", min=1, help="Largest corrected label map.")] = 256,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="DIR", help="Write tables of all decisions into DIR, without a server.")
    ] = None,
    training: Annotated[
        Path | None,
        typer.Option(
            "--training",
            metavar="DIR",
            help="Write label maps that readers corrected or confirmed, with their images, into a new DIR to train on; no server.",
        ),
    ] = None,
    keep_back: Annotated[
        float, typer.Option("--keep-back", metavar="SHARE", min=0, max=1, help="Of the subjects of --training, kept back for measuring.")
    ] = 0.2,
) -> int:
    """Read studies in a browser: look, accept or overrule, export.

    Exit codes: 0 stopped as told or exported, 2 refused, 1 failure, 64 wrong usage.
    """
    if not out.is_dir():
        raise typer.BadParameter("there is no such folder", param_hint="OUT")
    only = _hashes(studies)
    try:
        with stoppable():
            if training is not None:
                _training(out, training, only, data, keep_back)
            if export is not None:
                _export(out, export, only, data)
            if training is not None or export is not None:
                return GRADED
            if missing := _missing():
                typer.echo(
                    f"failure: {' and '.join(missing)} not installed; `pip install 'gluteal-grade[review]'` brings the review app", err=True
                )
                return FAILED
            from gluteal_grade.review.web import Told

            told = Told(
                out, _readers(reader or []), read, blinded, only, data, config, host, port, allow_host or (), token, max_upload_mb << 20
            )
            settings_of(config)
            return _serve(_checked(told), open_browser)
    except GradeError as error:
        return tell(error)
    except Stopped:
        return GRADED


def _serve(told: Told, open_browser: bool) -> int:
    from gluteal_grade.review.web import run

    def ready(addresses: Sequence[tuple[str, str]], studies: int) -> None:
        typer.echo(
            f"{studies:,} {'study' if studies == 1 else 'studies'}{', blinded' if told.blinded else ''}; read {told.read}. Ctrl-C ends."
        )
        for reader, address in addresses:
            typer.echo(f"{reader}: {address}")
        if open_browser:
            typer.launch(addresses[0][1])

    run(told, ready)
    typer.echo("stopped", err=True)
    return GRADED


def _training(out: Path, folder: Path, only: frozenset[str] | None, data: Path | None, share: float) -> None:
    from gluteal_grade.review import KEPT_BACK, TRAIN, Catalogue, Store, export_training

    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise typer.BadParameter("there is something already; name a new folder", param_hint="--training")
    catalogue = Catalogue(out, only)
    catalogue.refresh()
    store = Store(out)
    try:
        found = export_training(out, folder, catalogue, store, data, share=share)
    finally:
        store.close()
    parts = (f"{len(found.of_part(part))} in {part}" for part in (TRAIN, KEPT_BACK))
    people = len({row["subject"] for row in found.rows})
    typer.echo(f"Wrote {len(found.rows)} studies of {people} subjects to {folder}: {', '.join(parts)}")
    for one in found.left_out:
        typer.echo(f"  left out {one.study}: {one.detail}", err=True)


def _export(out: Path, folder: Path, only: frozenset[str] | None, data: Path | None) -> None:
    from gluteal_grade.review import Catalogue, Store, export, export_reports

    catalogue = Catalogue(out, only)
    catalogue.refresh()
    store = Store(out)
    try:
        tables = export(out, folder, catalogue, store)
        reports = export_reports(out, catalogue, store, data)
    finally:
        store.close()
    typer.echo(
        f"Wrote {', '.join(path.name for path in tables)} to {folder}; {len(reports.reports)} DICOM reports in {out / 'review' / 'dicom'}"
    )
    for study, why in reports.not_written:
        typer.echo(f"  no DICOM report of {study}: {why}", err=True)


def _readers(given: Sequence[str]) -> tuple[str, ...]:
    from gluteal_grade.review import checked_reader

    if not given:
        raise typer.BadParameter("say who reads", param_hint="--reader")
    try:
        readers = tuple(checked_reader(reader) for reader in given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--reader") from None
    if len(set(readers)) < len(readers):
        raise typer.BadParameter("each reader once", param_hint="--reader")
    return readers


def _checked(told: Told) -> Told:
    if told.token and len(told.readers) > 1:
        raise typer.BadParameter("for one reader only: several get a token each", param_hint="--token")
    if told.token and (
        len(told.token) < _SHORTEST_TOKEN or not told.token.isascii() or not all(c.isalnum() or c in "-_" for c in told.token)
    ):
        raise typer.BadParameter(f"at least {_SHORTEST_TOKEN} letters, digits, dashes or underscores", param_hint="--token")
    return replace(told, host=told.host.strip("[]"))


def _hashes(path: Path | None) -> frozenset[str] | None:
    """The studies of a list; lines may be empty."""
    if path is None:
        return None
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        raise typer.BadParameter("cannot be read", param_hint="--studies") from None
    found = frozenset(line for line in lines if line)
    if not found or not all(len(h) == 12 and set(h) <= set("0123456789abcdef") for h in found):
        raise typer.BadParameter("one hash of 12 hex digits a line", param_hint="--studies")
    return found


def _missing() -> list[str]:
    from importlib.util import find_spec

    return [name for name in _NEEDED if find_spec(name) is None]
