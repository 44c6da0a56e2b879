"""Settings of a run, and where the shipped YAML and models lie."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent.parent


def shipped(*parts: str) -> Path:
    """Path of a shipped file or folder, e.g. ``shipped("configs", "grading.yaml")``, in a wheel or in a checkout.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for root in (_PACKAGE / "_shipped", _CHECKOUT):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"{'/'.join(parts)} is missing from this installation of gluteal-grade")


def read_yaml(path: Path) -> Any:
    """The parsed YAML file; parsed once until it changes, so treat it as frozen."""
    status = path.stat()
    return _parsed(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _parsed(path: Path, changed_ns: int, size: int) -> Any:  # noqa: ARG001 - part of the cache key
    with path.open(encoding="utf-8") as stream:
        return yaml.safe_load(stream)


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Fraction = Annotated[float, Field(ge=0, le=1)]
Interval = tuple[float, float]


class GradingSettings(_Settings):
    """Which scales file and which profile per scale; files of norms and statements."""

    file: Path | None
    profiles: dict[str, str]
    norms: Path | None
    interpretation: Path | None


class MeasureSettings(_Settings):
    """Thresholds of `measure.py`."""

    fat_area_threshold: Fraction
    min_voxels: Annotated[int, Field(ge=1)]
    min_evaluable_share: Fraction
    min_view_area_mm2: Annotated[float, Field(ge=0)]


Cuts = tuple[Annotated[float, Field(gt=0, lt=1)], ...]


class RegionRule(_Settings):
    """Where the borders of one muscle's regions lie; see `segmentation/regions.py`."""

    by: Literal["angle", "width", "volume"]
    cuts: Cuts  # from the anterior or upper edge; none: the muscle stays whole

    @field_validator("cuts")
    @classmethod
    def _in_order(cls, cuts: Cuts) -> Cuts:
        if any(b <= a for a, b in pairwise(cuts)):
            raise ValueError("cuts must increase")
        return cuts


class RegionSettings(_Settings):
    """How whole muscles are split; `segmentation/regions.py`."""

    gluteus_maximus: RegionRule
    gluteus_medius: RegionRule
    gluteus_minimus: RegionRule
    fibre_deg: Annotated[float, Field(gt=0, lt=90)]
    lean_deg: Annotated[float, Field(ge=-90, le=90)]
    min_view: Fraction
    max_tip_cut_mm2: Annotated[float, Field(ge=0)]
    min_ml: Annotated[float, Field(ge=0)]
    min_share: Fraction

    @model_validator(mode="after")
    def _fits_the_muscles(self) -> Self:
        for muscle, borders, ways in (("gluteus_maximus", 1, "width"), ("gluteus_medius", 2, "angle"), ("gluteus_minimus", 1, "angle")):
            rule = self.rule(muscle)
            if len(rule.cuts) not in (0, borders):
                raise ValueError(f"{muscle} is split by {borders} cuts, or none")
            if rule.by not in (ways, "volume"):
                raise ValueError(f"{muscle} is split by {ways} or volume")
        return self

    def rule(self, muscle: str) -> RegionRule:
        """The rule of one muscle, named as in `anatomy.Muscle`."""
        rule: RegionRule = getattr(self, muscle)
        return rule


class VolumeRanges(_Settings):
    """Plausible volumes of whole muscles, ml."""

    gluteus_maximus: Interval
    gluteus_medius: Interval
    gluteus_minimus: Interval

    def of(self, muscle: str) -> Interval:
        """Of one muscle, named as in `anatomy.Muscle`."""
        found: Interval = getattr(self, muscle)
        return found


class ChecksSettings(_Settings):
    """When labels are taken for doubtful; `segmentation/checks.py`."""

    speck_ml: Annotated[float, Field(ge=0)]
    speck_share: Fraction
    note_removed_ml: Annotated[float, Field(ge=0)]
    piece_share: Fraction
    piece_gap_mm: Annotated[float, Field(ge=0)]
    max_stray_share: Fraction
    min_located_share: Fraction
    volume_ml: VolumeRanges
    min_voxels: Annotated[int, Field(ge=3)]
    min_in_order: Fraction
    min_side_ratio: Fraction
    max_uncertainty: Fraction
    min_view: Fraction


DixonContrast = Literal["dixon_water", "dixon_in_phase", "dixon_opposed_phase", "dixon_fat", "fat_fraction"]


class LocatorSettings(_Settings):
    """The coarse look: which hips are in view, and where; `segmentation/locate.py`."""

    min_probability: Fraction
    min_volume_ml: Annotated[float, Field(ge=0)]
    min_piece_share: Fraction
    min_side_share: Fraction
    outermost: Fraction
    largest_mm: tuple[float, float, float]
    margin_mm: Annotated[float, Field(ge=0)]
    above_crest_mm: Annotated[float, Field(ge=0)]
    max_voxels: Annotated[int, Field(ge=100_000)]


class HipSettings(_Settings):
    """The fine look at one hip; `segmentation/hip.py`."""

    looks: Annotated[int, Field(ge=1, le=4)]
    views: Annotated[int, Field(ge=1, le=5)]
    max_voxels: Annotated[int, Field(ge=100_000)]


class SegmentationSettings(_Settings):
    """How the networks are used."""

    models: Path | None
    dixon_contrast: tuple[DixonContrast, ...]
    locator: LocatorSettings
    hip: HipSettings


class SwapSettings(_Settings):
    """When water and fat are taken for exchanged; `fat/swap.py`."""

    min_air_border: Fraction
    shell_mm: Interval
    min_shell_voxels: Annotated[int, Field(ge=1)]
    core_depth: Fraction
    decided: Annotated[float, Field(gt=0, lt=1)]
    slice_weight: Annotated[float, Field(gt=0)]
    mirror_weight: Annotated[float, Field(ge=0)]
    tile_mm: Annotated[float, Field(gt=0)]
    tile_weight: Annotated[float, Field(gt=0)]
    min_tile_voxels: Annotated[int, Field(ge=1)]
    trusted_skin: Annotated[float, Field(gt=0)]
    min_turned: Fraction
    min_tile_gain: Annotated[float, Field(gt=0)]
    min_tiles: Annotated[int, Field(ge=1)]
    region_margin_mm: Annotated[float, Field(ge=0)]
    min_polarity: Annotated[float, Field(ge=0)]
    midline_mm: Annotated[float, Field(ge=0)]


class NoiseSettings(_Settings):
    """What air and tissue must be like to tell the noise; `fat/noise.py`."""

    air_margin_voxels: Annotated[int, Field(ge=1)]
    min_air_voxels: Annotated[int, Field(ge=10)]
    max_blanked: Fraction
    rayleigh_tolerance: Annotated[float, Field(gt=0)]
    bright: Fraction
    min_blocks: Annotated[int, Field(ge=1)]
    lag_growth: Annotated[float, Field(ge=1)]


class RelaxationSettings(_Settings):
    """Relaxation of lean muscle water and of fat at one field strength, ms."""

    field_t: Annotated[float, Field(gt=0)]
    water_t1_ms: Annotated[float, Field(gt=0)]
    fat_t1_ms: Annotated[float, Field(gt=0)]
    water_t2_star_ms: Annotated[float, Field(gt=0)]
    fat_t2_star_ms: Annotated[float, Field(gt=0)]


class DixonSettings(_Settings):
    """Scale and weighting of water and fat images."""

    correct_t1: bool
    gradient_echo_below_tr_ms: Annotated[float, Field(ge=0)]
    t1_sd: Fraction
    flip_sd: Fraction
    unknown_gain_sd: Fraction
    unknown_offset_sd: Fraction
    sigma_sd: Fraction
    air_over_tissue: Fraction
    max_scale_difference: Annotated[float, Field(gt=1)]
    same_scale: Annotated[float, Field(gt=1)]
    relaxation: Annotated[tuple[RelaxationSettings, ...], Field(min_length=1)]


class BiasSettings(_Settings):
    """The smooth field model of `fat/bias.py`; widths and contrast are differences of log signal."""

    order: Annotated[int, Field(ge=1, le=6)]
    steps: Annotated[int, Field(ge=1)]
    width: Interval
    contrast: Annotated[float, Field(gt=0)]
    shell_mm: Annotated[float, Field(gt=0)]
    outermost_mm: Annotated[float, Field(gt=0)]
    sample_mm: Annotated[float, Field(gt=0)]
    stiffness: Annotated[float, Field(ge=0)]


class SideAnchorSettings(_Settings):
    """When a side of the body has anchors of its own, and when anchors are called weak; `fat/anchors.py`."""

    min_width_mm: Annotated[float, Field(gt=0)]
    min_fat_ml: Annotated[float, Field(ge=0)]
    min_lean_ml: Annotated[float, Field(ge=0)]
    max_difference: Fraction
    block_ml: Annotated[float, Field(gt=0)]
    max_drift: Fraction


class T1Settings(_Settings):
    """Bias correction and anchors on T1."""

    method: Literal["anchors", "gmm3", "kmeans3"]
    intermediate_ff: Fraction

    lean_reference_ff: Annotated[float, Field(ge=0, lt=0.5)]
    shell_mm: Interval
    outermost_mm: Annotated[float, Field(gt=0)]
    min_bright_outermost: Fraction
    min_fat_ml: Annotated[float, Field(gt=0)]
    lean_over_fat: Interval
    fat_above_top: Fraction
    min_lean_share: Fraction
    void_below_muscle: Fraction
    sides: SideAnchorSettings
    bias: BiasSettings


class MakeshiftSettings(_Settings):
    """What differs from T1 on another contrast."""

    lean_over_fat: Interval


class OedemaSettings(_Settings):
    """When a voxel of a fat-suppressed image is called oedematous; `fat/oedema.py`."""

    lean_below_ff: Fraction
    min_lean_ml: Annotated[float, Field(gt=0)]
    above_ratio: Annotated[float, Field(gt=1)]
    above_sd: Annotated[float, Field(gt=0)]
    field_order: Annotated[int, Field(ge=0, le=4)]
    min_tr_ms: Annotated[float, Field(gt=0)]
    max_lean_spread: Fraction


class InOpposedSettings(_Settings):
    """When in-phase contrast may tell which side of 50 % a voxel is on."""

    max_lean_over_fat: Fraction
    undecided: Fraction


class CtSettings(_Settings):
    """Hounsfield anchors and windows."""

    lean_anchor_hu: float
    fat_anchor_hu: float
    fat_hu: Interval
    lean_hu: Interval
    evaluable_hu: Interval


class FatSettings(_Settings):
    """Everything the fat methods need."""

    min_signal: Fraction
    noise: NoiseSettings
    dixon: DixonSettings
    swap: SwapSettings
    t1: T1Settings
    t2: MakeshiftSettings
    pd: MakeshiftSettings
    oedema: OedemaSettings
    in_opposed: InOpposedSettings
    ct: CtSettings


class LabelFactors(_Settings):
    """What the doubt about a label's border counts for; `uncertainty/interval.py`."""

    partial_volume: Annotated[float, Field(ge=0)]
    border: Annotated[float, Field(ge=0)]
    segmentation: Annotated[float, Field(ge=0)]


class MethodErrors(_Settings):
    """Errors of one fat method beyond those that its map states; SDs of the fat fraction."""

    spread: Annotated[float, Field(ge=0)]
    offset: Annotated[float, Field(ge=0)]
    gain: Annotated[float, Field(ge=0)]
    not_seen: Annotated[float, Field(ge=0)]


class UncertaintySettings(_Settings):
    """How wide the intervals are."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    borderline: Fraction
    fascia: Annotated[float, Field(ge=0)]
    given: LabelFactors
    automatic: LabelFactors
    methods: dict[str, MethodErrors]

    @field_validator("methods")
    @classmethod
    def _has_other(cls, methods: dict[str, MethodErrors]) -> dict[str, MethodErrors]:
        if "other" not in methods:
            raise ValueError("methods need an entry `other`")
        return methods

    def model(self, method: str) -> MethodErrors:
        """Of one method, named as in `fat.fatmap.Method`."""
        return self.methods.get(method, self.methods["other"])


Step = tuple[float, float, float]
Millimetres = Annotated[float, Field(ge=0)]


class MetalPlaceSettings(_Settings):
    """Where an implant would lie, from the labels; `metal/joint.py`. Steps: outwards, to the front, up, mm."""

    from_minimus_mm: Step
    from_medius_mm: Step
    stem_mm: Step


class MetalArtifactSettings(_Settings):
    """When a dark spot at the hip is metal; `metal/artifact.py`."""

    reach_mm: Millimetres
    reference_mm: Annotated[float, Field(gt=0)]
    tissue_above: Fraction
    void_below: Fraction
    core_radius_mm: Millimetres
    min_radius_mm: Millimetres
    min_void_ml: Annotated[float, Field(ge=0)]
    min_pile_up_ml: Annotated[float, Field(ge=0)]
    sure_radius_mm: Millimetres
    pile_up_above: Annotated[float, Field(gt=1)]
    pile_up_within_mm: Millimetres


class MetalCtSettings(_Settings):
    """When bright voxels on CT are metal; `metal/ct.py`."""

    metal_hu: float
    min_ml: Annotated[float, Field(ge=0)]


class SequenceMillimetres(_Settings):
    """A length for each way of imaging near metal."""

    mars: Millimetres
    wide_spin_echo: Millimetres
    spin_echo: Millimetres
    gradient_echo: Millimetres
    ct: Millimetres


class MetalSettings(_Settings):
    """Hip implants; `metal/`."""

    sides: Literal["auto", "none", "right", "left", "both"]
    own_zone: bool
    place: MetalPlaceSettings
    artifact: MetalArtifactSettings
    ct: MetalCtSettings
    margin_mm: SequenceMillimetres
    unseen_radius_mm: SequenceMillimetres
    high_field_factor: Annotated[float, Field(ge=1)]


class Settings(_Settings):
    """All settings of one run; `configs/default.yaml` holds every default and its meaning."""

    grading: GradingSettings
    measure: MeasureSettings
    segmentation: SegmentationSettings
    checks: ChecksSettings
    regions: RegionSettings
    fat: FatSettings
    metal: MetalSettings
    uncertainty: UncertaintySettings

    def hash(self) -> str:
        """12 hex digits over the values in use and the files of scales, norms and statements: results of one hash were graded alike."""
        digest = hashlib.sha256(self.model_dump_json().encode())
        files = {"grading": self.grading.file, "norms": self.grading.norms, "interpretation": self.grading.interpretation}
        for name, own in files.items():
            digest.update((own or shipped("configs", f"{name}.yaml")).read_bytes())
        return digest.hexdigest()[:12]


def load_settings(path: Path | None = None) -> Settings:
    """The shipped defaults, with the keys of a user's YAML laid over them.

    Raises:
        ValueError: unknown key or bad value; the message names it.
    """
    data = read_yaml(shipped("configs", "default.yaml"))
    try:
        if path is not None:
            change = read_yaml(path) or {}
            if not isinstance(change, dict):
                raise ValueError(f"settings: {path.name} is no YAML mapping of keys to values")
            data = _overlaid(data, change)
        return Settings.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ValueError(f"settings: {problems}") from None
    except (OSError, yaml.YAMLError, TypeError) as error:
        raise ValueError(f"settings: {path and path.name} cannot be read as YAML ({type(error).__name__})") from None


def _overlaid(base: Any, change: Any) -> Any:
    if isinstance(base, dict) and base and isinstance(change, dict):
        return base | {key: _overlaid(base.get(key), value) for key, value in change.items()}
    return change
