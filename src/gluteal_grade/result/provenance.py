"""What made a result: versions, commit, time per stage."""

from __future__ import annotations

import datetime
from importlib.metadata import PackageNotFoundError, version

from gluteal_grade import __version__
from gluteal_grade.config import Settings
from gluteal_grade.grading import load_scales
from gluteal_grade.result.commit import program_commit
from gluteal_grade.result.models import Provenance, ScaleReport
from gluteal_grade.stopwatch import Stopwatch

_LIBRARIES = ("numpy", "scipy", "scikit-image", "nibabel", "pydicom", "matplotlib", "torch", "monai")


def describe(settings: Settings, stopwatch: Stopwatch, device: str | None = None) -> Provenance:
    """Provenance of a result made now."""
    return Provenance(
        program="gluteal-grade",
        version=__version__,
        git_commit=program_commit(),
        config_hash=settings.hash(),
        scales=_scales(settings),
        device=device,
        libraries={name: found for name in _LIBRARIES if (found := _version(name))},
        seconds=dict(stopwatch.seconds),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def _scales(settings: Settings) -> dict[str, ScaleReport]:
    return {
        key: ScaleReport(title=rule.title, short=rule.short, primary=rule.primary, edges=tuple(edge.at for edge in rule.active.edges))
        for key, rule in load_scales(settings.grading.file, settings.grading.profiles).scales.items()
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
