"""Real images with hand labels: the program against each rater, beside rater against rater, on the slices that were drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import glutei_of
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.vocabulary import Muscle, Side
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import MUSCLES, markdown, short
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Setup, Workbench
from gluteal_grade_lab.training.metrics import dice, hd95_mm, muscle_value, whole_muscles

PROGRAM = "program"
_SIDE_STEP, _MUSCLE_STEP = 100, 10


@dataclass(frozen=True)
class RealCase:
    """One real image and those who drew on it.

    Attributes:
        name: of the image, and of its raters' files.
        file: under the data folder.
        raters: letters.
        slices: first, last and step of the slices drawn, RAS index.
        model: name of the weights that segment it.
    """

    name: str
    file: str
    raters: tuple[str, ...]
    slices: tuple[int, int, int]
    model: str = SHIPPED

    @property
    def key(self) -> str:
        """Image and weights."""
        return self.file if self.model == SHIPPED else f"{self.file} {self.model}"


CASES = (
    RealCase("sts_044_t1", "mri/sts_044_t1.nii.gz", ("A", "B"), (0, 51, 3)),
    RealCase("sts_040_t1", "mri/sts_040_t1.nii.gz", ("E", "G"), (0, 54, 3)),
    RealCase("join7", "mri/join7/water.nii.gz", ("C", "G"), (0, 30, 2)),
    RealCase("ideal_002", "mri/ideal_002/water.nii.gz", ("D", "G"), (9, 15, 1)),
    RealCase("ideal_002", "mri/ideal_002/fat.nii.gz", ("D", "G"), (9, 15, 1)),
)


def available(setup: Setup) -> bool:
    """Are the images and their labels there?"""
    return (setup.data / "mri" / "labels").is_dir()


def measure(case: RealCase, bench: Workbench) -> list[Row]:
    """Segment; score against every rater, and the raters against each other."""
    image = read_volume(bench.setup.data / case.file, as_float=True)
    found = bench.find(image, False, case.model)
    first, last, step = case.slices
    drawn = np.arange(first, last + 1, step)
    folder = bench.setup.data / "mri" / "labels"
    readings = {r: muscle_numbers(read_volume(folder / f"{case.name}_rater{r}.nii.gz").array) for r in case.raters}
    facts = {"draw": case.key, "image": case.file, "model": case.model, "refused": found.reason}
    program = muscle_numbers(found.labels.array)
    sides = {side.value: int((glutei_of(found.labels).array // _SIDE_STEP == _side_digit(side)).sum()) for side in Side}
    rows = [facts | sides | row for r, drawing in readings.items() for row in compare(PROGRAM, program, r, drawing, image, drawn)]
    return [*rows, *(facts | row for a, b in combinations(readings, 2) for row in compare(a, readings[a], b, readings[b], image, drawn))]


def _side_digit(side: Side) -> int:
    return muscle_value(Muscle.GLUTEUS_MAXIMUS, side) // _SIDE_STEP


def muscle_numbers(labels: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """1 maximus, 2 medius, 3 minimus of either side; raters' labels are such numbers already."""
    whole = np.asarray(labels).astype(np.uint8)
    return whole if int(whole.max(initial=0)) < _MUSCLE_STEP else np.asarray(whole_muscles(whole) % _SIDE_STEP // _MUSCLE_STEP, np.uint8)


def compare(
    one: str,
    first: npt.NDArray[np.uint8],
    other: str,
    second: npt.NDArray[np.uint8],
    image: Volume,
    drawn: Sequence[int] | npt.NDArray[np.intp],
) -> list[Row]:
    """Dice, surface distance within the slices and volume of `first` over `second`, per muscle, on the slices drawn alone.

    Args:
        one, other: who drew which.
        first, second: `muscle_numbers` on the image's grid.
        image: for its voxel size.
        drawn: slice indices along the third axis.
    """
    a, b = first[:, :, drawn], second[:, :, drawn]
    rows: list[Row] = []
    for number, muscle in enumerate(MUSCLES, start=1):
        mine, theirs = a == number, b == number
        edges = [_distance(mine[:, :, k], theirs[:, :, k], image) for k in range(mine.shape[2])]
        seen = [e for e in edges if e is not None]
        rows.append(
            {
                "one": one,
                "other": other,
                "muscle": muscle.value,
                "dice": _or_none(dice(mine, theirs)),
                "hd95_mm": float(np.median(seen)) if seen else None,
                "volume_error": int(mine.sum()) / int(theirs.sum()) - 1 if theirs.any() else None,
            }
        )
    return rows


def _distance(mine: npt.NDArray[np.bool_], theirs: npt.NDArray[np.bool_], image: Volume) -> float | None:
    """95th percentile of the surface distance within one slice; None where either is empty."""
    x, y, _ = image.spacing_mm
    return _or_none(hd95_mm(mine[:, :, None], theirs[:, :, None], (x, y, 1.0))) if mine.any() and theirs.any() else None


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def render(rows: list[Row]) -> str:
    """An image a line: Dice of the program against the raters (mean) beside rater against rater."""
    header = ["image", "weights", *(f"{short(m)}: program (raters)" for m in MUSCLES), "HD95 mm", "volume %", "voxels by side"]
    lines = []
    for key in dict.fromkeys(row["draw"] for row in rows):
        some = [row for row in rows if row["draw"] == key]
        mine = [row for row in some if row["one"] == PROGRAM]
        theirs = [row for row in some if row["one"] != PROGRAM]
        cells = [f"{_mean(mine, m, 'dice'):.2f} ({_mean(theirs, m, 'dice'):.2f})" for m in MUSCLES]
        far = " / ".join(f"{_mean(mine, m, 'hd95_mm'):.1f}" for m in MUSCLES)
        more = " / ".join(f"{100 * _mean(mine, m, 'volume_error'):+.0f}" for m in MUSCLES)
        sides = some[0]["refused"] or f"right {mine[0]['right']}, left {mine[0]['left']}"
        lines.append([some[0]["image"], some[0]["model"], *cells, far, more, sides])
    return markdown(header, lines)


def _mean(rows: Iterable[Row], muscle: Muscle, key: str) -> float:
    values = [row[key] for row in rows if row["muscle"] == muscle and row[key] is not None]
    return float(np.mean(values)) if values else float("nan")


def table(models: Sequence[str] = (SHIPPED,)) -> Table:
    """Every image with every set of weights."""

    def items(_: int) -> list[RealCase]:
        return [RealCase(c.name, c.file, c.raters, c.slices, m) for c in CASES for m in models]

    return Table("real", "Real MRI, hand labels", items, measure, render)
