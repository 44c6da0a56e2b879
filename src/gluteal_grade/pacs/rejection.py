"""Results that newer ones replace are rejected in the PACS, where `reject_superseded` asks for it (IHE Imaging Object Change Management).

Before a study is graded again, headers of the results that the PACS has are kept in `OUT/.superseded/<study>/`. Once the new ones are
there, a rejection note that names the old ones follows, and what was kept is deleted. A note that could not be sent is sent the next time.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from pydicom.dataset import Dataset

from gluteal_grade.errors import GradeError, not_writable
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.delivery import Log
from gluteal_grade.pacs.grading import hash_of, objects_of
from gluteal_grade.pacs.prior_reports import prior_report_of, prior_reports_sent
from gluteal_grade.pacs.state import PacsState

FOLDER = ".superseded"
_NOTE = "note"


class Archive(Protocol):
    """What a PACS is asked for; see `PacsPeer`."""

    def listed(self, files: Sequence[Path]) -> list[Path] | None:
        """Those of these objects that it lists; None where it can't be asked."""
        ...

    def send_note(self, note: Path) -> None:
        """Takes a note, which it may never list."""
        ...

    def patients(self, study_uid: str) -> set[str]:
        """PatientIDs that it has a study under."""
        ...


class Rejections:
    """Keeps what will be superseded, and rejects it once it is.

    Args:
        settings: `pacs.yaml`.
        archive: the PACS.
        log: is told of each study.
    """

    def __init__(self, settings: PacsSettings, archive: Archive, log: Log) -> None:
        self._settings, self._archive, self._log = settings, archive, log

    def keep(self, state: PacsState, studies: Iterable[str]) -> None:
        """Before these studies are graded: headers of their results in the PACS.

        Raises:
            TransientFailure: `output_not_writable`.
        """
        if not self._settings.reject_superseded:
            return
        for study in studies:
            known = state.known(study)
            files = self._results(known.folder) if known is not None and known.sent else []
            if known is not None and files and hash_of(files) == known.sent:  # else it is not what the PACS has
                prior = prior_report_of(self._settings.out, known.folder)
                now = prior if prior and hash_of(prior) == state.prior_report(study) else []
                self._keep(study, files + now + prior_reports_sent(self._settings.out, study))

    def send(self, state: PacsState) -> tuple[dict[str, int], dict[str, str]]:
        """After new results were sent: reject what they replace.

        Returns:
            how many objects of each study were rejected; reason code of each study where that failed.
        """
        done: dict[str, int] = {}
        failed: dict[str, str] = {}
        for folder in sorted(p for p in self._folder.glob("*") if p.is_dir()) if self._settings.reject_superseded else ():
            study = folder.name
            known = state.known(study)
            files = self._results(known.folder) if known is not None and known.objects and not known.to_send else []
            if known is None or not files or hash_of(files) != known.sent:
                continue  # what replaces them is not there yet, or was never made
            try:
                rejected, more = self._reject(folder, files)
            except GradeError as error:
                failed[study] = error.reason
                self._log("not rejected", study=study, reason=error.reason)
                continue
            if rejected:
                done[study] = rejected
                state.counted(study, more)
                self._log("rejected", study=study, objects=rejected)
            shutil.rmtree(folder, ignore_errors=True)
        return done, failed

    @property
    def _folder(self) -> Path:
        return self._settings.out / FOLDER

    def _results(self, folder: str) -> list[Path]:
        return objects_of(self._settings.out, folder, self._settings.send)

    def _keep(self, study: str, files: Sequence[Path]) -> None:
        from gluteal_grade.report.dicom import header_of

        target = self._folder / study
        try:
            target.mkdir(parents=True, exist_ok=True)
            for path in files:
                header = header_of(path)
                name = hashlib.sha256(str(header.SOPInstanceUID).encode()).hexdigest()[:16]
                header.save_as(target / f"{name}.dcm", enforce_file_format=True)
        except OSError as error:
            raise not_writable(error) from error

    def _reject(self, folder: Path, files: Sequence[Path]) -> tuple[int, int]:
        """How many were rejected, and how many objects the PACS lists more than before."""
        from gluteal_grade.report.dicom import header_of, rejection_note, same_patient

        headers = [header_of(path) for path in files]
        now = max(headers, key=lambda header: int(header.get("SeriesNumber") or 0))  # images of stitched stations do not count up
        new = {str(header.SOPInstanceUID) for header in headers}
        series = {str(header.SeriesInstanceUID) for header in headers}  # a report with the prior goes with the one that it repeats
        kept = {path: header_of(path) for path in sorted(folder.glob("*.dcm")) if not path.stem.startswith(_NOTE)}
        old = [
            path
            for path, header in kept.items()
            if str(header.SOPInstanceUID) not in new and not (header.Modality == "SR" and str(header.SeriesInstanceUID) in series)
        ]
        there = self._archive.listed(old) if old else []
        gone = old if there is None else there  # one that can't be asked is told of all
        notes: list[Path] = []
        for same in (True, False):
            group = [kept[path] for path in gone if same_patient(kept[path], now) is same]
            if group:
                notes.append(folder / f"{_NOTE}{len(notes)}.dcm")
                note = rejection_note(group, now, now if same else self._patient(group[0], now))
                try:
                    note.save_as(notes[-1], enforce_file_format=True)
                except OSError as error:
                    raise not_writable(error) from error
                self._archive.send_note(notes[-1])
        left = self._archive.listed([*gone, *notes]) if notes else None
        return len(gone), 0 if left is None else len(left) - len(gone)

    def _patient(self, old: Dataset, now: Dataset) -> Dataset:
        """Who the PACS has the old objects under: it keeps them as they were, or it corrected them too."""
        listed = self._archive.patients(str(old.StudyInstanceUID))
        return now if listed and str(old.get("PatientID", "")) not in listed else old
