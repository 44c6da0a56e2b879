"""A phantom examined in two stations, as whole-body protocols do it: each part of the body on its own grid, at its own brightness."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gluteal_grade.geometry import Grid, Volume
from gluteal_grade_lab.phantom.study import PhantomStudy, PhantomStudySpec, make_study


@dataclass(frozen=True)
class Cut:
    """How an examination is cut in two along the body.

    Attributes:
        overlap: share of a station that the other shows too; negative: a gap.
        shift: of the upper station against the voxels of the lower, in voxels along each axis.
        gain: of the upper station.
        offset: added to all values of the upper station, share of the 95th percentile of the brightest contrast.
    """

    overlap: float = 0.1
    shift: tuple[float, float, float] = (0.5, 0.5, 0.5)
    gain: float = 1.3
    offset: float = 0.0


def station_grids(whole: Grid, cut: Cut) -> tuple[Grid, Grid]:
    """The lower and the upper station of a grid along its third axis, of one length."""
    slices = whole.shape[2]
    length = round(slices / (2 - cut.overlap))
    x, y, _ = whole.shape
    start = slices - length + cut.shift[2]
    affine = whole.affine.copy()
    affine[:3, 3] = whole.to_world([cut.shift[0], cut.shift[1], start])
    return Grid((x, y, length), whole.affine), Grid((x, y, length), affine)


def make_stations(spec: PhantomStudySpec, cut: Cut) -> PhantomStudy:
    """The study, every series of it taken twice: `st1_NAME` below, `st2_NAME` above. Labels and truth are those of the whole.

    Raises:
        ValueError: as `make_study`.
    """
    grids = station_grids(spec.grid, cut)
    series = tuple(replace(s, name=f"st{n}_{s.name}", grid=grid) for n, grid in enumerate(grids, 1) for s in spec.series)
    made = make_study(replace(spec, series=series))
    upper = [image for image in made.images if image.spec.name.startswith("st2_")]
    offset = cut.offset * max((float(np.percentile(image.volume.array, 95)) for image in upper), default=0.0)
    images = tuple(replace(i, volume=_brighter(i.volume, cut.gain, offset)) if i in upper else i for i in made.images)
    return replace(made, images=images)


def _brighter(volume: Volume, gain: float, offset: float) -> Volume:
    values = np.clip(np.rint(volume.array.astype(np.float64) * gain + offset), 0, 65535)
    return volume.with_array(values.astype(volume.array.dtype))
