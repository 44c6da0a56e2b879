"""Faults of pixels in DICOM files: slices that are not there, exchanged, at another scale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom

from gluteal_grade_lab.fuzz.headers import Fault, files_of
from gluteal_grade_lab.fuzz.seeds import Case

Pixels = npt.NDArray[Any]


def _series(case: Case, rng: Random) -> list[Path]:
    files = files_of(case)
    folder = rng.choice(files).parent
    return [path for path in files if path.parent == folder]


def _put(path: Path, change: Callable[[Pixels], Pixels]) -> None:
    data = pydicom.dcmread(path)
    data.PixelData = change(data.pixel_array.copy()).astype(data.pixel_array.dtype).tobytes()
    data.save_as(path)


def _some_slices(share: float, change: Callable[[Pixels], Pixels]) -> Fault:
    def fault(case: Case, rng: Random) -> None:
        files = _series(case, rng)
        count = max(1, round(share * len(files)))
        start = rng.randrange(len(files) - count + 1)
        for path in files[start : start + count]:
            _put(path, change)

    return fault


def _half_empty(pixels: Pixels) -> Pixels:
    pixels[..., : pixels.shape[-2] // 2, :] = 0
    return pixels


def _exchanged(case: Case, rng: Random) -> None:
    one, other = rng.sample(_series(case, rng), 2)
    a, b = (pydicom.dcmread(path) for path in (one, other))
    a.PixelData, b.PixelData = b.PixelData, a.PixelData
    a.save_as(one)
    b.save_as(other)


def _repeated(case: Case, rng: Random) -> None:
    one, other = rng.sample(_series(case, rng), 2)
    data = pydicom.dcmread(other)
    data.PixelData = pydicom.dcmread(one).PixelData
    data.save_as(other)


def _reversed(case: Case, rng: Random) -> None:
    files = _series(case, rng)
    pixels = [pydicom.dcmread(path).PixelData for path in files]
    for path, data in zip(files, reversed(pixels), strict=True):
        one = pydicom.dcmread(path)
        one.PixelData = data
        one.save_as(path)


def _length(more: int) -> Fault:
    def fault(case: Case, rng: Random) -> None:
        path = rng.choice(files_of(case))
        data = pydicom.dcmread(path)
        data.PixelData = data.PixelData + b"\x10" * more if more > 0 else data.PixelData[:more]
        data.save_as(path)

    return fault


FAULTS: dict[str, Fault] = {
    "pixels one slice empty": _some_slices(0.0, np.zeros_like),
    "pixels a quarter of slices empty": _some_slices(0.25, np.zeros_like),
    "pixels one slice half empty": _some_slices(0.0, _half_empty),
    "pixels one slice doubled": _some_slices(0.0, lambda p: p * 2),
    "pixels a quarter of slices doubled": _some_slices(0.25, lambda p: p * 2),
    "pixels one series doubled": _some_slices(1.0, lambda p: p * 2),
    "pixels one series halved": _some_slices(1.0, lambda p: p // 2),
    "pixels one series mirrored": _some_slices(1.0, lambda p: p[..., ::-1]),
    "pixels one series upside down": _some_slices(1.0, lambda p: p[..., ::-1, :]),
    "pixels one slice mirrored": _some_slices(0.0, lambda p: p[..., ::-1]),
    "pixels one slice noise": _some_slices(0.0, lambda p: np.random.default_rng(1).permutation(p.ravel()).reshape(p.shape)),
    "pixels two slices exchanged": _exchanged,
    "pixels one slice repeated": _repeated,
    "pixels slices in reverse": _reversed,
    "pixels too many bytes": _length(4096),
    "pixels too few bytes": _length(-512),
}
