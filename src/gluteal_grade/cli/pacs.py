"""`gluteal-grade pacs`: everything that talks to a PACS."""

from __future__ import annotations

import typer

from gluteal_grade.cli.pacs_mercure import mercure
from gluteal_grade.cli.pacs_nightly import nightly
from gluteal_grade.cli.pacs_query import echo, query, send
from gluteal_grade.cli.pacs_receive import receive

app = typer.Typer(no_args_is_help=True, help="Receive, ask, send, every night: docs/howto/pacs.md.")
for command in (nightly, receive, query, send, echo, mercure):
    app.command()(command)
