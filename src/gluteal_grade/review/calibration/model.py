"""What a calibration is: edges of each scale with their intervals, how well they hold, or why there are none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from gluteal_grade.errors import Reason
from gluteal_grade.grading import Profile, Scales
from gluteal_grade.statistics import Floats, Interval, Ints
from gluteal_grade.vocabulary import is_scale_key

MIN_DRAWS, MAX_DRAWS = 200, 100_000
STATUSES = ("graded", "partial", "needs_review")


@dataclass(frozen=True)
class CalibrationOptions:
    """How it is done.

    Attributes:
        name: of the profile that is made.
        draws: resamples of studies for the intervals of kappas.
        include: the `status` of muscles that count.
        seed: of the resamples.
        judge: compare program and readers on kept-back studies.

    Raises:
        ValueError: a value that cannot be.
    """

    name: str = "calibrated"
    draws: int = 2000
    include: tuple[str, ...] = ("graded", "partial")
    seed: int = 20112011
    judge: bool = True

    def __post_init__(self) -> None:
        if not is_scale_key(self.name):
            raise ValueError("a profile's name has small letters, digits and underscores")
        if not MIN_DRAWS <= self.draws <= MAX_DRAWS:
            raise ValueError(f"from {MIN_DRAWS} to {MAX_DRAWS} resamples")
        if not self.include or any(s not in STATUSES for s in self.include):
            raise ValueError(f"of {', '.join(STATUSES)}")


@dataclass(frozen=True)
class Paired:
    """What was measured and graded, on one scale.

    Attributes:
        readers: sorted.
        study: (n,) number of the study of each muscle, 0 to studies - 1; all of one patient's count as one.
        values: (n,) the measured quantity, 0-1.
        grades: (n, readers) from 0; NaN where a reader gave none.
    """

    readers: tuple[str, ...]
    study: Ints
    values: Floats
    grades: Floats

    @property
    def studies(self) -> int:
        """How many."""
        return int(self.study.max()) + 1 if len(self.study) else 0


@dataclass(frozen=True)
class EdgeFound:
    """One edge: where half of the ratings are above.

    Attributes:
        lower: the grade below it.
        at: mean of the readers' edges, fraction.
        interval: 95 %, for these readers.
        readers: each reader's own, in the order of the readers, with its interval.
        spread: SD between the readers' edges.
        current: the edge of the profile in use.
    """

    lower: int
    at: float
    interval: Interval
    readers: tuple[tuple[float, Interval], ...]
    spread: float
    current: float

    @property
    def name(self) -> str:
        """E.g. ``1|2``."""
        return f"{self.lower}|{self.lower + 1}"


@dataclass(frozen=True)
class Kappa:
    """Quadratically weighted kappa, or a mean or difference of some, on studies that had no part in the edges."""

    comparison: str
    value: float
    interval: Interval


@dataclass(frozen=True)
class Bar:
    """Program against reader beside reader against reader, on the same muscles of kept-back studies.

    Attributes:
        rows: every comparison, the means, the difference.
        program: mean kappa of the program, graded by the new edges, with each reader.
        readers: mean kappa of all pairs of readers.
        difference: the first less the second.
        current: mean kappa of the program by the edges in use with each reader.
        units, studies: that were compared.
    """

    rows: tuple[Kappa, ...]
    program: float
    readers: float
    difference: Kappa
    current: float
    units: int
    studies: int

    @property
    def met(self) -> bool | None:
        """No worse than reader against reader; None where that is not defined."""
        return None if math.isnan(self.difference.value) else self.difference.value >= 0

    @property
    def words(self) -> str:
        """In one sentence."""
        if self.met is None:
            return "The bar cannot be judged: no kappa between these raters is defined."
        told = f"program against reader {self.program:.2f}, reader against reader {self.readers:.2f}"
        low, high = self.difference.interval.low, self.difference.interval.high
        width = f"; difference {self.difference.value:+.2f} ({low:+.2f} to {high:+.2f})" if low == low else ""
        sure = "" if not low <= 0 <= high else ". The interval holds zero: more studies may turn it"
        return f"Bar {'met' if self.met else 'missed'}: {told}{width}{sure}."


@dataclass(frozen=True)
class ScaleCalibration:
    """One scale.

    Attributes:
        key: as in the ratings.
        title: for readers.
        base: the profile in use; None where the scale is not known.
        paired: what was counted; None where nothing could be.
        edges: lowest first; those that were estimated, also where `reason` says that they are not good enough.
        noise: SD of each reader about an own edge at 50 % fat, fraction.
        bar: how well the edges hold; None where there are none.
        reason: why no profile is written; None where one is.
        detail: what exactly.
        left_out: why ratings did not count, and how many.
        methods: how fat was measured, and of how many muscles.
    """

    key: str
    title: str
    base: Profile | None
    paired: Paired | None = None
    edges: tuple[EdgeFound, ...] = ()
    noise: tuple[float, ...] = ()
    bar: Bar | None = None
    reason: Reason | None = None
    detail: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    methods: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class CalibrationReport:
    """All.

    Attributes:
        options: how.
        scales: the scales file in use.
        found: each scale that was rated.
        source: where the fractions came from, in words.
        cautions: what to know before the edges are used.
    """

    options: CalibrationOptions
    scales: Scales
    found: tuple[ScaleCalibration, ...]
    source: str
    cautions: tuple[str, ...] = ()

    @property
    def written(self) -> tuple[ScaleCalibration, ...]:
        """The scales that get a profile."""
        return tuple(one for one in self.found if one.reason is None)
