"""What one study's result looks like: the model behind `result.json` and its JSON schema. Nothing is computed here."""

from __future__ import annotations

import json
import math
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from gluteal_grade.errors import Reason
from gluteal_grade.grading import Quantity
from gluteal_grade.vocabulary import Muscle, Region, Side

SCHEMA_VERSION = "1.5"

# NaN inside the program, null in JSON (RFC 8259 has no NaN); the `reason` beside it says why
Number = Annotated[
    float,
    BeforeValidator(lambda v: math.nan if v is None else v),
    PlainSerializer(lambda v: None if math.isnan(v) else v, return_type=float | None, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "null"}]}),
]

# of any scale in configs/grading.yaml or in the settings' own file
ScaleKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StudyStatus(StrEnum):
    """How far a study was graded."""

    GRADED = "graded"
    PARTLY_GRADED = "partly_graded"
    REFUSED = "refused"


class MuscleStatus(StrEnum):
    """How far one muscle or region was graded."""

    GRADED = "graded"
    PARTIAL = "partial"  # measured and graded on the part in view
    NEEDS_REVIEW = "needs_review"  # measured and graded, whole or in part, but an automatic label failed a check
    NOT_GRADABLE = "not_gradable"  # labelled, but no fat fraction
    MISSING = "missing"  # no label


class NoteModel(_Model):
    """A caution that applies to a result that stands, or why something is missing."""

    reason: Reason
    detail: str
    advice: str


class Grade(_Model):
    """One grade, with the number behind it."""

    scale: ScaleKey
    profile: str
    measure: Literal["fat_fraction", "fat_fraction_core", "fat_area_fraction", "fat_area_fraction_core", "ct_non_functional_share"]
    grade: int | None = Field(description="null where the fat fraction could not be measured")
    margin: Number = Field(description="distance to the nearest edge of the scale, fraction, positive above it")
    mark: Reason | None = Field(description="a reservation about the grade, e.g. ct_uncalibrated")
    probabilities: tuple[float, ...] = Field(description="of each grade from 0 upwards; empty where there is no interval")
    borderline_with: int | None = Field(description="another grade that is probable enough (uncertainty.borderline), else null")


class SliceModel(_Model):
    """One slice of a muscle."""

    index: int = Field(description="plane of labels.nii.gz along the slice axis, from 0")
    position_mm: Number
    area_cm2: Number
    fat_fraction: Number
    fat_fraction_core: Number = Field(default=math.nan, description="of the voxels surely inside the muscle")


class IntervalPart(_Model):
    """One thing that makes an interval wide: SDs of the fat fraction below and above the measured value."""

    below: float
    above: float


class NormScore(_Model):
    """Where a whole muscle lies among healthy people."""

    source: str = Field(description="key of norms.sources")
    quantity: Quantity
    z: Number
    percentile: Number


class FatShown(NamedTuple):
    """A fat fraction to show, 0-1, and its 95 % interval."""

    value: float
    low: float
    high: float
    core: bool


