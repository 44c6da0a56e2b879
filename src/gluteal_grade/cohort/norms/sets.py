"""Fitted curves as sets of norms, beside those that are there already."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

import numpy as np
import yaml

from gluteal_grade import __version__
from gluteal_grade.cohort.norms.compute import PEOPLE, Fitted, NormsReport, Protocol
from gluteal_grade.files import write_text
from gluteal_grade.grading import Curve, Norms, NormSet, NormValue
from gluteal_grade.statistics import Floats
from gluteal_grade.vocabulary import Muscle

NAME = "norms.yaml"
_POINTS = 25  # of a curve in the file; straight lines between them
_HEAD = """# Norms of a cohort, made by `gluteal-grade cohort norms`, beside those that were there. To use: grading: {norms: THIS FILE}
# in a config file. Curves: L, M and S of value + offset at each age (Cole & Green 1992); nothing is said of other ages.
"""


def norms_of(report: NormsReport, beside: Norms) -> Norms:
    """All sets; the new ones go first, and take the place of older ones of the same name."""
    made = {key(protocol, report): _set(protocol, report) for protocol in report.protocols}
    others = {name: one for name, one in beside.sets.items() if name not in made}
    return Norms(primary=next(iter(made)), sets={**made, **others})


def write_norms_file(norms: Norms, path: Path) -> Path:
    """As YAML.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    data = norms.model_dump(mode="json", exclude_none=True)
    for name, one in norms.sets.items():
        data["sets"][name]["field_t"] = one.field_t  # null is said
    return write_text(path, _HEAD + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=None, width=160))


def key(protocol: Protocol, report: NormsReport) -> str:
    """The name of a set, e.g. ``ward_3_dixon_3t``; further protocols of the same method and field say what they differ in."""
    same = [p for p in report.protocols if (p.method, str(p.field_t)) == (protocol.method, str(protocol.field_t))]
    field = "" if math.isnan(protocol.field_t) else f"{protocol.field_t:g}t"
    more = (protocol.kind, protocol.labels) if len(same) > 1 else ()
    parts = (report.options.name or "own", protocol.method, field, *more)
    return "_".join(slug for part in parts if (slug := re.sub(r"[^a-z0-9]+", "_", part.lower()).strip("_")))


def ages_of(f: Fitted, points: int) -> Floats:
    """Evenly from the youngest to the oldest."""
    return np.linspace(*f.curve.ages, points) if f.curve.ages[1] > f.curve.ages[0] else np.array([f.curve.ages[0]])


def people_words(fitted: Sequence[Fitted]) -> str:
    """E.g. ``61 women of 21 to 78 years and 55 men of 23 to 80 years``."""
    told = []
    for sex in dict.fromkeys(f.sex for f in fitted):
        own = max((f for f in fitted if f.sex == sex), key=lambda f: f.people)
        told.append(f"{own.people} {PEOPLE[sex][1]} of {own.curve.ages[0]:.0f} to {own.curve.ages[1]:.0f} years")
    return " and ".join(told)


def _set(protocol: Protocol, report: NormsReport) -> NormSet:
    mine = [f for f in report.fitted if f.protocol == protocol]
    hashes = {c: ", ".join(sorted(set(report.studies[c]) - {""})) for c in ("version", "config_hash", "model_hash")}
    measured = f"measured by {hashes['version']}, settings {hashes['config_hash']}, labels {hashes['model_hash']}"
    protocol_words = report.options.protocol or protocol.words
    return NormSet(
        source=report.options.name or "own cohort",
        subjects=people_words(mine),
        field_t=None if math.isnan(protocol.field_t) else protocol.field_t,
        methods=(protocol.method,),
        kinds=(protocol.kind,) if protocol.kind else (),
        labels=cast(Literal["automatic", "given"], protocol.labels),
        caveat=f"{protocol_words}; curves over age",
        made_by=f"gluteal-grade {__version__}; {measured}",
        values=tuple(_value(f) for f in mine),
    )


def _value(f: Fitted) -> NormValue:
    ages = ages_of(f, _POINTS)
    if len(ages) == 1:  # everybody of one age
        ages = np.array([ages[0], ages[0] + 0.01])
    power, median, spread = f.curve.at(ages)
    table = {"l": power, "m": median, "s": spread}
    curve = Curve(
        offset=f.offset,
        age=(math.floor(100 * ages[0]) / 100, *(round(float(a), 2) for a in ages[1:-1]), math.ceil(100 * ages[-1]) / 100),
        **{name: tuple(float(f"{v:.6g}") for v in column) for name, column in table.items()},
    )
    return NormValue(sex=cast(Literal["M", "F"], f.sex), muscle=Muscle(f.muscle), quantity=f.quantity, curve=curve, n=f.people)
