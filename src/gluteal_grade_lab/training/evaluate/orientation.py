"""One anatomy stored in every direction: as long as the header is right, the sides must be."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io.nifti import read_volume, save_volume
from gluteal_grade_lab.training.evaluate.cases import MODES, VALIDATION_BODIES, Case, score_rows
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import dice_cell, markdown, scored
from gluteal_grade_lab.training.evaluate.workbench import Workbench

_FIRST_SEED = 960_000
# array axes in the order stored, and which of them run backwards
TURNS: dict[str, tuple[tuple[int, int, int], tuple[int, ...]]] = {
    "as drawn": ((0, 1, 2), ()),
    "left-right reversed": ((0, 1, 2), (0,)),
    "front-back reversed": ((0, 1, 2), (1,)),
    "feet first (slices upwards reversed)": ((0, 1, 2), (2,)),
    "upside down and reversed": ((0, 1, 2), (0, 1, 2)),
    "slices stored first": ((2, 0, 1), ()),
    "rows and columns swapped, reversed": ((1, 0, 2), (0, 2)),
}
OBLIQUE = "oblique, 20 degrees about two axes"


@dataclass(frozen=True)
class Turned:
    """A draw and how it is stored."""

    case: Case
    turn: str

    @property
    def body(self) -> str:
        """Whose anatomy."""
        return self.case.body

    @property
    def key(self) -> str:
        """Both in words."""
        return f"{self.turn}: {self.case.key}"


def items(draws: int) -> list[Turned]:
    """A tenth of `draws`, each stored in every way."""
    cases = [Case(VALIDATION_BODIES[n % 2], MODES[n % 4], _FIRST_SEED + n, in_plane_mm=1.6) for n in range(max(1, draws // 10))]
    return [Turned(case, turn) for case in cases for turn in (*TURNS, OBLIQUE)]


def stored(volume: Volume, turn: str) -> Volume:
    """The same voxels in the same places of the patient, in another order in the file."""
    axes, reversed_axes = TURNS[turn]
    array, affine = volume.array.transpose(axes), volume.affine.copy()
    affine[:3, :3] = volume.affine[:3, list(axes)]
    for axis in reversed_axes:
        affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
        affine[:3, axis] *= -1
        array = np.flip(array, axis)
    return Volume(np.ascontiguousarray(array), affine)


def oblique(volume: Volume, *, labels: bool = False) -> Volume:
    """The volume as slices turned by 20 degrees about x and by 20 about the new y would show it."""
    c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ volume.affine[:3, :3]
    middle = (np.array(volume.shape) - 1) / 2
    affine[:3, 3] = volume.grid.to_world(middle) - affine[:3, :3] @ middle
    return volume.resampled(Grid(volume.shape, affine), labels=labels)


def measure(turned: Turned, bench: Workbench) -> list[Row]:
    """Draw, write as NIfTI, read, segment, score."""
    study = turned.case.draw(bench)
    image, truth = study.image, study.labels
    if turned.turn == OBLIQUE:
        image, truth = oblique(image), oblique(truth, labels=True)
    else:
        image, truth = stored(image, turned.turn), stored(truth, turned.turn).to_ras()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.nii"
        save_volume(image, path)
        image = read_volume(path, as_float=True)
    found = bench.find(image)
    return [row | {"turn": turned.turn, "draw": turned.key} for row in score_rows(turned.case, found, truth.to_ras(), surface=False)]


def render(rows: list[Row]) -> str:
    """By way of storing."""
    lines = []
    for turn in dict.fromkeys(row["turn"] for row in rows):
        some = [row for row in rows if row["turn"] == turn]
        swapped = len({row["draw"] for row in some if row["wrong_side"] > 0.5})
        lines.append([turn, len({row["draw"] for row in some}), swapped, dice_cell(scored(some))])
    return markdown(["stored", "draws", "sides swapped", "Dice, all muscles, median (worst)"], lines)


TABLE = Table("orientation", "Axis order of the file", items, measure, render)
