"""What an uneven field does to a picture: signal goes where its frequency says, not where it is.

Spin echo, 2-D: a field error moves a slice's profile along the slice normal (error over the bandwidth of the slice's pulse, in slice
thicknesses) and a point along the readout (error over pixel bandwidth, in pixels). Where signal gathers it piles up, where it leaves a void
stays: every sub-sample keeps its signal and is put where it is read (Hargreaves 2011, 10.2214/AJR.11.7364). Gradient echo, 3-D: no slice
displacement, but spins within a voxel dephase by the echo time: |sinc(difference across the voxel x TE)| along each axis.
View-angle tilting takes most of the in-plane, SEMAC most of the through-plane displacement (Lu 2009, 10.1002/mrm.21967); what is left
is a factor here, and what is farther off resonance than the slice encoding reaches is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from gluteal_grade.geometry import Grid, Volume
from gluteal_grade_lab.phantom.shapes import F32

GAMMA_HZ_PER_PPM_T = 42.577
_FAR_OFF = 0.03  # of a voxel: taken as none


@dataclass(frozen=True)
class Encoding:
    """How a series finds places.

    Attributes:
        bandwidth_hz: per pixel along the readout.
        readout_axis: array axis of the readout; slices lie along axis 2.
        slice_bandwidth_hz: of the excitation of one slice; None for 3-D, where slices are phase encoded.
        in_plane_left: share of the in-plane displacement that is left (view-angle tilting: some 0.15 [U]).
        through_plane_left: share of the through-plane displacement that is left (SEMAC: some 0.1 [U]).
        reach_hz: signal farther off resonance is lost; None for no limit.
    """

    bandwidth_hz: float
    readout_axis: int = 0
    slice_bandwidth_hz: float | None = 1500.0
    in_plane_left: float = 1.0
    through_plane_left: float = 1.0
    reach_hz: float | None = None

    def pixels(self, field_hz: F32) -> F32:
        """Displacement along the readout, pixels."""
        return np.asarray(field_hz * np.float32(self.in_plane_left / self.bandwidth_hz), np.float32)

    def slices(self, field_hz: F32) -> F32:
        """Displacement along the slice normal, slices."""
        share = self.through_plane_left / self.slice_bandwidth_hz if self.slice_bandwidth_hz else 0.0
        return np.asarray(field_hz * np.float32(share), np.float32)


def spin_echo(bandwidth_hz: float, readout_axis: int = 0) -> Encoding:
    """Conventional turbo spin echo."""
    return Encoding(bandwidth_hz, readout_axis)


def mars(bandwidth_hz: float = 600.0, readout_axis: int = 0) -> Encoding:
    """View-angle tilting and SEMAC with some ten slice encodings of 1.5 kHz."""
    return Encoding(bandwidth_hz, readout_axis, in_plane_left=0.15, through_plane_left=0.1, reach_hz=7500.0)


def gradient_echo(bandwidth_hz: float = 1000.0, readout_axis: int = 0) -> Encoding:
    """3-D spoiled gradient echo, as Dixon images are."""
    return Encoding(bandwidth_hz, readout_axis, slice_bandwidth_hz=None)


def acquired(clean: F32, grid: Grid, field_ppm: Volume, field_t: float, encoding: Encoding, te_ms: float | None = None) -> F32:
    """The picture of an object in an uneven field.

    Args:
        clean: (x, y, z) signal without field error.
        grid: of `clean`, slices along axis 2.
        field_ppm: field shift in patient space.
        field_t: field strength.
        encoding: how places are told.
        te_ms: echo time of a gradient echo; None for a spin echo, which refocuses.
    """
    hz = np.float32(GAMMA_HZ_PER_PPM_T * field_t)
    centre = field_ppm.resampled(grid).array * hz
    signal = clean if te_ms is None else clean * dephasing(centre, te_ms)
    if encoding.reach_hz is not None:
        signal = signal * (np.abs(centre) < encoding.reach_hz)
    reach = np.maximum(np.abs(encoding.pixels(centre)), np.abs(encoding.slices(centre)))
    box = _box(reach > _FAR_OFF)
    if box is None:
        return signal
    return _pushed(signal, grid, field_ppm, hz, encoding, box)


def dephasing(field_hz: F32, te_ms: float) -> F32:
    """What is left of a voxel's signal after `te_ms` where the field differs across it, 0-1."""
    left = np.ones(field_hz.shape, np.float32)
    for axis in range(3):
        left *= np.abs(np.sinc(np.gradient(field_hz, axis=axis) * np.float32(te_ms * 1e-3)))
    return left


