"""All settings of one run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import ValidationError

from gluteal_grade.config.base import SettingsBase
from gluteal_grade.config.fat import FatSettings
from gluteal_grade.config.files import read_yaml, shipped, validated
from gluteal_grade.config.measure import GradingSettings, MeasureSettings, RegionSettings, UncertaintySettings
from gluteal_grade.config.metal import MetalSettings
from gluteal_grade.config.segmentation import ChecksSettings, SegmentationSettings

DicomMore = Literal["pdf", "fat_map", "labelmap"]


class ReportSettings(SettingsBase):
    """How results are shown; no number depends on it."""

    pictures: Literal["all", "summary", "none"]
    theme: Literal["print", "dark"]
    identified: bool
    fhir: bool
    dicom_more: tuple[DicomMore, ...]
    site: Path | None


class Settings(SettingsBase):
    """All settings of one run; `configs/default.yaml` holds every default and its meaning."""

    grading: GradingSettings
    measure: MeasureSettings
    segmentation: SegmentationSettings
    checks: ChecksSettings
    regions: RegionSettings
    fat: FatSettings
    metal: MetalSettings
    uncertainty: UncertaintySettings
    report: ReportSettings

    def hash(self) -> str:
        """12 hex digits over the values in use and the files of scales, norms and statements: results of one hash were graded alike.

        How results are shown is no part of it.
        """
        digest = hashlib.sha256(self.model_dump_json(exclude={"report"}).encode())
        files = {"grading": self.grading.file, "norms": self.grading.norms, "interpretation": self.grading.interpretation}
        for name, own in files.items():
            digest.update((own or shipped("configs", f"{name}.yaml")).read_bytes())
        return digest.hexdigest()[:12]


def load_settings(given: os.PathLike[str] | str | Mapping[str, Any] | Settings | None = None) -> Settings:
    """The shipped defaults, with a user's own laid over them.

    Args:
        given: a YAML file, or a mapping; keys nested as in `configs/default.yaml` or joined by full stops
            (`{"fat.t1.lean_reference_ff": 0.06}`). Settings are returned as they are.

    Raises:
        ValueError: unknown key or bad value; the message names it.

    Examples:
        >>> from gluteal_grade.config import load_settings
        >>> load_settings({"fat.t1.lean_reference_ff": 0.06}).fat.t1.lean_reference_ff
        0.06
        >>> load_settings({"fat.t1.lean": 0.06})
        Traceback (most recent call last):
        ValueError: settings: fat.t1.lean: no such key (did you mean fat.ct.lean_hu?)
    """
    if isinstance(given, Settings):
        return given
    data = read_yaml(shipped("configs", "default.yaml"))
    path = None if given is None or isinstance(given, Mapping) else Path(given)
    try:
        change = read_yaml(path) or {} if path is not None else given or {}
        if not isinstance(change, Mapping):
            raise ValueError(f"settings: {path and path.name} is no YAML mapping of keys to values")
        data = _overlaid(data, _nested(change))
    except (OSError, yaml.YAMLError, TypeError) as error:
        raise ValueError(f"settings: {path and path.name} cannot be read as YAML ({type(error).__name__})") from None
    return validated(Settings, data, "settings", known=tuple(_dotted(read_yaml(shipped("configs", "default.yaml")))))


def with_absolute_paths(settings: Settings) -> Settings:
    """The same for a process with another working directory; its hash may differ from the original's."""

    def absolute(part: Any) -> Any:
        paths = {name: value.absolute() for name, value in part if isinstance(value, Path)}
        parts = {name: absolute(value) for name, value in part if isinstance(value, SettingsBase)}
        return part.model_copy(update=paths | parts)

    found: Settings = absolute(settings)
    return found


METAL_SIDES = ("auto", "none", "right", "left", "both")


def with_metal_sides(settings: Settings, sides: str) -> Settings:
    """The settings with which hips hold metal: right, left, both, none or auto.

    Raises:
        ValueError: another word.
    """
    if sides not in METAL_SIDES:
        raise ValueError("right, left, both, none or auto")
    return settings.model_copy(update={"metal": settings.metal.model_copy(update={"sides": sides})})


def with_device(settings: Settings, device: str | None) -> Settings:
    """The settings with the device of the networks (`segmentation.device`); None: as they are.

    Raises:
        ValueError: another word than auto, cpu, cuda, cuda:N or mps.
    """
    if device is None:
        return settings
    try:
        networks = SegmentationSettings.model_validate(settings.segmentation.model_dump() | {"device": device})
    except ValidationError:
        raise ValueError("auto, cpu, cuda, cuda:N or mps") from None
    return settings.model_copy(update={"segmentation": networks})


def with_identity(settings: Settings, identified: bool | None) -> Settings:
    """The settings with the patient named on pictures and report, or not; None: as they are."""
    if identified is None:
        return settings
    return settings.model_copy(update={"report": settings.report.model_copy(update={"identified": identified})})


def with_dicom_more(settings: Settings, more: tuple[str, ...]) -> Settings:
    """The settings with further DICOM objects, beside those they name.

    Raises:
        ValueError: one that there is not.
    """
    known = get_args(DicomMore)
    if unknown := [name for name in more if name not in known]:
        raise ValueError(f"{unknown[0]}: not one of {', '.join(known)}")
    chosen = tuple(name for name in known if name in {*settings.report.dicom_more, *more})
    return settings.model_copy(update={"report": settings.report.model_copy(update={"dicom_more": chosen})})


def _overlaid(base: Any, change: Any) -> Any:
    if isinstance(base, dict) and base and isinstance(change, dict):
        return base | {key: _overlaid(base.get(key), value) for key, value in change.items()}
    return change


def _nested(change: Any) -> Any:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`."""
    if not isinstance(change, Mapping):
        return change
    found: Any = {}
    for key, value in change.items():
        for part in reversed(str(key).split(".") if isinstance(key, str) else [key]):
            value = {part: _nested(value)}
        found = _overlaid(found, value) if found else value
    return found


def _dotted(data: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in data.items():
        yield f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{above}{key}.")
