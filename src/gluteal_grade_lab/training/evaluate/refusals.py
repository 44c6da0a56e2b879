"""Nothing to find: is it refused, and with which reason?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gluteal_grade.errors import GradeError
from gluteal_grade.imaging import glutei_of
from gluteal_grade.io import discover
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import markdown
from gluteal_grade_lab.training.evaluate.workbench import Workbench
from gluteal_grade_lab.training.strangers import STRANGERS

_FIRST_SEED = 950_000
_DICOM = ("dicom", "failing")


@dataclass(frozen=True)
class Stranger:
    """A made-up image, or a series of a real DICOM folder under the data.

    Attributes:
        name: of `STRANGERS`, or the folder relative to the data.
        seed: of a made-up one.
        series: id of a real one.
    """

    name: str
    seed: int = 0
    series: str = ""

    @property
    def key(self) -> str:
        """Name and number."""
        return f"{self.name} {self.series or self.seed}"


def table(data: Path) -> Table:
    """Every stranger, and every loadable series of ``dicom/`` (other body parts than the pelvis)."""
    return Table("refusals", "Nothing to find", partial(items, data), measure, render)


def items(data: Path, draws: int) -> list[Stranger]:
    """A tenth of `draws` of each made-up image, then the real ones."""
    made = [Stranger(name, _FIRST_SEED + n) for name in STRANGERS for n in range(max(1, draws // 10))]
    return [*made, *(Stranger(str(folder.relative_to(data)), series=one.id) for folder, one in _real(data))]


def _real(data: Path) -> list[tuple[Path, Series]]:
    root = data / _DICOM[0]
    folders = [] if not root.is_dir() else [f for f in sorted(root.rglob("*")) if f.is_dir() and _DICOM[1] not in f.relative_to(root).parts]
    found = []
    for folder in folders:
        if any(path.suffix == ".dcm" for path in folder.iterdir()):
            found += [(folder, one) for one in _series(folder) if one.refusal is None]
    return found


def _series(folder: Path) -> list[Series]:
    try:
        return [one for study in discover(folder).studies for one in study.series]
    except GradeError:
        return []


def measure(stranger: Stranger, bench: Workbench) -> list[Row]:
    """Segment; one row."""
    ct = False
    if stranger.series:
        one = next(s for s in _series(bench.setup.data / stranger.name) if s.id == stranger.series)
        image, ct = one.load(), one.kind is SeriesKind.CT
    else:
        image = STRANGERS[stranger.name](stranger.seed)
    found = bench.find(image, ct)
    labelled = float((glutei_of(found.labels).array > 0).sum()) * found.labels.grid.voxel_volume_ml
    size = "x".join(map(str, image.shape))
    return [{"draw": stranger.key, "name": stranger.name, "size": size, "refused": found.reason, "labelled_ml": labelled}]


def render(rows: list[Row]) -> str:
    """By image."""
    lines = []
    for name in dict.fromkeys(row["name"] for row in rows):
        some = [row for row in rows if row["name"] == name]
        reasons = ", ".join(sorted({row["refused"] for row in some if row["refused"]})) or "-"
        graded = [row["labelled_ml"] for row in some if not row["refused"]]
        lines.append([name, some[0]["size"], len(some), len(some) - len(graded), reasons, f"{max(graded):.0f}" if graded else "-"])
    return markdown(["image", "voxels", "images", "refused", "reason", "labelled if not, ml at most"], lines)
