"""Settings of pictures and pages."""

from __future__ import annotations

from typing import Literal

from gluteal_grade.config.base import SettingsBase


class ReportSettings(SettingsBase):
    """How results are shown; no number depends on it."""

    pictures: Literal["all", "summary", "none"]
    theme: Literal["print", "dark"]
    identified: bool
