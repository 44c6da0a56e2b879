"""What a comparison looks like: the model behind `compare.json`. Nothing is computed here."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from gluteal_grade.cohort.change.cautions import Caution, Why
from gluteal_grade.errors import Reason
from gluteal_grade.result import IntervalPart, MuscleStatus, Number, Provenance, ScaleKey, SeriesReport
from gluteal_grade.vocabulary import Muscle, Region, Side

FORMAT_VERSION = "1.2"


class FatMeasure(StrEnum):
    """Which of a result's two fat fractions is compared."""

    CORE = "fat_fraction_core"
    MEAN = "fat_fraction"


class SdcSource(StrEnum):
    """What a smallest detectable change rests on."""

    STATED = "stated_uncertainty"  # a lower bound
    SITE = "site"  # repeated measurements: a site file


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scan(_Model):
    """One muscle or region as one of the two studies measured it; NaN where it did not."""

    status: MuscleStatus
    reason: Reason | None
    method: str | None
    coverage: Number
    cut: bool = Field(description="the field of view cuts it")
    volume_ml: Number
    lean_volume_ml: Number
    fat_fraction: Number
    fat_fraction_low: Number
    fat_fraction_high: Number
    interval_parts: dict[str, IntervalPart]
    fat_fraction_core: Number
    fat_fraction_core_low: Number
    fat_fraction_core_high: Number
    lean_volume_core_ml: Number
    core_interval_parts: dict[str, IntervalPart]

    def fat(self, measure: FatMeasure) -> float:
        """The fat fraction that is compared, 0-1."""
        return self.fat_fraction_core if measure is FatMeasure.CORE else self.fat_fraction

    def lean_ml(self, measure: FatMeasure) -> float:
        """The lean volume that goes with it."""
        return self.lean_volume_core_ml if measure is FatMeasure.CORE else self.lean_volume_ml


class GradeChange(_Model):
    """One scale in both studies."""

    scale: ScaleKey
    profile: str
    prior: int | None
    current: int | None
    change: int | None
    rose: Number = Field(description="probability that the true grade rose; the two grades taken as independent")
    fell: Number
    stayed: Number


class Change(_Model):
    """One muscle or region on one side, current minus prior; NaN or null with a reason where it cannot be told."""

    side: Side
    muscle: Muscle
    region: Region
    prior: Scan
    current: Scan
    fat_measure: FatMeasure = Field(description="what is compared: the core value where both studies are graded by it, else the mean")
    fat_change_points: Number = Field(description="of fat_measure, percentage points")
    fat_change_low: Number = Field(description="95 % interval of fat_change_points")
    fat_change_high: Number
    sdc_points: Number = Field(description="smallest detectable change; a lower bound, but by a site file")
    sdc_source: SdcSource | None = Field(description="what sdc_points rests on; null where there is none")
    beyond_sdc: bool | None = Field(description="beyond the SDC, and the interval leaves out 0; null where that cannot be told")
    reason: Why | None = Field(description="why there is no change of fat and grades, or no beyond_sdc")
    volume_change_ml: Number
    volume_change_percent: Number = Field(description="of the prior volume")
    lean_volume_change_ml: Number
    lean_volume_change_percent: Number
    volume_reason: Why | None
    volume_sdc_ml: Number = Field(description="by a site file; null without one: volumes have no stated interval")
    volume_beyond_sdc: bool | None = Field(description="beyond it; null where that cannot be told")
    volume_sdc_reason: Why | None
    grades: tuple[GradeChange, ...]
    cautions: tuple[Caution, ...]
    words: str


class Source(_Model):
    """Where one of the two results comes from."""

    study: str
    status: str
    methods: dict[Side, str]
    series: tuple[SeriesReport, ...] = Field(description="those that were used")
    labels: str | None
    labels_sha256: str | None
    labels_automatic: bool | None
    provenance: Provenance


class SiteUsed(_Model):
    """The site file that changes were judged by."""

    name: str
    protocol: str
    date: str
    n: int
    design: str
    sha256: str = Field(description="12 hex digits, of what it says")
    words: str


class StudyCaution(_Model):
    """A reservation about all rows."""

    code: Caution
    detail: str


class Comparison(_Model):
    """Two studies of one patient."""

    format_version: str
    prior: Source
    current: Source
    days: int | None = Field(description="between the two, if told")
    site: SiteUsed | None = Field(default=None, description="the site file, if one was given")
    cautions: tuple[StudyCaution, ...]
    assumptions: tuple[str, ...]
    changes: tuple[Change, ...]
    made_by: str = Field(description="program and version that compared")
    disclaimer: str = "Research use. Not a medical device."

    def to_json(self) -> str:
        """The text of `compare.json`."""
        return self.model_dump_json(indent=2) + "\n"