class MuscleResult(_Model):
    """One muscle or region on one side."""

    side: Side
    muscle: Muscle
    region: Region
    status: MuscleStatus
    reason: Reason | None
    detail: str
    volume_ml: Number
    lean_volume_ml: Number
    fat_fraction: Number
    fat_fraction_low: Number = Field(description="95 % interval of fat_fraction (uncertainty.confidence)")
    fat_fraction_high: Number
    fat_fraction_median: Number
    fat_fraction_q1: Number
    fat_fraction_q3: Number
    fat_area_fraction: Number
    ct_lean_share: Number
    evaluable_share: Number
    oedema_share: Number = Field(
        description="share brighter than lean muscle on the fat-suppressed series; null without one; no grade uses it"
    )
    fat_fraction_core: Number = Field(
        default=math.nan,
        description="fat of the muscle itself: voxels surely inside, mixing with the surroundings undone; null where no_core says why",
    )
    fat_fraction_core_low: Number = Field(default=math.nan, description="95 % interval of fat_fraction_core (uncertainty.confidence)")
    fat_fraction_core_high: Number = math.nan
    lean_volume_core_ml: Number = Field(default=math.nan, description="volume_ml x (1 - fat_fraction_core)")
    fat_area_fraction_core: Number = math.nan
    core_share: Number = Field(default=math.nan, description="share of the label's voxels that are surely inside")
    no_core: NoteModel | None = Field(default=None, description="why a measured part has no core value")
    method: str | None = Field(description="how this side's fat was measured")
    coverage: Number = Field(description="estimated share of the muscle in view; 1 if no border cuts it")
    cut_at: tuple[str, ...]
    outline_trust: Number = Field(
        default=math.nan, description="probability that the automatic outline of the whole muscle is good (Dice 0.8); null for given labels"
    )
    largest_section: SliceModel | None
    checks: tuple[NoteModel, ...] = Field(description="what is doubtful about the whole muscle's label")
    grades: tuple[Grade, ...]
    interval_parts: dict[str, IntervalPart] = Field(
        description="partial_volume, border, segmentation, map, method, noise, not_seen, seldom fat_scale; their squares add up"
    )
    core_interval_parts: dict[str, IntervalPart] = Field(
        default={}, description="the same of fat_fraction_core; rim: what the core leaves out"
    )
    norms: tuple[NormScore, ...] = Field(description="of each quantity the set that fits best first")
    no_norm: NoteModel | None = Field(description="why a measured whole muscle has no norm")
    profile: tuple[SliceModel, ...]

    def norm(self, quantity: Quantity) -> NormScore | None:
        """The score to show: that of the set that fits best, which stands first."""
        return next((n for n in self.norms if n.quantity == quantity), None)

    @property
    def fat_norm(self) -> NormScore | None:
        """The score of the fat fraction that is shown, where a norm is of it; else that of the mean over the label."""
        return (self.norm("fat_fraction_core") if self.fat_shown.core else None) or self.norm("fat_fraction")

    @property
    def ct_non_functional_share(self) -> float:
        """CT only: share of the label outside the lean HU window."""
        return 1 - self.ct_lean_share

    @property
    def has_core(self) -> bool:
        """Is there a core value?"""
        return not math.isnan(self.fat_fraction_core)

    @property
    def fat_shown(self) -> FatShown:
        """What stands beside the grades: the core value where they are made from it, else the mean over the label."""
        return self.fat(core=self.has_core and any(g.measure.endswith("_core") for g in self.grades))

    @property
    def fat_measure(self) -> Literal["fat_fraction_core", "fat_fraction"]:
        """Which of the two fat fractions `fat_shown` is."""
        return "fat_fraction_core" if self.fat_shown.core else "fat_fraction"

    @property
    def lean_shown_ml(self) -> float:
        """The lean volume that goes with `fat_shown`."""
        return self.lean_volume_core_ml if self.fat_shown.core else self.lean_volume_ml

    def fat(self, *, core: bool) -> FatShown:
        """The core value, or the mean over the label, with its interval."""
        if core:
            return FatShown(self.fat_fraction_core, self.fat_fraction_core_low, self.fat_fraction_core_high, True)
        return FatShown(self.fat_fraction, self.fat_fraction_low, self.fat_fraction_high, False)

    @property
    def parts_shown(self) -> dict[str, IntervalPart]:
        """What makes the interval of `fat_shown` wide."""
        return self.parts(core=self.fat_shown.core)

    def parts(self, *, core: bool) -> dict[str, IntervalPart]:
        """What makes the interval of `fat(core=...)` wide."""
        return self.core_interval_parts if core else self.interval_parts

    @property
    def is_estimate(self) -> bool:
        """It needs review for nothing but that networks draw this muscle as an estimate: nothing about this outline is doubtful."""
        reasons = {check.reason for check in self.checks}
        return self.status is MuscleStatus.NEEDS_REVIEW and reasons == {Reason.OUTLINE_UNPROVEN}

    def grade(self, scale: str) -> int | None:
        """The grade on one scale."""
        found = self.graded(scale)
        return found.grade if found else None

    def graded(self, scale: str) -> Grade | None:
        """The grade on one scale, with all that belongs to it."""
        return next((g for g in self.grades if g.scale == scale), None)

    def probability(self, scale: str) -> float:
        """Probability of the grade on one scale; NaN where there is none."""
        found = self.graded(scale)
        return found.probabilities[found.grade] if found and found.probabilities and found.grade is not None else math.nan


