"""A calibration as a profile: the scales file in use with one more profile, and settings that choose it."""

from __future__ import annotations

from pathlib import Path

import yaml

from gluteal_grade import __version__
from gluteal_grade.files import write_text
from gluteal_grade.grading import Scales
from gluteal_grade.report import count
from gluteal_grade.review.calibration.calibrate import unverified
from gluteal_grade.review.calibration.model import CalibrationReport, ScaleCalibration

GRADING, SETTINGS = "grading.yaml", "settings.yaml"
_HEAD = """# The scales file that was in use, and for each calibrated scale the profile `{name}`, made by `gluteal-grade calibrate`.
# {settings} chooses it: grade --config {settings}. Keys: configs/grading.yaml.
"""


def scales_with(report: CalibrationReport) -> Scales:
    """The scales in use with the new profiles; the active ones stay."""
    data = report.scales.model_dump(mode="json")
    for one in report.written:
        assert one.base is not None
        edges = [{"at": round(e.at, 4), "on_edge": old.on_edge} for e, old in zip(one.edges, one.base.edges, strict=True)]
        new = {"source": source_of(one), "edges": edges, "unverified": unverified(one)}
        data["scales"][one.key]["profiles"][report.options.name] = one.base.model_dump(mode="json") | new
    return Scales.model_validate(data)


def source_of(one: ScaleCalibration) -> str:
    """Where the edges come from, in one line; no reader is named."""
    assert one.paired is not None
    edges = ", ".join(f"{e.name} {100 * e.at:.1f} ({100 * e.interval.low:.1f}-{100 * e.interval.high:.1f})" for e in one.edges)
    methods = f", fat by {', '.join(one.methods)}" if one.methods else ""
    muscles = f"{count(len(one.paired.values), 'muscle')} in {count(one.paired.studies, 'study')}{methods}"
    made = f"Calibrated to {len(one.paired.readers)} readers of {muscles} (gluteal_grade {__version__})"
    return f"{made}. Edges and 95 % intervals, % fat: {edges}. {one.bar.words if one.bar else 'Not judged on kept-back studies.'}"


def write_profile(report: CalibrationReport, folder: Path) -> list[Path]:
    """Write `grading.yaml` and `settings.yaml`; where no scale was calibrated, those of an earlier run go.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    paths = [folder / GRADING, folder / SETTINGS]
    if not report.written:
        for path in paths:
            path.unlink(missing_ok=True)
        return []
    scales = scales_with(report).model_dump(mode="json", exclude_defaults=True)
    chosen = {one.key: report.options.name for one in report.written}
    settings = {"grading": {"file": str(paths[0].absolute()), "profiles": chosen}}
    write_text(paths[0], _HEAD.format(name=report.options.name, settings=SETTINGS) + _yaml(scales))
    write_text(paths[1], _yaml(settings))
    return paths


def _yaml(data: object) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=160)
