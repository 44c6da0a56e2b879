"""What there is to review: the results of an output folder, as a list that follows what happens to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.report.layout import Place
from gluteal_grade.results import StudyResult


@dataclass(frozen=True)
class Listed:
    """One study as the worklist shows it.

    Attributes:
        study: hash.
        place: of its files in the output.
        status: graded, partly_graded or refused.
        needs_review: an automatic label failed a check.
        reasons: why it is to be looked at, short words.
        worst_quartile: highest quartile grade of a whole muscle; None without any.
        worst_muscle: of which, e.g. "left gluteus minimus"; empty without any.
        max_fat_fraction: of a whole muscle, 0-1; NaN without any.
        metal: sides that hold metal.
        method: how fat was measured; several joined by ``+``.
        automatic: a network made the labels; None where there are none.
        borderline: muscles with a grade that may as well be another.
        patient: pseudonym in `studies.csv`; empty where not known.
        days: since the patient's first study, as `studies.csv` has it; None where not known.
        prior: hash of the patient's study before this one; empty without.
        result_hash: 16 hex digits of the bytes of `result.json`.
    """

    study: str
    place: Place
    status: str
    needs_review: bool
    reasons: tuple[str, ...]
    worst_quartile: int | None
    worst_muscle: str
    max_fat_fraction: float
    metal: tuple[str, ...]
    method: str
    automatic: bool | None
    borderline: int
    patient: str
    days: int | None
    prior: str
    result_hash: str


class Catalogue:
    """The results of an output folder.

    Args:
        out: the output folder.
        only: hashes of studies; others are as if they were not there.
    """

    def __init__(self, out: Path, only: frozenset[str] | None = None) -> None:
        raise NotImplementedError

    def refresh(self) -> None:
        """Look what is new, replaced or gone. A result that cannot be read is left out until it can.

        Raises:
            TransientFailure: `read_failed`: the output folder itself.
        """
        raise NotImplementedError

    @property
    def listed(self) -> tuple[Listed, ...]:
        """As of the last refresh, by hash."""
        raise NotImplementedError

    def find(self, study: str) -> Listed | None:
        """One of them; any text may be asked for, it is never made a path."""
        raise NotImplementedError

    def load(self, study: str) -> StudyResult:
        """The whole result.

        Raises:
            RefusedInput: `study_not_found`, `not_a_result`.
            TransientFailure: `read_failed`.
        """
        raise NotImplementedError