class Asymmetry(_Model):
    """Left against right for one muscle or region; NaN with a reason where a side is missing or cut; a reason, too, if one needs review."""

    muscle: Muscle
    region: Region
    volume_difference_percent: Number = Field(description="100 (left - right) / mean of both")
    lean_volume_difference_percent: Number = Field(description="the same of the lean volumes")
    fat_fraction_difference_points: Number = Field(description="100 (left - right)")
    fat_fraction_core_difference_points: Number = Field(default=math.nan, description="the same of fat_fraction_core")
    reason: Reason | None


class SeriesReport(_Model):
    """One series found, and what became of it."""

    id: str
    uid: str | None
    kind: str
    kind_reason: str
    plane: str
    mars: bool
    mars_reason: str
    shape: tuple[int, int, int] | None
    spacing_mm: tuple[float, float, float] | None
    used: bool
    why_not: str
    sources: tuple[str, ...] = Field(description="SOPInstanceUIDs, or the sha256 of a NIfTI file")


class FatReport(_Model):
    """How fat was measured."""

    method: str
    series: tuple[str, ...]
    why: str
    facts: dict[str, float]
    sides: tuple[Side, ...] = Field(description="sides measured so")
    field_strength_t: float | None = Field(default=None, description="of the scanner, tesla; null where the header does not say")
    manufacturer: str = Field(default="", description="of the scanner; empty where the header does not say")
    scanner_model: str = Field(default="", description="of the scanner; empty where the header does not say")
    software: str = Field(default="", description="versions of the scanner's software; empty where the header does not say")


class MetalSide(_Model):
    """What is known of metal in one hip."""

    side: Side
    present: bool = Field(description="treated as holding metal")
    sources: tuple[str, ...] = Field(description="who says so: user, picture, header")
    evidence: str
    zone_ml: Number = Field(description="volume left out beside the metal")
    zone_reach_mm: Number = Field(description="beyond what is visibly wrong, or from joint and stem where nothing is")


class OedemaReport(_Model):
    """What the oedema shares were read from."""

    series: str
    facts: dict[str, float]


class SegmentationReport(_Model):
    """Where the labels come from."""

    source: str
    sha256: str
    automatic: bool = Field(description="a network made the labels: what fails a check needs review")
    regions: dict[str, str] = Field(description="for each muscle that has regions, where they come from")
    labels: dict[int, str] = Field(description="values of labels.nii.gz that occur, and what they are")


class NormReport(_Model):
    """Whose values the scores compare with."""

    sex: Literal["M", "F"] | None
    primary: str = Field(description="the set that goes first, among those that fit equally well")
    sources: dict[str, str] = Field(description="sets that were used: publication, people and protocol, to print beside a score")
    not_used: dict[str, str] = Field(default={}, description="sets of the same fat method that were not used, and why")


class StatementModel(_Model):
    """A sourced statement about the result (configs/interpretation.yaml); never a diagnosis."""

    id: str
    text: str
    source: str
    parts: tuple[str, ...] = Field(description="what it is about; empty for the whole study")


class ScaleReport(_Model):
    """A grading scale as it graded this study."""

    title: str
    short: str = Field(description="where a column is narrow; empty: the title")
    primary: bool = Field(description="stands where there is room for one scale")
    edges: tuple[float, ...] = Field(description="fractions at which a grade becomes the next, of the profile in use")


