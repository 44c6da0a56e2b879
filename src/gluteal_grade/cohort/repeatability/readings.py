"""Which studies are repeats of one another: from the manifest's columns, a CSV, or several outputs of the same studies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from gluteal_grade.cohort.left_out import LeftOut
from gluteal_grade.cohort.stats.load import Tables, is_unknown
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.files import user_rows

COLUMNS = ("table", "study", "subject", "session", "repeat")


def readings(tables: Sequence[Tables], given: Path | None, left: list[LeftOut]) -> pd.DataFrame:
    """Graded studies that are repeats: `table` (which of the outputs), `study`, `subject`, `session`, `repeat`; in order of repeats.

    Args:
        tables: of each output; several: the same studies read again, one repeat each.
        given: CSV that tells, instead of the columns of studies.csv.
        left: gets what does not count.

    Raises:
        RefusedInput: `no_repeats`, `repeats_unreadable`, `study_twice`.
        TransientFailure: `read_failed`.
    """
    if len(tables) > 1:
        found = _same_studies(tables)
    elif given is not None:
        found = _from_file(tables[0].studies, given, left)
    else:
        found = _from_manifest(tables[0].studies)
    found = _named(_graded(found, left), left)
    found = _single(found, left)
    if found.empty:
        raise RefusedInput(Reason.NO_REPEATS, _why(left))
    return found.reset_index(drop=True)


def _why(left: Sequence[LeftOut]) -> str:
    counts = pd.Series([str(x.reason) for x in left], dtype=str).value_counts()
    told = ", ".join(f"{n} {reason}" for reason, n in sorted(counts.items()))
    return f"no subject has two graded repeats{f' (studies left out: {told})' if told else ''}"


def _same_studies(tables: Sequence[Tables]) -> pd.DataFrame:
    parts = [
        t.studies.assign(table=n, subject=t.studies["person"], session=t.studies["study"], repeat=str(n + 1)) for n, t in enumerate(tables)
    ]
    return pd.concat(parts, ignore_index=True)


def _from_manifest(studies: pd.DataFrame) -> pd.DataFrame:
    if "repeat" not in studies.columns:
        raise RefusedInput(Reason.NO_REPEATS, "studies.csv has no column repeat, and no --repeats was given")
    subject = studies["subject"] if "subject" in studies.columns else studies["patient"]
    session = studies["session"] if "session" in studies.columns else ""
    marked = studies.assign(table=0, subject=subject, session=session)
    idle = _unknown(marked["repeat"]) & (_unknown(marked["subject"]) | ("subject" not in studies.columns))
    return marked[~idle]


def _from_file(studies: pd.DataFrame, path: Path, left: list[LeftOut]) -> pd.DataFrame:
    """Lines of the CSV joined to studies by their hash or by where they were found."""
    lines = _lines(path)
    key = "study" if "study" in lines.columns else "source"
    if lines[key].duplicated().any():
        raise RefusedInput(Reason.STUDY_TWICE, f"the file of repeats names a {key} twice")
    several = lines[key].isin(studies.loc[studies[key].duplicated(), key])
    for _ in range(int(several.sum())):
        words = "a line of the file of repeats names a place that holds several studies: name them by `study`"
        left.append(LeftOut("study", Reason.STUDY_NOT_FOUND, words, ""))
    lines = lines[~several]
    unknown = ~lines[key].isin(studies[key])
    for _ in range(int(unknown.sum())):  # what stands there may be a path or a name: it is not told
        left.append(LeftOut("study", Reason.STUDY_NOT_FOUND, "a line of the file of repeats names no study of this cohort", ""))
    own = studies.drop(columns=[c for c in ("subject", "session", "repeat") if c in studies.columns])
    joined = own.merge(lines[[key, *(c for c in ("subject", "session", "repeat") if c in lines.columns)]], on=key, how="inner")
    subject = joined["subject"] if "subject" in joined.columns else joined["patient"]
    return joined.assign(table=0, subject=subject, session=joined["session"] if "session" in joined.columns else "")


def _lines(path: Path) -> pd.DataFrame:
    try:
        rows = [row for _, row in user_rows(path, Reason.REPEATS_UNREADABLE, "the file of repeats")]
    except FileNotFoundError:
        raise RefusedInput(Reason.REPEATS_UNREADABLE, "the file of repeats is not there") from None
    except OSError as error:
        raise TransientFailure(Reason.READ_FAILED, error.strerror or "the file of repeats cannot be read") from error
    header = [c.strip().lower() for c in rows[0]] if rows else []
    header = ["source" if c == "path" else c for c in header]
    if "repeat" not in header or not {"study", "source"} & set(header) or len(set(header)) < len(header):
        raise RefusedInput(Reason.REPEATS_UNREADABLE, "columns study (or source) and repeat are needed, each once")
    if bad := [n for n, row in enumerate(rows[1:], start=2) if len(row) != len(header)]:
        raise RefusedInput(Reason.REPEATS_UNREADABLE, f"line {bad[0]} has another number of cells than the header")
    return pd.DataFrame([[c.strip() for c in row] for row in rows[1:]], columns=header, dtype=str)


def _graded(found: pd.DataFrame, left: list[LeftOut]) -> pd.DataFrame:
    good = found["state"].isin(["graded", "partly_graded"])
    for study, state in zip(found.loc[~good, "study"], found.loc[~good, "state"], strict=True):
        left.append(LeftOut("study", Reason.NO_RESULTS, f"state {state}", str(study)))
    return found[good]


def _named(found: pd.DataFrame, left: list[LeftOut]) -> pd.DataFrame:
    missing = _unknown(found["subject"]) | _unknown(found["repeat"])
    for study in found.loc[missing, "study"]:
        left.append(LeftOut("study", Reason.REPEAT_UNKNOWN, "subject or repeat is not given", str(study)))
    return found[~missing]


def _single(found: pd.DataFrame, left: list[LeftOut]) -> pd.DataFrame:
    """Units (subject and session) of two repeats or more, each once."""
    kept = []
    for _, unit in found.groupby(["subject", "session"], sort=True):
        names = "+".join(dict.fromkeys(unit["study"]))
        if unit["repeat"].duplicated().any():
            left.append(LeftOut("study", Reason.REPEAT_TWICE, "two studies are the same repeat of a subject and session", names))
        elif len(unit) < 2:
            left.append(LeftOut("study", Reason.ONE_REPEAT, "one repeat only", names))
        else:
            kept.append(unit.assign(_order=unit["repeat"].map(_order)).sort_values("_order", kind="stable"))
    return pd.concat(kept)[list(COLUMNS)] if kept else pd.DataFrame(columns=list(COLUMNS))


def _unknown(values: pd.Series) -> pd.Series:
    return values.map(is_unknown).astype(bool)  # of no rows, too


def _order(repeat: str) -> tuple[int, float, str]:
    """Numbers as numbers, before names; ``test`` before ``retest``."""
    try:
        return 0, float(repeat), ""
    except ValueError:
        return 1, 0.0, {"test": "0", "retest": "1"}.get(repeat.casefold(), repeat.casefold())
