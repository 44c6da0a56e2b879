"""From graded studies to results in the PACS: the outcome of each is stored, and what could not be sent is sent later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
    """

    images: int
    folder: Path
    origin: Origin


def write_down(state: PacsState, settings: PacsSettings, arrived: Mapping[str, Arrived], outcomes: Mapping[str, Outcome]) -> None:
    """Enter the ends of studies, with what there is to send of each."""
    for study, outcome in outcomes.items():
        files = objects_of(settings.out, outcome.folder, settings.send) if outcome.folder and _is_sent(outcome, settings) else []
        one = arrived[study]
        state.record(
            Known(study, one.images, one.origin, outcome.state, outcome.reason, outcome.folder, hash_of(files))
        )  # fmt: skip


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
