"""What the index says about the whole cohort: counts, what made it, and what to beware of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gluteal_grade.cohort.gallery.tables import MEASURED, STATES, Cohort
from gluteal_grade.cohort.gallery.values import by_group
from gluteal_grade.cohort.gallery.words import in_words
from gluteal_grade.report import count, visible
from gluteal_grade.vocabulary import short_methods

_MOST = 6  # values of one kind that are named
_LABELS = {"true": "automatic", "false": "given"}


@dataclass(frozen=True)
class Made:
    """One thing that made the results, e.g. the version.

    Attributes:
        name: of it.
        values: each with its number of studies, the most frequent first; hashes cut to 12 digits.
        more: how many further values are not named.
        code: the values are hashes or versions.
    """

    name: str
    values: tuple[tuple[str, int], ...]
    more: int
    code: bool

    @property
    def mixed(self) -> bool:
        """Whether there is more than one value."""
        return len(self.values) + self.more > 1


@dataclass(frozen=True)
class RefusalReason:
    """How often a reason occurs, and what to do about it."""

    reason: str
    state: str
    number: int
    advice: str


@dataclass(frozen=True)
class Summary:
    """Everything in the head of the index.

    Attributes:
        studies: all of them.
        states: number of studies per state, in the order of `STATES`.
        other_states: studies of a state that is none of these.
        review: studies with a muscle that needs review, and how many muscles that are.
        patients: pseudonyms among the measured studies; 0 where none is given.
        made: what made the results.
        warnings: sentences that must not be overlooked.
        reasons: of the refusals, the most frequent first.
        groups_left_out: of the figures.
    """

    studies: int
    states: dict[str, int]
    other_states: int
    review: tuple[int, int]
    patients: int
    made: tuple[Made, ...]
    warnings: tuple[str, ...]
    reasons: tuple[RefusalReason, ...]
    groups_left_out: int


def summarise(cohort: Cohort) -> Summary:
    """Count studies, refusals and what made the results."""
    studies = cohort.studies
    states = {state: int((studies["state"] == state).sum()) for state in STATES}
    measured = studies[studies["state"].isin(MEASURED)]
    review = measured["needs_review"]
    patients = measured["patient"]
    made = (
        _made("Version", measured["version"], code=True),
        _made("Settings", (v[:12] for v in measured["config_hash"]), code=True),
        _made("Network", (v[:12] for v in measured["model_hash"]), code=True),
        _made("Labels", (_LABELS.get(v.lower(), "not told") for v in measured["automatic"])),
        _made("Fat by", (short_methods(v) for v in measured["method"])),
    )
    return Summary(
        len(studies),
        states,
        len(studies) - sum(states.values()),
        (int((review > 0).sum()), int(review.sum())),
        int(patients[patients != ""].nunique()),
        made,
        tuple(_warnings(cohort, made)),
        _reasons(cohort),
        by_group(cohort)[1],
    )


def _made(name: str, values: Iterable[str], *, code: bool = False) -> Made:
    counts = Counter(visible(v) if v else "none" for v in values)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Made(name, tuple(ordered[:_MOST]), max(0, len(ordered) - _MOST), code)


def _warnings(cohort: Cohort, made: tuple[Made, ...]) -> Iterable[str]:
    why = {
        "Version": "Results of several versions stand side by side: grade all again with one before you compare.",
        "Settings": "Results of several settings stand side by side: grade all again with one before you compare.",
        "Network": "Labels of several networks, or of a network and by hand, stand side by side: compare volumes and grades within one.",
        "Labels": "Some labels are automatic and some were given: compare within one kind.",
        "Fat by": "Fat was measured by several methods: compare fractions only within one; the distributions below mix them.",
    }
    for item in made:
        if item.mixed:
            yield why[item.name]
    if cohort.strangers:
        yield f"{count(cohort.strangers, 'study', 'studies')} of cohort.csv are not graded in studies.csv and are left out here."
    named = cohort.studies.loc[cohort.studies["state"].isin(MEASURED), "study"]
    if twice := int(named.duplicated().sum()):
        yield f"{count(twice, 'row')} of studies.csv repeat a study: it is counted twice in the list, once in the distributions."


def _reasons(cohort: Cohort) -> tuple[RefusalReason, ...]:
    table = cohort.refusals
    counts = Counter(zip(table["reason"], table["state"], strict=True))
    advice = dict(zip(table["reason"], table["advice"], strict=True))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(RefusalReason(in_words(reason), in_words(state), n, visible(advice[reason])) for (reason, state), n in ordered)
