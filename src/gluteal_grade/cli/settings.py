"""The ``--config`` option: everything that could be wrong with it is told before work begins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gluteal_grade.config import Settings


def shown_settings(settings: Settings, identified: bool | None, *, deidentify: bool) -> Settings:
    """The settings with `--identified` or `--deidentified`.

    Raises:
        typer.BadParameter: `--identified` with `--deidentify`.
    """
    from gluteal_grade.config import with_identity

    if identified and deidentify:
        raise typer.BadParameter("--identified and --deidentify exclude each other", param_hint="--identified")
    return with_identity(settings, identified)


def settings_of(config: Path | None) -> Settings:
    """The settings, with the files of scales, norms and statements read once.

    Raises:
        typer.BadParameter: a file cannot be read or holds something unknown.
    """
    from gluteal_grade.config import load_settings
    from gluteal_grade.grading import load_norms, load_rules, load_scales

    try:
        settings = load_settings(config)
        load_scales(settings.grading.file, settings.grading.profiles)
        load_norms(settings.grading.norms)
        load_rules(settings.grading.interpretation)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error), param_hint="--config") from None
    return settings
