"""A prepared training body on disk: tissues of a whole pelvis with its thighs, and what the generator must know about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gluteal_grade_lab.training import tissues

SPACING_MM = 1.5
OUTSIDE_CAP_MM = 120


@dataclass(frozen=True, eq=False)
class Body:
    """One body.

    Attributes:
        name: file name without its ending.
        tissue: (x, y, z) uint8, ids of `tissues`; RAS+ at 1.5 mm: x grows to the patient's right.
        outside_mm: (x, y, z) uint8, distance outwards from the core, 0 inside it, at most 120.
        heads: (2, 3) float, voxel coordinates of the centres of the right and the left femoral head.
        span: lowest and highest z index (inclusive) between which the anatomy can be believed.
        source: whose anatomy it is.

    Raises:
        ValueError: the arrays do not fit each other, or hold unknown tissues.
    """

    name: str
    tissue: npt.NDArray[np.uint8]
    outside_mm: npt.NDArray[np.uint8]
    heads: npt.NDArray[np.float64]
    span: tuple[int, int]
    source: str

    def __post_init__(self) -> None:
        if self.tissue.ndim != 3 or self.tissue.shape != self.outside_mm.shape:
            raise ValueError("tissue and outside_mm must be volumes of one shape")
        if self.heads.shape != (2, 3):
            raise ValueError("heads must be two points")
        if int(self.tissue.max(initial=0)) >= tissues.COUNT:
            raise ValueError("unknown tissue id")
        if not 0 <= self.span[0] < self.span[1] < self.tissue.shape[2]:
            raise ValueError("span must lie inside the grid")


def save_body(body: Body, folder: Path) -> Path:
    """Write `folder/<name>.npz`, compressed; returns the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{body.name}.npz"
    part = folder / f".{body.name}.part"
    with part.open("wb") as handle:  # a reader never sees half a file
        np.savez_compressed(
            handle,
            tissue=body.tissue,
            outside_mm=body.outside_mm,
            heads=body.heads,
            span=np.array(body.span, dtype=np.int64),
            source=np.array(body.source),
        )
    part.replace(path)
    return path


def load_body(path: Path) -> Body:
    """Read one body.

    Raises:
        ValueError: not a body.
        OSError: not readable.
    """
    with np.load(path, allow_pickle=False) as held:
        missing = {"tissue", "outside_mm", "heads", "span", "source"} - set(held.files)
        if missing:
            raise ValueError(f"not a prepared body: {', '.join(sorted(missing))} missing")
        low, high = (int(v) for v in held["span"])
        return Body(path.stem, held["tissue"], held["outside_mm"], held["heads"].astype(np.float64), (low, high), str(held["source"]))
