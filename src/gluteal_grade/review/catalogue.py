"""What there is to review: the results of an output folder, as a list that follows what happens to them."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.report import RESULT, Place, places
from gluteal_grade.result import StudyResult
from gluteal_grade.review.listed import Listed, listed_of

__all__ = ["Catalogue", "Listed"]

_KEPT = 24  # whole results held at once
_Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class _Known:
    """A result as it was read, None if it could not be."""

    stamp: _Stamp
    listed: Listed | None


class Catalogue:
    """The results of an output folder.

    Args:
        out: the output folder.
        only: hashes of studies; others are as if they were not there.
    """

    def __init__(self, out: Path, only: frozenset[str] | None = None) -> None:
        self._out, self._only = out, only
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}  # by folder
        self._people: tuple[_Stamp | None, dict[str, tuple[str, int | None]]] = (None, {})
        self._listed: dict[str, Listed] = {}
        self._results = lru_cache(maxsize=_KEPT)(_read_result)

    @property
    def only(self) -> frozenset[str] | None:
        """Hashes of the studies that there are, None for all."""
        return self._only

    def refresh(self) -> None:
        """Look what is new, replaced or gone. A result that cannot be read is left out until it can.

        Raises:
            TransientFailure: `read_failed`: the output folder itself.
        """
        with self._lock:
            try:
                there = list(places(self._out))
            except OSError as error:
                raise TransientFailure(Reason.READ_FAILED, error.strerror or "the output folder cannot be read") from error
            self._known = {place.folder: self._looked_at(place) for place in there}
            found = {one.listed.study: one.listed for one in self._known.values() if one.listed is not None}
            wanted = (one for study, one in sorted(found.items()) if self._only is None or study in self._only)
            self._listed = {one.study: one for one in _with_people(wanted, self._read_people())}

    def _looked_at(self, place: Place) -> _Known:
        path = place.find(self._out, RESULT)
        stamp = _stamp(path)
        before = self._known.get(place.folder)
        if before is not None and before.stamp == stamp:
            return before
        try:
            return _Known(stamp, listed_of(path.read_bytes(), place))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # half-written by something else, or no result of ours
            return _Known(stamp, None)

    def _read_people(self) -> Mapping[str, tuple[str, int | None]]:
        """Pseudonym and day by study, as far as `studies.csv` is there."""
        path = self._out / "studies.csv"
        stamp = _stamp(path)
        if stamp != self._people[0]:
            try:
                with path.open(encoding="utf-8", newline="") as stream:
                    rows = {row["study"]: (row.get("patient") or "", _number(row.get("days"))) for row in csv.DictReader(stream)}
            except (OSError, ValueError, KeyError, csv.Error):
                rows = {}
            self._people = (stamp, rows)
        return self._people[1]

    @property
    def listed(self) -> tuple[Listed, ...]:
        """As of the last refresh, by hash."""
        return tuple(self._listed.values())

    def find(self, study: str) -> Listed | None:
        """One of them; any text may be asked for, it is never made a path."""
        return self._listed.get(study)

    def load(self, study: str) -> StudyResult:
        """The whole result.

        Raises:
            RefusedInput: `study_not_found`, `not_a_result`.
            TransientFailure: `read_failed`.
        """
        one = self.find(study)
        if one is None:
            raise RefusedInput(Reason.STUDY_NOT_FOUND, "no result of it in the output folder")
        path = one.place.find(self._out, RESULT)
        return self._results(path, _stamp(path))


def _stamp(path: Path) -> _Stamp:
    """Changes whenever a file is replaced; zeros where there is none."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _read_result(path: Path, stamp: _Stamp) -> StudyResult:  # noqa: ARG001 - part of the cache key
    try:
        return StudyResult.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise RefusedInput(Reason.STUDY_NOT_FOUND, "its result is gone") from None
    except OSError as error:
        raise TransientFailure(Reason.READ_FAILED, error.strerror or "cannot be read") from error
    except ValidationError as error:
        raise RefusedInput(Reason.NOT_A_RESULT, f"{error.error_count()} values are not as this version has them") from None


def _with_people(listed: Iterable[Listed], people: Mapping[str, tuple[str, int | None]]) -> list[Listed]:
    """With pseudonym, day and the study before; of studies on one day or without a day, none is the other's prior."""
    told = [one if one.study not in people else replace(one, patient=people[one.study][0], days=people[one.study][1]) for one in listed]
    dated: dict[str, list[tuple[int, str]]] = {}
    for one in told:
        if one.patient and one.days is not None:
            dated.setdefault(one.patient, []).append((one.days, one.study))

    def prior(one: Listed) -> str:
        earlier = [place for place in dated.get(one.patient, ()) if one.days is not None and place[0] < one.days]
        return max(earlier)[1] if earlier else ""

    return [replace(one, prior=prior(one)) if one.patient else one for one in told]


def _number(text: str | None) -> int | None:
    return int(text) if text else None
