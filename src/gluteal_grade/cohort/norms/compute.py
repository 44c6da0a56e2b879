"""Curves of every protocol, sex, muscle and quantity of which enough people were measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from gluteal_grade.cohort.left_out import LeftOut
from gluteal_grade.cohort.norms.people import BODY, NormsOptions, people_of, without_operated
from gluteal_grade.cohort.own_tables import pieces
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.grading import Quantity
from gluteal_grade.statistics import Floats, LmsCurve, fit_lms
from gluteal_grade.vocabulary import method_words, muscles_among

QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
OFFSETS: Mapping[str, float] = {"fat_fraction": 0.05, "fat_fraction_core": 0.05}  # so that a lean muscle, too, has a logarithm
MIN_PEOPLE, ADVISED_PEOPLE = 40, 120  # of one sex; 120: CLSI EP28-A3c, reference intervals of a partition
_BODY = {"volume_per_kg": "weight_kg", "volume_per_m2": "height_m", "volume_per_lean_kg": "lean_kg"}
_NEEDED = ("study", "side", "muscle", "region", "status", "method", "volume_ml", "fat_fraction")
_LATER = ("fat_fraction_core", "series_kind", "field_strength_t")  # what cohort.csv of older versions lacks
_OF_STUDY = ["sex", "operated_side", "automatic"]
_FIELDS = np.array([0.25, 0.35, 0.55, 1.0, 1.5, 3.0, 7.0])  # tesla, as scanners are called
_GAP_YEARS = 10.0
Bools = npt.NDArray[np.bool_]
PEOPLE = {"F": ("woman", "women"), "M": ("man", "men")}


@dataclass(frozen=True)
class Protocol:
    """What was measured alike, and so makes a set; `field_t` NaN where it is not known."""

    method: str
    kind: str
    labels: str
    field_t: float

    @property
    def words(self) -> str:
        """E.g. ``Dixon, dixon_fat+dixon_water, automatic labels, 3 T``."""
        field = "" if np.isnan(self.field_t) else f"{self.field_t:g} T"
        return ", ".join(part for part in (method_words(self.method), self.kind, f"{self.labels} labels", field) if part)


@dataclass(frozen=True)
class Fitted:
    """One curve, and the values it was fitted to.

    Attributes:
        people: how many.
        age, values, weights: (sides of people,).
        below, above: share of values below the 5th and above the 95th percentile, percent.
    """

    protocol: Protocol
    sex: str
    muscle: str
    quantity: Quantity
    people: int
    curve: LmsCurve
    age: Floats
    values: Floats
    below: float
    above: float

    @property
    def offset(self) -> float:
        """What was added to the values."""
        return OFFSETS.get(self.quantity, 0.0)

    def percentile(self, percent: float, age: Floats) -> Floats:
        """In the quantity's unit."""
        return self.curve.percentile(percent, age) - self.offset


@dataclass(frozen=True)
class NormsReport:
    """Everything that is written.

    Attributes:
        studies: that count, one a person.
        fitted: curves, by protocol in the order of their people.
    """

    options: NormsOptions
    studies: pd.DataFrame
    fitted: tuple[Fitted, ...]
    left_out: tuple[LeftOut, ...]
    cautions: tuple[str, ...]

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """Those with a curve, the one of most people first."""
        return tuple(dict.fromkeys(f.protocol for f in self.fitted))


def compute_norms(folders: Sequence[Path], options: NormsOptions) -> NormsReport:
    """Curves of a healthy cohort.

    Raises:
        RefusedInput: `no_results`; `age_unknown`, `sex_unknown` or another reason where it leaves nobody; `too_few_people`.
    """
    left: list[LeftOut] = []
    studies = people_of(folders, options, left)
    rows = without_operated(_rows(folders, studies, options), left)
    if rows.empty:
        raise RefusedInput(Reason.NO_RESULTS, "no whole muscle of these studies was graded in full")
    groups = sorted(_groups(rows), key=lambda g: (-g[1]["study"].nunique(), str(g[0])))
    fitted = tuple(f for protocol, part in groups for f in _curves(protocol, part, left))
    if not fitted:
        most = max((part.groupby("sex")["study"].nunique().max() for _, part in groups), default=0)
        raise RefusedInput(Reason.TOO_FEW_PEOPLE, f"at most {most} people of one sex were measured in one way, {MIN_PEOPLE} are needed")
    return NormsReport(options, studies, fitted, tuple(left), tuple(_cautions(studies, groups, fitted)))


def _rows(folders: Sequence[Path], studies: pd.DataFrame, options: NormsOptions) -> pd.DataFrame:
    """Whole muscles that count, with what is known of the person."""
    found = []
    for n, folder in enumerate(folders):
        own = studies.loc[studies["folder"] == n, ["study", "age", *_OF_STUDY, *BODY]].set_index("study")
        own = own.astype(dict.fromkeys(_OF_STUDY, "category"))
        for part in pieces(folder / "cohort.csv", {*_NEEDED, *_LATER}, _NEEDED):
            kept = part[(part["region"] == "whole") & part["status"].isin(options.include) & part["study"].isin(own.index)]
            found.append(_typed(kept).join(own, on="study"))
    return pd.concat(found, ignore_index=True)


def _typed(part: pd.DataFrame) -> pd.DataFrame:
    lacking = {name: "" for name in _LATER if name not in part.columns}
    part = part.drop(columns=["region", "status"]).assign(**lacking)
    for name in ("volume_ml", "fat_fraction", "fat_fraction_core", "field_strength_t"):
        part[name] = pd.to_numeric(part[name], errors="coerce").astype(float)
    return part


