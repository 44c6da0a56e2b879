"""What a BIDS App is asked for: a dataset, and some of its participants and sessions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from gluteal_grade.cohort.entries import Entry
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import parse_name

_SUBJECT, _SESSION = re.compile(r"sub-([A-Za-z0-9]+)"), re.compile(r"ses-([A-Za-z0-9]+)")


def check_dataset(path: Path) -> None:
    """Refuse what is no BIDS dataset.

    Raises:
        RefusedInput: `not_bids`.
    """
    if not (path / "dataset_description.json").is_file():
        raise RefusedInput(Reason.NOT_BIDS, "no dataset_description.json at its top")
    if not any(one.is_dir() for one in path.glob("sub-*")):
        raise RefusedInput(Reason.NOT_BIDS, "no folder sub-<label> at its top")


def chosen_of_bids(entries: Sequence[Entry], participants: Sequence[str], sessions: Sequence[str]) -> list[Entry]:
    """Entries of some participants and sessions; of all where none is named.

    Args:
        entries: of a dataset.
        participants: labels, with or without ``sub-``.
        sessions: labels, with or without ``ses-``; a study without a session is not left out.

    Raises:
        RefusedInput: `study_not_found`: a label that nothing in the dataset has.
    """
    asked, when = ({label.removeprefix(key) for label in labels} for labels, key in ((participants, "sub-"), (sessions, "ses-")))
    named = [(entry, *_labels(entry)) for entry in entries]
    for labels, there, what in ((asked, {s for _, s, _ in named}, "participants"), (when, {s for _, _, s in named}, "sessions")):
        if missing := len(labels - there):
            raise RefusedInput(Reason.STUDY_NOT_FOUND, f"{missing} of the {what} that were named are not in the dataset")
    return [e for e, subject, session in named if (not asked or subject in asked) and (not when or not session or session in when)]


def _labels(entry: Entry) -> tuple[str, str]:
    name = (entry.parts[0] if entry.parts else entry.root.name) + "/"
    group = parse_name(f"{name}x").group
    subject, session = _SUBJECT.search(group), _SESSION.search(group)
    return subject[1] if subject else "", session[1] if session else ""