class Provenance(_Model):
    """What made this result."""

    program: str
    version: str
    git_commit: str | None
    config_hash: str
    scales: dict[ScaleKey, ScaleReport] = Field(default={}, description="what graded, in the order of tables; empty in an old version's")
    input_hash: str | None = Field(default=None, description="of the study's files, its label map and mask, and what was said of it")
    model_hash: str | None = Field(default=None, description="of the networks and how they are run; `labels` where labels were given")
    device: str | None = Field(
        default=None, description="on which the networks ran, in torch's words (`cpu`, `cuda:0`); null where none did"
    )
    libraries: dict[str, str]
    seconds: dict[str, float]
    created: str


class StudyResult(_Model):
    """The whole result of one study."""

    schema_version: str
    study: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    status: StudyStatus
    refusal: NoteModel | None
    reference_series: str | None = Field(description="id of the series on whose grid labels.nii.gz and fat_fraction.nii.gz lie (RAS+ axes)")
    slice_axis: int | None
    fat: FatReport | None
    fat_beside_metal: FatReport | None = Field(description="of the side with metal where it was measured otherwise")
    metal: tuple[MetalSide, ...] = Field(description="both hips; empty where nothing was measured")
    oedema: OedemaReport | None = Field(default=None, description="null where no fat-suppressed series gave one; notes say why")
    segmentation: SegmentationReport | None
    muscles: tuple[MuscleResult, ...]
    asymmetry: tuple[Asymmetry, ...]
    norms: NormReport | None
    statements: tuple[StatementModel, ...]
    notes: tuple[NoteModel, ...]
    series: tuple[SeriesReport, ...]
    provenance: Provenance
    disclaimer: str = "Research use. Not a medical device."

    def fat_of(self, side: Side) -> FatReport | None:
        """How the fat of a side was measured; None where it was not."""
        return next((fat for fat in (self.fat_beside_metal, self.fat) if fat is not None and side in fat.sides), None)

    def series_kind(self, side: Side) -> str:
        """Kinds of the series that a side's fat was measured on, sorted and joined by ``+``; empty where none was measured."""
        fat = self.fat_of(side)
        of_series = {s.id: s.kind for s in self.series}
        return "+".join(sorted({of_series[one] for one in fat.series if one in of_series})) if fat else ""

    def points_shown(self, pair: Asymmetry) -> float:
        """Left minus right, percentage points, of the core value where both sides are graded by it, else of the means over the labels.

        NaN where the sides were not compared.
        """
        return pair.fat_fraction_core_difference_points if self._by_core(pair) else pair.fat_fraction_difference_points

    def lean_percent_shown(self, pair: Asymmetry) -> float:
        """The same of the lean volumes, 100 (left - right) / mean of both."""
        if not self._by_core(pair):
            return pair.lean_volume_difference_percent
        lean = {m.side: m.lean_volume_core_ml for m in self._sides_of(pair)}
        left, right = lean[Side.LEFT], lean[Side.RIGHT]
        return 200 * (left - right) / (left + right) if left + right > 0 else math.nan

    def _sides_of(self, pair: Asymmetry) -> list[MuscleResult]:
        return [m for m in self.muscles if (m.muscle, m.region) == (pair.muscle, pair.region)]

    def _by_core(self, pair: Asymmetry) -> bool:
        both = [] if math.isnan(pair.fat_fraction_core_difference_points) else self._sides_of(pair)
        return len(both) == 2 and all(m.fat_shown.core for m in both)

    def to_json(self) -> str:
        """The text of `result.json`."""
        return self.model_dump_json(indent=2) + "\n"


def json_schema() -> str:
    """The text of `docs/reference/result.schema.json` (JSON Schema 2020-12)."""
    schema: dict[str, Any] = StudyResult.model_json_schema(mode="serialization")
    schema |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "gluteal_grade result"}
    return json.dumps(schema, indent=2) + "\n"