def _groups(rows: pd.DataFrame) -> Iterator[tuple[Protocol, pd.DataFrame]]:
    rows = rows.assign(
        labels=np.where(rows["automatic"].astype(str).str.lower() == "true", "automatic", "given"),
        field=nominal_tesla(rows["field_strength_t"].to_numpy(float)),
    )
    for names, part in rows.groupby(["method", "series_kind", "labels", "field"], observed=True, dropna=False):
        method, kind, labels, field = map(str, names)
        yield Protocol(method, kind, labels, float(field)), part


def nominal_tesla(tesla: Floats) -> Floats:
    """2.89 T is called 3 T; what is near no field of scanners stays as it is."""
    nearest = _FIELDS[np.argmin(np.abs(_FIELDS[None, :] - np.nan_to_num(tesla)[:, None]), axis=1)]
    return np.where(np.abs(nearest - tesla) <= 0.1 * nearest, nearest, tesla)


def _curves(protocol: Protocol, part: pd.DataFrame, left: list[LeftOut]) -> Iterator[Fitted]:
    for sex in ("F", "M"):
        for muscle in muscles_among(part["muscle"]):
            rows = part[(part["sex"] == sex) & (part["muscle"] == str(muscle))]
            for quantity in QUANTITIES:
                if (found := _curve(protocol, rows, (sex, str(muscle), quantity), left)) is not None:
                    yield found


def _curve(protocol: Protocol, rows: pd.DataFrame, what: tuple[str, str, Quantity], left: list[LeftOut]) -> Fitted | None:
    sex, muscle, quantity = what
    place: dict[str, Any] = {"muscle": muscle, "quantity": quantity}
    values = _values(rows, quantity) + OFFSETS.get(quantity, 0.0)
    sound = np.isfinite(values) & (values > 0)
    people, everybody = int(rows.loc[sound, "study"].nunique()), int(rows["study"].nunique())
    if quantity in _BODY and people == 0:
        return None  # nobody was weighed: no fault of the cohort
    who = f"{protocol.words}: {people} {PEOPLE[sex][people != 1]}"
    if gone := int((~sound).sum()):
        left.append(LeftOut("numbers", Reason.NO_NUMBER, f"{protocol.words}: {gone} of {len(rows)} sides of {PEOPLE[sex][1]}", **place))
    if people < MIN_PEOPLE:
        if everybody:
            left.append(LeftOut("curve", Reason.TOO_FEW_PEOPLE, f"{who}, {MIN_PEOPLE} are needed", **place))
        return None
    used = rows[sound]
    age, measured = used["age"].to_numpy(float), values[sound]
    weights = 1 / used.groupby("study")["study"].transform("size").to_numpy(float)
    curve = fit_lms(age, measured, weights)
    if curve is None:
        left.append(LeftOut("curve", Reason.CURVE_NOT_FITTED, who, **place))
        return None
    below, above = (float(np.average(out, weights=weights) * 100) for out in _beyond(curve, age, measured))
    return Fitted(protocol, sex, muscle, quantity, people, curve, age, measured - OFFSETS.get(quantity, 0.0), below, above)


def _beyond(curve: LmsCurve, age: Floats, values: Floats) -> tuple[Bools, Bools]:
    return values < curve.percentile(5, age), values > curve.percentile(95, age)


def _values(rows: pd.DataFrame, quantity: Quantity) -> Floats:
    body = _BODY.get(quantity)
    if body is None:
        return rows[quantity].to_numpy(float)
    size = rows[body].to_numpy(float)
    return np.asarray(rows["volume_ml"].to_numpy(float) / np.where(size > 0, size, np.nan) ** (2 if body == "height_m" else 1))


def _cautions(studies: pd.DataFrame, groups: Sequence[tuple[Protocol, pd.DataFrame]], fitted: Sequence[Fitted]) -> Iterable[str]:
    if len(groups) > 1:
        told = "; ".join(f"{protocol.words} ({part['study'].nunique()})" for protocol, part in groups)
        yield f"People were measured in {len(groups)} ways, which are not mixed: each has a set of its own if enough were. {told}."
    for column, words in (("config_hash", "settings"), ("model_hash", "networks or labels"), ("version", "program versions")):
        if studies[column].nunique() > 1:
            yield f"Studies of different {words} ({column}) are mixed: what differs between them counts as spread. Grade them again alike."
    if studies["folder"].nunique() > 1:
        yield "Pseudonyms differ between folders: a person who was examined in two of them counts twice."
    for protocol in dict.fromkeys(f.protocol for f in fitted):
        mine = [f for f in fitted if f.protocol == protocol]
        there = dict.fromkeys(f.sex for f in mine)
        if len(there) == 1:
            only, other = ("women", "men") if "F" in there else ("men", "women")
            yield f"{protocol.words}: curves of {only} only; {other} get no score by them."
        for sex in there:
            own = max((f for f in mine if f.sex == sex), key=lambda f: f.people)
            if own.people < ADVISED_PEOPLE:
                yield f"{protocol.words}: {own.people} {PEOPLE[sex][1]}; {ADVISED_PEOPLE} are advised (CLSI EP28-A3c), read the intervals."
            ages = np.unique(own.age)
            gaps = np.diff(ages)
            if gaps.size and gaps.max() > _GAP_YEARS:
                at = int(np.argmax(gaps))
                yield f"{protocol.words}: no {PEOPLE[sex][0]} of {ages[at]:.0f} to {ages[at + 1]:.0f} years; there the curves are a guess."
