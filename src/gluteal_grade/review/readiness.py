"""A study read once for all its corrections, and whatever of it does not depend on labels."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from gluteal_grade.config import Settings, load_settings
from gluteal_grade.imaging import Kept
from gluteal_grade.io import Study
from gluteal_grade.report import RESULT
from gluteal_grade.review.correction import Remeasurement
from gluteal_grade.review.origin import Origin, origin_of
from gluteal_grade.system import memory_mb

_BYTES = 24  # a voxel: image, fat fraction, body, and what is made of them
_SHARE = 0.25  # of the machine's memory; a larger study is read anew for each correction

_States = tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True, eq=False)
class Ready:
    """What is known of a study before labels come.

    Attributes:
        origin: its images, whose voxels stay in memory once they were read, and its result.
        settings: for measuring it.
        kept: what was made of the images; None where the study is too large to keep.
        files: state of all files that this came from, when it was read.
    """

    origin: Origin
    settings: Settings
    kept: Kept | None
    files: _States

    def holds(self, asked: Remeasurement) -> bool:
        """No file has changed since."""
        return self.origin.result.study == asked.study and self.files == _states(asked, self.origin)


def made_ready(asked: Remeasurement, look_up: Callable[[], None] | None = None) -> Ready:
    """Find a study.

    Args:
        asked: its labels are not looked at.
        look_up: see `Kept`.

    Raises:
        GradeError: as `origin_of`.
        ValueError: the settings file is none.
    """
    origin = origin_of(Path(asked.out), asked.study, Path(asked.data) if asked.data else None)
    settings = load_settings(Path(asked.config) if asked.config else None)
    files = _states(asked, origin)
    if _voxels(origin.study) * _BYTES > _SHARE * 2**20 * (memory_mb() or math.inf):
        return Ready(origin, settings, None, files)
    study = replace(origin.study.read_once(), content=functools.cache(origin.study.content))
    return Ready(replace(origin, study=study), settings, Kept(look_up) if look_up else Kept(), files)


def _voxels(study: Study) -> int:
    return sum(math.prod(series.grid.shape) for series in study.series if series.grid is not None)


def _states(asked: Remeasurement, origin: Origin) -> _States:
    """Of images, result and settings: size, times and number of each file, None where it cannot be told."""
    paths = [*(file.path for file in origin.study.files), origin.place.find(Path(asked.out), RESULT)]
    if asked.config:
        paths.append(Path(asked.config))
    return tuple(map(_state, dict.fromkeys(paths)))


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
