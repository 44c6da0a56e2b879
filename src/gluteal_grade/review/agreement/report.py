"""What agreement is: one number with its interval, and all of them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from gluteal_grade.review.agreement.ratings import Ratings
from gluteal_grade.statistics import Floats

MIN_DRAWS, MAX_DRAWS = 200, 100_000

Cell = tuple[str, str, str, str]  # scale, comparison, muscle, side


@dataclass(frozen=True)
class AgreementOptions:
    """How it is computed.

    Attributes:
        draws: resamples of a bootstrap interval.
        seed: of all of them.

    Raises:
        ValueError: draws out of range.
    """

    draws: int = 2000
    seed: int = 20112011

    def __post_init__(self) -> None:
        if not MIN_DRAWS <= self.draws <= MAX_DRAWS:
            raise ValueError(f"from {MIN_DRAWS} to {MAX_DRAWS}")


@dataclass(frozen=True)
class AgreementRow:
    """One statistic: a row of `agreement.csv`.

    Attributes:
        scale: e.g. `quartile`.
        comparison: e.g. `A vs B`.
        statistic: e.g. `kappa_quadratic`.
        value: rounded to six places; NaN where not defined.
        low: of the 95 % interval; NaN where there is none.
        high: of the 95 % interval.
        muscle: its name, or `all`.
        side: right, left or `all`.
        n: units (a muscle and side of a study, a side, a study) that were counted.
        studies: that they are of.
        left_out: units that only some of the raters graded.
        interval: how it was made: bootstrap, F, t, chi squared; empty where there is none.
        note: why there is no value or interval, or what to know of it.
    """

    scale: str
    comparison: str
    statistic: str
    value: float
    low: float
    high: float
    muscle: str
    side: str
    n: int
    studies: int
    left_out: int
    interval: str
    note: str

    @property
    def cell(self) -> Cell:
        """What it is of."""
        return self.scale, self.comparison, self.muscle, self.side


COLUMNS = tuple(f.name for f in fields(AgreementRow))


@dataclass(frozen=True)
class AgreementReport:
    """All.

    Attributes:
        ratings: what was read.
        options: how.
        rows: the numbers.
        tables: (k, k) counts of every pair on categories, first rater in rows.
        pairs: (n, 2) fractions of every pair on a continuous scale.
    """

    ratings: Ratings
    options: AgreementOptions
    rows: tuple[AgreementRow, ...]
    tables: dict[Cell, Floats] = field(default_factory=dict)
    pairs: dict[Cell, Floats] = field(default_factory=dict)

    def get(self, cell: Cell, statistic: str) -> AgreementRow | None:
        """One number, if it was looked for."""
        return self._index().get((*cell, statistic))

    def _index(self) -> dict[tuple[str, ...], AgreementRow]:
        found: dict[tuple[str, ...], AgreementRow] | None = self.__dict__.get("_by_cell")
        if found is None:
            found = {(*r.cell, r.statistic): r for r in self.rows}
            self.__dict__["_by_cell"] = found
        return found
