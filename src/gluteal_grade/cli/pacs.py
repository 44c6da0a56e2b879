"""`gluteal-grade pacs`: everything that talks to a PACS."""

from __future__ import annotations

import typer

from gluteal_grade.cli.pacs_nightly import nightly

app = typer.Typer(no_args_is_help=True, help="Receive, ask, send, every night: docs/pacs.md.")
app.command()(nightly)
