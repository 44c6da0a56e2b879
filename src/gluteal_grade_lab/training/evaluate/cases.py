"""One synthetic study to be segmented, and its scores as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import GLUTEI, Muscle
from gluteal_grade_lab.training.bodies import Body, load_body
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Found, Workbench
from gluteal_grade_lab.training.metrics import scores, side_errors
from gluteal_grade_lab.training.synth import FieldOfView, Plane, StudyDraw, SynthStudy, draw_study

VALIDATION_BODIES = ("ts_s0327", "open3d")
MODES = ("t1", "water", "fat", "stir")
PLANES: tuple[Plane, Plane] = ("axial", "coronal")
SLICES_MM = (3.0, 5.0, 7.0)
ONE_HIP: tuple[FieldOfView, ...] = ("right_hip", "left_hip")
PARTIAL_FIELDS: tuple[FieldOfView, ...] = (*ONE_HIP, "cut_top", "cut_bottom")
WHOLE: FieldOfView = "whole"


@dataclass(frozen=True)
class Case:
    """A draw of the generator, by everything it depends on.

    Attributes:
        body: name of a prepared body.
        mode: contrast.
        seed: of shape, pose, signal and noise.
        plane: of the slices.
        slice_mm: slice thickness.
        in_plane_mm: pixel size.
        fov: whole, or one of `PARTIAL_FIELDS`.
        fat_percent: mean intramuscular fat, None to have it drawn.
        model: name of the weights that segment it.
    """

    body: str
    mode: str
    seed: int
    plane: Plane = "axial"
    slice_mm: float = 5.0
    in_plane_mm: float = 1.3
    fov: FieldOfView = WHOLE
    fat_percent: float | None = None
    model: str = SHIPPED

    @property
    def key(self) -> str:
        """All of it in words."""
        fat = "" if self.fat_percent is None else f" fat{self.fat_percent:g}"
        model = "" if self.model == SHIPPED else f" {self.model}"
        return f"{self.body} {self.mode} {self.plane} {self.slice_mm:g}mm/{self.in_plane_mm:g} {self.fov}{fat} seed{self.seed}{model}"

    def of(self, model: str) -> Case:
        """The same draw for other weights."""
        return replace(self, model=model)

    def draw(self, bench: Workbench) -> SynthStudy:
        """Make it."""
        wanted = StudyDraw(
            mode=self.mode,
            plane=self.plane,
            slice_mm=self.slice_mm,
            in_plane_mm=self.in_plane_mm,
            fov=self.fov,
            fat_percent=self.fat_percent,
        )
        return draw_study(_body(bench.setup.body_path(self.body)), wanted, self.seed)


@lru_cache(maxsize=4)
def _body(path: Path) -> Body:
    return load_body(path)


def varied(body: str, mode: str, number: int, seed: int, fov: FieldOfView = WHOLE) -> Case:
    """Draw `number` of a cell: every third coronal, thickness and pixel size in turn."""
    plane = PLANES[1] if number % 3 == 2 else PLANES[0]
    return Case(body, mode, seed, plane, SLICES_MM[(number // 3) % 3], (1.2, 1.4, 1.6)[(number // 9) % 3], fov)


def segmented(case: Case, bench: Workbench, *, surface: bool = True) -> list[Row]:
    """Draw, segment, score."""
    study = case.draw(bench)
    return score_rows(case, bench.find(study.image, case.mode == "ct", case.model), study.labels, surface=surface)


def score_rows(case: Case, found: Found, truth: Volume, *, surface: bool = True, muscles: Sequence[Muscle] = GLUTEI) -> list[Row]:
    """One row per muscle and side, with the case, the refusal and the side errors in each."""
    wrong = {(e.muscle, e.side): e.share for e in side_errors(found.labels, truth)}
    facts = asdict(case) | {"draw": case.key, "refused": found.reason}
    rows = []
    for score in scores(found.labels, truth, surface=surface, muscles=muscles):
        row = facts | asdict(score) | {"wrong_side": wrong.get((score.muscle, score.side), 0.0)}
        rows.append(row)
    return rows
