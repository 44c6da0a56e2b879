"""What all settings share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class SettingsBase(BaseModel):
    """Frozen; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Fraction = Annotated[float, Field(ge=0, le=1)]


Interval = tuple[float, float]


Step = tuple[float, float, float]


Millimetres = Annotated[float, Field(ge=0)]


class SequenceMillimetres(SettingsBase):
    """A length for each way of imaging near metal."""

    mars: Millimetres
    wide_spin_echo: Millimetres
    spin_echo: Millimetres
    gradient_echo: Millimetres
    ct: Millimetres
