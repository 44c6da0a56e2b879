"""Real images with outlines of two readers each: core value and mean over the outline by either, and how far readers move them.

python -m gluteal_grade_lab measure raters --data /work/shared/data      # a minute; the outlines were drawn on some slices only
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gluteal_grade.api import grade
from gluteal_grade.geometry import Volume
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.measurement.core import signed_distance
from gluteal_grade.result import MuscleResult
from gluteal_grade.vocabulary import Muscle, Part, Region, Side, label_value
from gluteal_grade_lab.validation.rows import markdown


@dataclass(frozen=True)
class Images:
    """One real study, by contrast, and who drew on it; `step`: every how many slices of the range that holds a drawing."""

    name: str
    files: Mapping[str, str]
    raters: tuple[str, str]
    step: int
    both: bool = False


SETS = (
    Images("sts_044_t1", {"t1": "sts_044_t1.nii.gz"}, ("A", "B"), 3),
    Images("sts_040_t1", {"t1": "sts_040_t1.nii.gz"}, ("E", "G"), 3),
    Images("ideal_002", {"dixon_water": "ideal_002/water.nii.gz", "dixon_fat": "ideal_002/fat.nii.gz"}, ("D", "G"), 1, both=True),
)


def filled(drawn: npt.NDArray[np.integer], step: int, spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.uint8]:
    """Outlines on every slice between the first and the last that were drawn: signed distances of each value between two of them.

    Args:
        drawn: (x, y, slices) numbers of muscles, some slices empty between.
        step: from one drawn slice to the next.
        spacing_mm: voxel size.
    """
    there = np.flatnonzero(drawn.any(axis=(0, 1)))
    found = np.array(drawn, np.uint8)
    if step == 1:
        return found
    at = np.arange(there[0], there[-1] + 1, step)
    for low, high in pairwise(at.tolist()):
        inside = {v: signed_distance(drawn[:, :, [low, high]] == v, spacing_mm) for v in np.unique(drawn) if v}
        for z in range(low + 1, high):
            share = (z - low) / (high - low)
            depth = np.stack([(1 - share) * d[:, :, 0] + share * d[:, :, 1] for d in inside.values()])
            best = depth.argmax(axis=0)
            found[:, :, z] = np.where(depth.max(axis=0) > 0, np.array(list(inside), np.uint8)[best], 0)
    return found


def labels_of(numbers: npt.NDArray[np.integer], image: Volume, both: bool) -> Volume:
    """Our values: the right hip alone, or either side of the middle of what was drawn."""
    out = np.zeros(numbers.shape, np.uint8)
    x = np.arange(numbers.shape[0])[:, None, None]
    middle = np.argwhere(numbers > 0)[:, 0]
    half = (middle.min() + middle.max()) / 2
    for n, muscle in enumerate(Muscle, start=1):
        for side in Side if both else (Side.RIGHT,):
            mine = (x > half) == (side is Side.RIGHT) if both else np.ones_like(x, bool)
            out[(numbers == n) & mine] = label_value(Part(muscle, Region.WHOLE, side))
    return image.with_array(out)


def measured(images: Images, data: Path) -> Iterator[tuple[str, MuscleResult]]:
    """Every muscle that a rater drew, with the rater."""
    import nibabel as nib

    folder = data / "mri"
    files = {kind: folder / file for kind, file in images.files.items()}
    grid = read_volume(next(iter(files.values())), as_float=True)
    for rater in images.raters:
        drawn = read_volume(folder / "labels" / f"{images.name}_rater{rater}.nii.gz").array
        labels = labels_of(filled(drawn, images.step, grid.spacing_mm), grid, images.both)
        graded = grade(files, labels=nib.Nifti1Image(labels.array, labels.affine))
        for m in graded.result.muscles:
            if m.region is Region.WHOLE and not np.isnan(m.volume_ml):
                yield rater, m


def table(data: Path) -> str:
    """One row for each muscle: both raters, and their difference in points."""
    lines: list[list[object]] = []
    moved: dict[str, list[float]] = {"core": [], "mean": []}
    for images in SETS:
        found: dict[tuple[Side, Muscle], dict[str, MuscleResult]] = {}
        for rater, m in measured(images, data):
            found.setdefault((m.side, m.muscle), {})[rater] = m
        for (side, muscle), by in found.items():
            pair = [by[r] for r in images.raters if r in by]
            if len(pair) < 2:
                continue
            core, mean = (100 * (getattr(pair[0], q) - getattr(pair[1], q)) for q in ("fat_fraction_core", "fat_fraction"))
            moved["core"].append(core)
            moved["mean"].append(mean)
            volumes = " / ".join(f"{m.volume_ml:.0f}" for m in pair)
            values = [" / ".join(_percent(getattr(m, q)) for m in pair) for q in ("fat_fraction_core", "fat_fraction")]
            checks = sorted({c.reason.value for m in pair for c in m.checks})
            where = f"{images.name}, {' / '.join(images.raters)}"
            lines.append(
                [where, f"{side} {muscle.short}", volumes, values[0], f"{core:+.1f}", values[1], f"{mean:+.1f}", ", ".join(checks)]
            )
    heads = ["images, raters", "muscle", "ml", "core value, %", "apart", "mean over the outline, %", "apart", "checks"]
    sizes = {q: np.abs([v for v in d if not np.isnan(v)]) for q, d in moved.items()}
    told = [f"{q}: raters {np.median(s):.1f} points apart (median of {s.size}), {s.max():.1f} at the most" for q, s in sizes.items()]
    return markdown(heads, lines) + "\n" + "\n".join(told)


def _percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{100 * value:.1f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with `mri` in it (development data, not shipped)")
    print(table(parser.parse_args(arguments).data))


if __name__ == "__main__":
    main()
