"""From graded studies to results in the PACS: the outcome of each is stored, and what could not be sent is sent later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gluteal_grade.cohort import Outcome, State
from gluteal_grade.errors import GradeError, Reason
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.grading import hash_of, objects_of
from gluteal_grade.pacs.state import Known, Origin, PacsState

Log = Callable[..., None]
Send = Callable[[Sequence[Path]], int]


@dataclass(frozen=True)
class Arrived:
    """One study on this machine.

    Attributes:
        images: how many the PACS counts, or came.
        folder: of the images.
        origin: why it is here.
        whose: see `found.whose`; empty where it is not known.
    """

    images: int
    folder: Path
    origin: Origin
    whose: str = ""


class Superseded(StrEnum):
    """Why results that the PACS has are no longer those of the study."""

    PATIENT = "patient_corrected"
    IMAGES = "more_images"
    ANEW = "graded_anew"
    REFUSED = "refused_now"

    @property
    def words(self) -> str:
        """For the summary."""
        return _SUPERSEDED[self]


_SUPERSEDED = {
    Superseded.PATIENT: "The patient was corrected; new results stand under the right one. Delete the earlier ones under the other.",
    Superseded.IMAGES: "More images came. The new report names the one that it replaces; its series numbers are higher by ten.",
    Superseded.ANEW: "Graded anew (settings, networks, program, or images). The new report names the one that it replaces.",
    Superseded.REFUSED: "The study as it is now cannot be graded. The PACS still has results of how it was: look at them, or delete them.",
}


def write_down(
    state: PacsState, settings: PacsSettings, arrived: Mapping[str, Arrived], outcomes: Mapping[str, Outcome]
) -> dict[str, Superseded]:
    """Enter the ends of studies, with what there is to send of each.

    Returns:
        studies of which the PACS has results that are superseded, and why.
    """
    superseded: dict[str, Superseded] = {}
    for study, outcome in outcomes.items():
        files = objects_of(settings.out, outcome.folder, settings.send) if outcome.folder and _is_sent(outcome, settings) else []
        one, before = arrived[study], state.known(study)
        now = Known(
            study, one.images, one.origin, outcome.state, outcome.reason, outcome.folder, hash_of(files), patient=one.whose
        )  # fmt: skip
        if before is not None and (why := _superseded(before, now)) is not None:
            superseded[study] = why
        state.record(now)
    return superseded


def _superseded(before: Known, now: Known) -> Superseded | None:
    if not before.sent or now.objects == before.sent or now.state == State.FAILED:
        return None
    if before.patient and now.patient and before.patient != now.patient:
        return Superseded.PATIENT
    if not now.objects:
        return Superseded.REFUSED
    return Superseded.IMAGES if now.images > before.images else Superseded.ANEW


def _is_sent(outcome: Outcome, settings: PacsSettings) -> bool:
    return outcome.state in (State.GRADED, State.PARTLY) or (outcome.state is State.REFUSED and settings.send_refused)


def deliver(state: PacsState, settings: PacsSettings, send: Send, log: Log) -> dict[str, str]:
    """Send whatever has not been sent, of this night and of earlier ones.

    Args:
        state: of the studies.
        settings: which objects.
        send: takes one study's files, verifies them, says how many were new to the PACS; raises `GradeError`.
        log: is told of each study.

    Returns:
        reason code of each study that could not be sent, "" of each that was.
    """
    ends: dict[str, str] = {}
    for known in state.unsent():
        files = objects_of(settings.out, known.folder, settings.send)
        if hash_of(files) != known.objects:  # made anew or removed since: entered again when it is graded again
            files = []
        try:
            if not files:
                ends[known.study] = Reason.NOT_A_RESULT
                continue
            new = send(files)
            state.sent(known.study, known.objects, new)
            ends[known.study] = ""
            log("sent", study=known.study, objects=len(files), new=new)
        except GradeError as error:
            ends[known.study] = error.reason
            log("not sent", study=known.study, reason=error.reason)
    return ends
