"""A graded study in the hands of a Python user."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gluteal_grade.api.frames import typed
from gluteal_grade.api.inputs import PathLike, advised
from gluteal_grade.errors import RefusedInput
from gluteal_grade.pipeline import Graded as InMemory
from gluteal_grade.pipeline import StudyImages
from gluteal_grade.report import Look, grade_text, interval_text, rows, write_overlays
from gluteal_grade.result import MuscleResult, NoteModel, StudyResult, muscle_columns, scales_of
from gluteal_grade.vocabulary import Region, Scale, names
from gluteal_grade.workflow import Job, Output, write

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 960  # of the picture in a notebook, pixels


@dataclass(frozen=True, eq=False, repr=False)
class Graded:
    """A graded study; `grade` gives one.

    Attributes:
        result: everything that `result.json` holds.
        images: the image, the labels, the fat fraction and what was left out, on one grid (`Volume`: array and affine in RAS+
            millimetres); None where the study was refused.
    """

    result: StudyResult
    images: StudyImages | None
    _job: Job = field(repr=False)

    @property
    def refusal(self) -> NoteModel | None:
        """Why the study cannot be graded: `reason`, `detail` and `advice`; None if it was."""
        return self.result.refusal

    def to_frame(self) -> pd.DataFrame:
        """A row for each muscle or region and side, the columns of `muscles.csv` with its rounding, as numbers.

        Grades are nullable whole numbers; what could not be measured is missing. A refused study has no rows.
        """
        columns = muscle_columns(scales_of(self.result))
        return typed(rows(self.result), names(columns), columns)

    def write(self, folder: PathLike, *, dicom: bool = False, deidentify: bool = False) -> Path:
        """Write the files that the command line writes.

        Args:
            folder: results go to `folder/<study>/`; made if it is not there. An earlier result of the study is replaced.
            dicom: DICOM SEG, structured report and picture too (of a study read from DICOM files that still are where they were).
            deidentify: results without patient, dates and UIDs.

        Returns:
            `folder/<study>/`.

        Raises:
            RefusedInput: the study is refused, and the folder holds grades that were made of another input of it.
            TransientFailure: `output_not_writable`.
        """
        with advised():
            output = Output(Path(folder).expanduser(), dicom=dicom, deidentify=deidentify)
            done = write(InMemory(self.result, self.images), self._job, output)
            if done.folder is None:  # only a refusal is not written
                refusal = self.result.refusal
                assert refusal is not None
                raise RefusedInput(
                    refusal.reason, "the folder holds grades of another input of this study, which a refusal does not replace"
                )
        return done.folder

    def __repr__(self) -> str:
        what = f"Graded study {self.result.study}: {self.result.status.replace('_', ' ')}"
        if self.refusal is not None:
            return f"<{what}: {self.refusal.reason}: {self.refusal.detail}>"
        how = f", fat by {self.result.fat.method}" if self.result.fat else ""
        return f"<{what}{how}, {len(self.result.muscles)} muscles and regions>"

    def _repr_html_(self) -> str:
        """For notebooks: the whole muscles in a table, and the summary picture."""
        head = f"<b>{escape(repr(self)[1:-1])}</b>"
        if self.refusal is not None:
            return f"{head}<p>{escape(self.refusal.advice)}</p>"
        scales = scales_of(self.result)
        columns = ("side", "muscle", "ml", "fat % (95 %)", *(scale.title for scale in scales), "status")
        titles = "".join(f"<th>{escape(name)}</th>" for name in columns)
        whole = [m for m in self.result.muscles if m.region is Region.WHOLE]
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _cells(m, scales))}</tr>" for m in whole)
        return f"{head}<table><tr>{titles}</tr>{body}</table>{self._picture()}<p><i>{escape(self.result.disclaimer)}</i></p>"

    def _picture(self) -> str:
        if self.images is None or self._job.settings.report.pictures == "none":
            return ""
        with TemporaryDirectory(prefix="gluteal_grade_") as scratch:
            (path,) = write_overlays(self.result, self.images, Path(scratch), Look(self._job.settings.report.theme, pictures="summary"))
            content = base64.b64encode(_thumbnail(path)).decode("ascii")
        return f'<img alt="labels and fat fraction on the images" style="max-width: 100%" src="data:image/webp;base64,{content}">'


def _thumbnail(path: Path) -> bytes:
    """Small enough for a notebook that is kept."""
    from PIL import Image

    packed = BytesIO()
    with Image.open(path) as picture:
        picture.thumbnail((_WIDTH, 4 * _WIDTH))
        picture.save(packed, "WEBP", quality=80)
    return packed.getvalue()


def _cells(m: MuscleResult, scales: tuple[Scale, ...]) -> tuple[str, ...]:
    measured = m.fat_fraction == m.fat_fraction
    fat = f"{100 * m.fat_shown.value:.1f} ({interval_text(m)})" if measured else "–"
    volume = f"{m.volume_ml:.0f}" if m.volume_ml == m.volume_ml else "–"
    grades = (grade_text(m.graded(scale.key)) for scale in scales)
    return (m.side, m.muscle.short, volume, fat, *grades, m.status.replace("_", " "))
