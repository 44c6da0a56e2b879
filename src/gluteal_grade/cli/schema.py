"""`gluteal-grade schema`."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the JSON Schema of result.json."""
    from gluteal_grade.result import json_schema

    typer.echo(json_schema(), nl=False)
