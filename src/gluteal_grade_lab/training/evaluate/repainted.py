"""What limits real T1: the same hips, repainted inside a rater's outlines. What still fails then is not the picture's doing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade.geometry import Array, FloatArray, Volume
from gluteal_grade.io.nifti import read_volume
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.real import CASES, PROGRAM, RealCase, compare, muscle_numbers
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import MUSCLES, markdown, short
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Workbench

NAME = "repainted"
_FIRST_RATER = 0
_HALF_RIM_MM = 1.2
_RIM_SIGNAL = 0.75  # of fat
_GRAIN = 0.06  # of muscle


@dataclass(frozen=True)
class Painting:
    """One way to repaint one image.

    Attributes:
        case: the image and its raters.
        even: muscles have one signal, and some grain.
        rims: a line as bright as most fat, 2 to 3 mm wide, around every muscle.
        model: name of the weights that segment it.
    """

    case: RealCase
    even: bool
    rims: bool
    model: str = SHIPPED

    @property
    def words(self) -> str:
        """What is done."""
        if not (self.even or self.rims):
            return "as it is"
        return ", ".join(["even muscle"] * self.even + (["lines around each"] if self.rims else ["no lines"]))

    @property
    def key(self) -> str:
        """Image, painting and weights."""
        return f"{self.case.file} {self.words} {self.model}"


_T1 = tuple(case for case in CASES if case.file.endswith("_t1.nii.gz"))
_WAYS = ((False, False), (True, False), (True, True), (False, True))


def measure(painting: Painting, bench: Workbench) -> list[Row]:
    """Paint, segment, and score against the rater whose outlines were painted."""
    case = painting.case
    image = read_volume(bench.setup.data / case.file, as_float=True)
    rater = case.raters[_FIRST_RATER]
    drawing = muscle_numbers(read_volume(bench.setup.data / "mri" / "labels" / f"{case.name}_rater{rater}.nii.gz").array)
    first, last, step = case.slices
    drawn = np.arange(first, last + 1, step)
    found = bench.find(repainted(image, drawing, drawn, even=painting.even, rims=painting.rims), False, painting.model)
    facts = {"draw": painting.key, "image": case.name, "model": painting.model, "words": painting.words, "refused": found.reason}
    return [facts | row for row in compare(PROGRAM, muscle_numbers(found.labels.array), rater, drawing, image, drawn)]


def repainted(image: Volume, drawing: npt.NDArray[np.uint8], drawn: npt.NDArray[np.intp], *, even: bool, rims: bool) -> Volume:
    """The image with other muscles and lines around them; between drawn slices the outlines go linearly from one to the next.

    Args:
        image: T1, whose fat is bright.
        drawing: `muscle_numbers` on its grid.
        drawn: evenly spaced slice indices along the third axis.
        even, rims: see `Painting`.
    """
    depth = np.stack([_depth_mm(drawing == number, drawn, image) for number in range(1, len(MUSCLES) + 1)])
    deepest: FloatArray = depth.max(axis=0)
    values = image.array.astype(np.float32)
    muscle, seen = float(np.median(values[deepest > 0])), values[values > np.median(values)]
    fat = float(np.percentile(seen, 90))
    if even:
        grain = 1 + _GRAIN * np.random.default_rng(0).standard_normal(values.shape, np.float32)
        values = np.where(deepest > 0, muscle * grain, values)
    if rims:
        edge = (np.abs(depth).min(axis=0) < _HALF_RIM_MM) & (deepest > -_HALF_RIM_MM)
        values = np.where(edge, np.float32(_RIM_SIGNAL * fat), values)
    return image.with_array(values)


def _depth_mm(mask: Array, drawn: npt.NDArray[np.intp], image: Volume) -> FloatArray:
    """Signed distance to the outline within each slice, positive inside, linear between drawn slices and as the last one beyond."""
    sampling, far = image.spacing_mm[:2], float(max(image.shape[:2]))
    slices = []
    for z in drawn:
        one = mask[:, :, z]
        inside, outside = (ndimage.distance_transform_edt(m, sampling=sampling) for m in (one, ~one))
        slices.append(inside - outside if one.any() else np.full(one.shape, -far))
    place = np.clip((np.arange(mask.shape[2]) - drawn[0]) / (drawn[1] - drawn[0]), 0, len(drawn) - 1)
    low = np.minimum(place.astype(int), len(drawn) - 2)
    stack = np.stack(slices, axis=-1)
    return np.asarray(stack[..., low] * (1 - (place - low)) + stack[..., low + 1] * (place - low), np.float32)


def render(rows: list[Row]) -> str:
    """A painting a line: Dice against the rater."""
    lines = []
    for key in dict.fromkeys(row["draw"] for row in rows):
        some = [row for row in rows if row["draw"] == key]
        cells = ["-" if row["dice"] is None else f"{row['dice']:.2f}" for row in some]
        lines.append([some[0]["image"], some[0]["model"], some[0]["words"], *cells])
    return markdown(["image", "weights", "picture", *(short(m) for m in MUSCLES)], lines)


def table(models: tuple[str, ...] = (SHIPPED,)) -> Table:
    """Both T1 in every painting with every set of weights."""

    def items(_: int) -> list[Painting]:
        return [Painting(case, even, rims, model) for case in _T1 for even, rims in _WAYS for model in models]

    return Table(NAME, "Real T1 repainted inside a rater's outlines", items, measure, render)
