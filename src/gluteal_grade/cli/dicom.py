"""`--dicom`: DICOM objects beside the other results, and what to say of them."""

from __future__ import annotations

from pathlib import Path

from gluteal_grade.errors import RefusedInput
from gluteal_grade.io.study import Study
from gluteal_grade.pipeline import Graded
from gluteal_grade.report.layout import DICOM, SUMMARY_PICTURE


class Objects:
    """The DICOM objects of one run, written into the study's folder before it appears.

    Args:
        study: as discovery found it.
        wanted: the user asked for them.
        identified: the picture names the patient.
        deidentify: they, and the UIDs in the result, tell nothing of the patient.
    """

    def __init__(self, study: Study, *, wanted: bool, identified: bool = False, deidentify: bool = False) -> None:
        self._study, self._wanted, self._identified, self._deidentify = study, wanted, identified, deidentify
        self._graded: Graded | None = None
        self._where = Path()
        self._names: tuple[str, ...] = ()
        self._refusal: RefusedInput | None = None

    def of(self, graded: Graded, out: Path) -> None:
        """Say what they are of, and where the study's folder will appear."""
        self._graded, self._where = graded, out / graded.result.study / DICOM

    def write(self, folder: Path) -> None:
        """Write them below a folder; a study that gives none keeps its other results."""
        if not self._wanted or self._graded is None:
            return
        from gluteal_grade.report.dicom.write import DicomOptions, write_dicom

        overlay = folder / SUMMARY_PICTURE
        try:
            options = DicomOptions(identified=self._identified, deidentify=self._deidentify)
            paths = write_dicom(self._graded, self._study, folder, overlay=overlay if overlay.exists() else None, options=options)
        except RefusedInput as error:
            self._refusal = error
        else:
            self._names = tuple(path.name for path in paths)

    def tell(self, *, quiet: bool) -> None:
        """Where they lie, or why there are none."""
        from rich.console import Console

        if self._refusal is not None:
            text = f"No DICOM objects ({self._refusal.reason.value}): {self._refusal.detail}. The other results stand."
            Console(stderr=True, highlight=False).print(text, soft_wrap=True, markup=False)
        elif self._names and not quiet:
            text = f"Wrote {', '.join(self._names)} in {self._where}"
            Console(highlight=False).print(text, soft_wrap=True, markup=False)
