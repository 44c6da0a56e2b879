"""Sound stacks in three directions, and the same with slices at another scale: how many are told, and how many are found.

python -m gluteal_grade_lab measure odd-slices --bodies 9 --spoilt 3     # 216 sound stacks, and 1,080 spoilt ones of each kind
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging import another_brightness, other_scale
from gluteal_grade_lab.phantom.degrade import bias_field, rician
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.study import make_study
from gluteal_grade_lab.phantom.swapped import SwapKind
from gluteal_grade_lab.validation.design import BOX, design, spec
from gluteal_grade_lab.validation.rows import markdown

FIRST_SEED = 74_002  # nothing was chosen on these
FINE_MM = 1.5
BLOCKS = (2, 3, 4, 5)  # fine slices of one slice: 3-7.5 mm
PIXEL = 2  # fine voxels of a pixel: 3 mm
PLANES = {"sagittal": 0, "coronal": 1, "axial": 2}  # and the axis of RAS across the slices
RUNS = ("one", "a run of three", "three apart")
FACTORS = (0.5, 0.67, 1.5, 2.0, 3.0)
CUT = 17  # fine voxels: a narrower field of view, 25 mm less on every side but head and feet
_MUSCLE = 200.0  # grey levels of lean muscle
_SHOWN = 0.05  # of a slice: with less muscle nothing is changed in it, and nothing is asked of it


@dataclass(frozen=True)
class Row:
    """One stack: `image` is `pair` or `alone`; `run` and `factor` say what was done to it, nothing in a sound one.

    `right`: nothing is told of a sound one, and of the others just the changed slices among all that show muscle.
    """

    plane: str
    thick_mm: float
    image: str
    run: str
    factor: float
    right: bool


@dataclass(frozen=True, eq=False)
class Fine:
    """Water, fat and T1 of one body in cubes of `FINE_MM`, without noise; lean muscle is 1."""

    water: FloatArray
    fat: FloatArray
    t1: FloatArray
    snr: float
    seed: int


def make_fine(seed: int) -> Fine:
    """One body of the validation's design; every third is one hip only, every fourth ends within the skin of the back and the front."""
    drawn = replace(design(seed), swap=SwapKind.NONE, metal="none", side=None, alloy=None)
    low, high = (list(corner) for corner in BOX)
    if seed % 3 == 0:
        low[0] = 4.0
    if seed % 4 == 0:
        low[1], high[1] = -120.0, 60.0
    grid = axial_grid((low[0], low[1], low[2]), (high[0], high[1], high[2]), (FINE_MM, FINE_MM, FINE_MM))
    made = spec(drawn)
    clean = tuple(replace(one, snr=0.0, bias_percent=0.0, counts_per_sigma=_MUSCLE / 100) for one in made.series)
    study = make_study(replace(made, grid=grid, series=clean, supersample=(1, 1, 1)))
    shading = bias_field(grid, drawn.bias_percent, seed)
    water, fat, t1 = (np.asarray(image.volume.array * (shading / _MUSCLE), np.float32) for image in study.images)
    return Fine(water, fat, t1, drawn.snr, seed)


def stack(fine: FloatArray, axis: int, blocks: int, noise: float, rng: np.random.Generator) -> FloatArray:
    """Slices of `blocks` fine ones along `axis`, pixels of `PIXEL`, with noise of an SD of `noise`."""
    moved = np.moveaxis(fine, axis, 0)
    n, i, j = (size // step for size, step in zip(moved.shape, (blocks, PIXEL, PIXEL), strict=True))
    thick = moved[: n * blocks, : i * PIXEL, : j * PIXEL].reshape(n, blocks, i, PIXEL, j, PIXEL).mean(axis=(1, 3, 5))
    return np.moveaxis(rician(thick, noise, rng), 0, axis)


def spoilt(image: FloatArray, axis: int, which: npt.NDArray[np.intp], factor: float) -> FloatArray:
    """The image with these slices along `axis` at another scale."""
    moved = np.moveaxis(image.copy(), axis, 0)
    moved[which] *= factor
    return np.moveaxis(moved, 0, axis)


def drawn_slices(run: str, inside: npt.NDArray[np.intp], rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Which of the slices `inside` are changed: neither the first nor the last."""
    if run == "three apart":
        return np.sort(rng.choice(inside[1:-1:2], 3, replace=False))
    length = 1 if run == "one" else 3
    first = int(rng.integers(1, len(inside) - length))
    return inside[first : first + length]


def rows(seed: int, spoil: bool) -> Iterator[Row]:
    """Every stack of one body, sound and, where asked, spoilt, in the whole field of view and in a narrower one."""
    whole = make_fine(seed)
    inner = np.s_[CUT:-CUT, CUT:-CUT]
    narrow = replace(whole, water=whole.water[inner], fat=whole.fat[inner], t1=whole.t1[inner])
    for view, fine in enumerate((whole, narrow)):
        yield from _of(fine, view, spoil)


def _of(fine: Fine, view: int, spoil: bool) -> Iterator[Row]:
    for plane, axis in PLANES.items():
        for blocks in BLOCKS:
            rng = np.random.default_rng([0x0DD, fine.seed, axis, blocks, view])
            water, fat, t1 = (stack(one, axis, blocks, 1 / fine.snr, rng) for one in (fine.water, fine.fat, fine.t1))
            thick = blocks * FINE_MM
            yield Row(plane, thick, "pair", "", 1.0, not other_scale(water, fat, axis).any())
            yield Row(plane, thick, "alone", "", 1.0, not another_brightness(t1, axis)[1:-1].any())
            across = tuple(a for a in range(3) if a != axis)
            inside = np.flatnonzero((water > 0.5 + 1 / fine.snr).mean(axis=across) > _SHOWN)
            for run in RUNS if spoil else ():
                which, first = drawn_slices(run, inside, rng), bool(rng.random() < 0.5)
                expected = np.zeros(water.shape[axis], bool)
                expected[which] = True
                for factor in FACTORS:
                    changed = spoilt(water if first else fat, axis, which, factor)
                    pair = (changed, fat) if first else (water, changed)
                    yield Row(plane, thick, "pair", run, factor, bool((other_scale(*pair, axis) == expected)[inside].all()))
                    alone = another_brightness(spoilt(t1, axis, which, factor), axis)
                    yield Row(plane, thick, "alone", run, factor, bool((alone == expected)[inside].all()))


def table(found: Sequence[Row]) -> str:
    """Stacks that were judged rightly, see `Row`."""
    lines = []
    for plane in PLANES:
        for image in ("pair", "alone"):
            mine = [r for r in found if (r.plane, r.image) == (plane, image)]
            changed = [r for r in mine if r.run]
            by_factor = [_share([r for r in changed if r.factor == factor]) for factor in FACTORS]
            by_run = [_share([r for r in changed if r.run == run]) for run in RUNS]
            lines.append([plane, image, _share([r for r in mine if not r.run]), *by_factor, *by_run])
    return markdown(["stacks", "image", "sound", *(f"{f:g} times" for f in FACTORS), *RUNS], lines)


def _share(mine: Sequence[Row]) -> str:
    return f"{sum(r.right for r in mine)} of {len(mine)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, then print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bodies", type=int, default=9)
    parser.add_argument("--spoilt", type=int, default=3, help="of so many bodies spoilt stacks too")
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    asked = parser.parse_args(arguments)
    found: list[Row] = []
    for seed in range(asked.first, asked.first + asked.bodies):
        found += rows(seed, seed < asked.first + asked.spoilt)
        print(f"body {seed}", flush=True)
    print(table(found))


if __name__ == "__main__":
    main()
