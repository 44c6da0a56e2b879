"""Reports with the prior in them follow the results: which study is the prior is known once a night's tables are made.

The tables compare each study with the patient's last one of an earlier day among all results of the output folder, whether it was fetched
as a prior, asked for or received, and write `sr_prior.dcm` beside the `sr.dcm` of the later one. Headers of those that were sent are
kept in `OUT/.prior_reports/<study>/`: one of another comparison, sent later, names the last of them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pydicom.dataset import Dataset

from gluteal_grade.errors import GradeError, not_writable
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.delivery import Log, Send
from gluteal_grade.pacs.grading import hash_of, objects_of
from gluteal_grade.pacs.state import PacsState
from gluteal_grade.report import DICOM, SR_PRIOR

FOLDER = ".prior_reports"


def prior_report_of(out: Path, folder: str) -> list[Path]:
    """The report with the prior of a study, or nothing."""
    path = out / folder / DICOM / SR_PRIOR
    return [path] if folder and path.is_file() else []


def prior_reports_sent(out: Path, study: str) -> list[Path]:
    """Headers of the reports with a prior that the PACS was sent of a study, the earliest first."""
    return sorted((out / FOLDER / study).glob("*.dcm"))


def deliver_prior_reports(state: PacsState, settings: PacsSettings, send: Send, log: Log) -> dict[str, str]:
    """Send each report with a prior that the PACS has not, where it has the results that the report is of.

    Args:
        state: of the studies.
        settings: nothing is sent where `send` leaves reports (`sr`) out.
        send: as `delivery.deliver` takes it.
        log: is told of each report.

    Returns:
        reason code of each study whose report could not be sent, "" of each whose was.
    """
    ends: dict[str, str] = {}
    for known in state.delivered() if "sr" in settings.send else ():
        files = prior_report_of(settings.out, known.folder)
        report = hash_of(files)
        if not files or report == state.prior_report(known.study):
            continue
        if hash_of(objects_of(settings.out, known.folder, settings.send)) != known.sent:
            continue  # the results that lie here are not those that the PACS has
        try:
            _follow_the_last(settings.out, known.study, files[0])
            report = hash_of(files)
            new = send(files)
            _keep(settings.out, known.study, files[0])
        except GradeError as error:
            ends[known.study] = error.reason
            log("prior not sent", study=known.study, reason=error.reason)
            continue
        state.sent_prior_report(known.study, report, new)
        ends[known.study] = ""
        log("prior sent", study=known.study, objects=len(files), new=new)
    return ends


def _follow_the_last(out: Path, study: str, path: Path) -> None:
    from gluteal_grade.report.dicom import follow

    if earlier := _headers(prior_reports_sent(out, study)):
        follow(path, earlier)


def _keep(out: Path, study: str, path: Path) -> None:
    """The header of what was sent, behind those of before; of another series (the study was graded anew) it is the first again."""
    from gluteal_grade.report.dicom import header_of

    sent, now = prior_reports_sent(out, study), header_of(path)
    earlier = _headers(sent)
    if any(one.SOPInstanceUID == now.SOPInstanceUID for one in earlier):
        return
    folder = out / FOLDER / study
    try:
        if any(one.SeriesInstanceUID != now.SeriesInstanceUID for one in earlier):
            shutil.rmtree(folder)
            sent = []
        folder.mkdir(parents=True, exist_ok=True)
        now.save_as(folder / f"{len(sent):04d}.dcm", enforce_file_format=True)
    except OSError as error:
        raise not_writable(error) from error


def _headers(paths: list[Path]) -> list[Dataset]:
    """Those that can be read."""
    from gluteal_grade.report.dicom import header_of

    found = []
    for path in paths:
        try:
            found.append(header_of(path))
        except MemoryError:
            raise
        except Exception:  # damaged: nothing to refer to
            continue
    return found
