"""How many studies came in, were left out for which reason, and count: the numbers of a CONSORT-style flow figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gluteal_grade.cohort.columns import REFUSALS
from gluteal_grade.cohort.own_tables import pieces, read_columns
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.vocabulary import names as column_names

_OF_STUDY = ("study", "state", "method", "automatic", "config_hash", "model_hash", "version", "sex", "age", "patient")
_ANALYSES = {
    "stats": "Compared by groups and sides",
    "sites": "Compared by scanners and sites",
    "norms": "Norms",
    "repeatability": "Repeatability",
}


@dataclass(frozen=True)
class Step:
    """One box of the figure: what is there, and what was left out on the way to the next.

    Attributes:
        words: what is counted.
        count: of it; None of an analysis, whose own methods.txt tells.
        out: left out on the way to it, by state and reason code; of an analysis by what and reason.
        of_cohort: the box follows the one above it; False: it is one of several analyses side by side.
    """

    key: str
    words: str
    count: int | None
    out: tuple[tuple[str, str, int], ...] = ()
    of_cohort: bool = True

    @property
    def left_out(self) -> int:
        """How many."""
        return sum(n for _, _, n in self.out)


@dataclass(frozen=True)
class Flow:
    """All steps, and the studies that were graded.

    Attributes:
        studies: rows of studies.csv that were graded, in full or in part.
    """

    steps: tuple[Step, ...]
    studies: pd.DataFrame

    def step(self, key: str) -> Step:
        """One of them."""
        return next(one for one in self.steps if one.key == key)


def flow_of(out: Path) -> Flow:
    """The flow of a cohort's output.

    Raises:
        RefusedInput: `no_results`.
    """
    studies = _table(out / "studies.csv", _OF_STUDY)
    refusals = _table(out / "refusals.csv", column_names(REFUSALS))
    graded = studies[studies["state"].isin(["graded", "partly_graded"])]
    told = set(refusals["study"]) | set(graded["study"])
    if untold := int((~studies["study"].isin(told)).sum()):
        raise RefusedInput(Reason.NO_RESULTS, f"the tables tell nothing of {untold} studies: make them again (cohort summary)")
    why = Counter(zip(refusals["state"], refusals["reason"], strict=True))
    lost = tuple((state, reason, n) for (state, reason), n in sorted(why.items(), key=lambda item: (-item[1], item[0])))
    muscles, muscle_out = _muscles(out)
    steps = [
        Step("inputs", "inputs", len(graded) + len(refusals)),
        Step("studies", "studies graded, in full or in part", len(graded), lost),
        Step("muscles", "whole muscles graded in full", muscles, muscle_out),
        *_analyses(out),
    ]
    return Flow(tuple(steps), graded.reset_index(drop=True))


def flow_rows(flow: Flow) -> Iterator[dict[str, object]]:
    """Of `flow.csv`: each box, and each reason."""
    for step in flow.steps:
        yield {"step": step.key, "what": step.words, "state": "", "reason": "", "count": "" if step.count is None else step.count}
        for state, reason, n in step.out:
            yield {"step": step.key, "what": "left out before", "state": state, "reason": reason, "count": n}


def _table(path: Path, needed: tuple[str, ...]) -> pd.DataFrame:
    return read_columns(path, set(needed), needed)


def _muscles(out: Path) -> tuple[int, tuple[tuple[str, str, int], ...]]:
    graded, why = 0, Counter[tuple[str, str]]()
    needed = ("region", "status", "reason")
    for part in pieces(out / "cohort.csv", set(needed), needed):
        whole = part[part["region"] == "whole"]
        graded += int((whole["status"] == "graded").sum())
        rest = whole[whole["status"] != "graded"]
        why.update(zip(rest["status"], rest["reason"], strict=True))
    return graded, tuple((status, reason, n) for (status, reason), n in sorted(why.items(), key=lambda item: (-item[1], item[0])))


def _analyses(out: Path) -> Iterator[Step]:
    """Those that lie in the output: what each left out; how many it used stands in its methods.txt."""
    for name, words in _ANALYSES.items():
        path = out / name / "left_out.csv"
        if not (out / name / "methods.txt").is_file() or not path.is_file():
            continue
        reason = "why" if name in ("stats", "sites") else "reason"
        left = read_columns(path, {"what", reason, "region", "count"}, ("what", reason))
        weight = pd.to_numeric(left["count"]).astype(int) if "count" in left else pd.Series(1, index=left.index)
        studies = left["what"] == "study"
        counts: Counter[tuple[str, str]] = Counter()
        for why, n in zip(left.loc[studies, reason], weight[studies], strict=True):
            counts["study", str(why)] += int(n)
        yield Step(name, words, None, tuple((what, why, n) for (what, why), n in counts.most_common()), of_cohort=False)
