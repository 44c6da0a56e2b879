"""Reports with the prior in them follow the results: which study is the prior is known once a night's tables are made.

The tables compare each study with the patient's last one of an earlier day among all results of the output folder, whether it was fetched
as a prior, asked for or received, and write `sr_prior.dcm` beside the `sr.dcm` of the later one.
"""

from __future__ import annotations

from pathlib import Path

from gluteal_grade.errors import GradeError
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.delivery import Log, Send
from gluteal_grade.pacs.grading import hash_of, objects_of
from gluteal_grade.pacs.state import PacsState
from gluteal_grade.report import DICOM, SR_PRIOR


def prior_report_of(out: Path, folder: str) -> list[Path]:
    """The report with the prior of a study, or nothing."""
    path = out / folder / DICOM / SR_PRIOR
    return [path] if folder and path.is_file() else []


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
            new = send(files)
        except GradeError as error:
            ends[known.study] = error.reason
            log("prior not sent", study=known.study, reason=error.reason)
            continue
        state.sent_prior_report(known.study, report, new)
        ends[known.study] = ""
        log("prior sent", study=known.study, objects=len(files), new=new)
    return ends