def disturbed(grid: Grid, field_ppm: Volume, field_t: float, encoding: Encoding, te_ms: float | None = None) -> npt.NDArray[np.bool_]:
    """Voxels whose own signal is read more than a pixel away, or is mostly lost."""
    centre = field_ppm.resampled(grid).array * np.float32(GAMMA_HZ_PER_PPM_T * field_t)
    bad = (np.abs(encoding.pixels(centre)) > 1) | (np.abs(encoding.slices(centre)) > 0.5)
    if encoding.reach_hz is not None:
        bad |= np.abs(centre) >= encoding.reach_hz
    if te_ms is not None:
        bad |= dephasing(centre, te_ms) < 0.5
    return np.asarray(bad, bool)


def _box(mask: npt.NDArray[np.bool_]) -> tuple[slice, slice, slice] | None:
    found = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    if any(not f.size for f in found):
        return None
    a, b, c = (slice(int(f[0]), int(f[-1]) + 1) for f in found)
    return a, b, c


def _pushed(signal: F32, grid: Grid, field_ppm: Volume, hz: np.float32, encoding: Encoding, box: tuple[slice, slice, slice]) -> F32:
    """Each sub-sample's signal added up where it is read; signal read outside the picture is gone."""
    rest = signal.copy()
    rest[box] = 0
    total = rest.astype(np.float64).ravel()
    source = signal[box]
    steps = [1, 1, 1]
    steps[encoding.readout_axis] = 4
    steps[2] = max(steps[2], 3 if encoding.slice_bandwidth_hz else 1)
    offsets = [(np.arange(n) + 0.5) / n - 0.5 for n in steps]
    index = [np.arange(s.start, s.stop, dtype=np.float32).reshape([-1 if a == i else 1 for a in range(3)]) for i, s in enumerate(box)]
    for offset in product(*offsets):
        affine = grid.affine.copy()
        affine[:3, 3] = grid.to_world([s.start + o for s, o in zip(box, offset, strict=True)])
        field_hz = field_ppm.resampled(Grid(source.shape, affine)).array * hz
        where = [np.broadcast_to(i + np.float32(o), source.shape) for i, o in zip(index, offset, strict=True)]
        where[encoding.readout_axis] = where[encoding.readout_axis] + encoding.pixels(field_hz)
        where[2] = where[2] + encoding.slices(field_hz)
        for voxels, weight in _overlaps(where, steps):
            inside = np.logical_and.reduce([(v >= 0) & (v < n) for v, n in zip(voxels, grid.shape, strict=True)]) & (weight > 0)
            flat = np.ravel_multi_index([v[inside] for v in voxels], grid.shape)
            total += np.bincount(flat, weights=source[inside] * weight[inside], minlength=total.size) / float(np.prod(steps))
    return np.asarray(total.reshape(grid.shape), np.float32)


def _overlaps(where: list[F32], steps: list[int]) -> Iterator[tuple[list[npt.NDArray[np.int32]], F32]]:
    """The voxels that boxes of 1/steps voxels, centred at `where`, lie in, and their share there.

    Whole boxes put into the nearest voxel would leave rings a quarter of the signal high where a shift passes a voxel's border.
    """
    choices = []
    for w, n in zip(where, steps, strict=True):
        if n == 1:
            choices.append([(np.rint(w).astype(np.int32), np.float32(1))])
            continue
        low = np.floor(w - np.float32(0.5 / n - 0.5 - 1e-4)).astype(np.int32)
        beyond = np.clip((w + np.float32(0.5 / n) - low - np.float32(0.5)) * n, 0, 1)
        choices.append([(low, 1 - beyond), (low + 1, beyond)])
    for chosen in product(*choices):
        weight = np.ones(where[0].shape, np.float32)
        for _, share in chosen:
            weight *= share
        yield [voxel for voxel, _ in chosen], weight
