"""The images under one StudyInstanceUID: whose they are, and what names the examination rather than a series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gluteal_grade.io.frames import Frame

BySeries = Mapping[str, list[Frame]]


def patient_of(by_series: BySeries) -> tuple[str, ...]:
    """What the first header that names the patient says: id, birth date, sex; empty where none does."""
    return next((frame.keys.patient for frames in by_series.values() for frame in frames if any(frame.keys.patient)), ())


def by_patient(by_series: BySeries) -> list[dict[str, list[Frame]]]:
    """The images of a study, patient by patient: those whose headers contradict each other in id, birth date or sex are apart.

    A header that is silent belongs to the first patient that it does not contradict.
    """
    patients: list[tuple[list[str], dict[str, list[Frame]]]] = []
    told = sorted({frame.keys.patient for frames in by_series.values() for frame in frames}, key=lambda p: (-sum(map(bool, p)), p))
    owner = {}
    for patient in told:
        for known, held in patients:
            if all(not a or not b or a == b for a, b in zip(known, patient, strict=True)):
                known[:] = [a or b for a, b in zip(known, patient, strict=True)]
                owner[patient] = held
                break
        else:
            patients.append((list(patient), {}))
            owner[patient] = patients[-1][1]
    for uid, frames in by_series.items():
        for frame in frames:
            owner[frame.keys.patient].setdefault(uid, []).append(frame)
    return [held for _, held in patients]


def of_the_examination(by_series: Iterable[Sequence[Frame]]) -> str:
    """A ProtocolName that several different measurements share: it names the examination, not a series; ``""`` where there is none."""
    facts = [frames[0].facts for frames in by_series]
    names = {one.protocol for one in facts}
    described = {one.texts[:1] for one in facts}
    return names.pop() if len(names) == 1 and len(described) > 1 else ""
