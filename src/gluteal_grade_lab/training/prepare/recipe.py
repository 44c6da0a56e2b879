"""Which body is filled from which: the Visible Human pair lends thighs and deep muscles, the CT bodies bones and organs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gluteal_grade_lab.training.bodies import SPACING_MM, Body
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.bones import settle_bones, with_shafts
from gluteal_grade_lab.training.prepare.femur import bridge_femora
from gluteal_grade_lab.training.prepare.field import Field
from gluteal_grade_lab.training.prepare.finish import finish
from gluteal_grade_lab.training.prepare.graft import graft, warp_labels
from gluteal_grade_lab.training.prepare.labelled import Labelled, mirrored, read_labelled
from gluteal_grade_lab.training.prepare.pose import thighs
from gluteal_grade_lab.training.prepare.register import VERSION, common_groups, register

BONES_AND_ORGANS = (*range(57, 76), 78, 79, 81)
DEEP_AND_THIGH = (*range(7, 53), 66)  # the prostate too: a CT that ends early cuts it
EVERYTHING = range(1, 82)


@dataclass(frozen=True)
class Task:
    """One prepared body: the source and its donor, whether it validates, and how far up and down it is believed, mm from the heads."""

    source: str
    donor: str
    validate: bool = False
    below_mm: float = 150.0
    above_mm: float = 400.0

    @property
    def name(self) -> str:
        """Of the prepared body."""
        return f"{self.source}_{self.donor.removeprefix('ts_')}"


# The scan ends just below the femoral heads, high in the maximus: what is grafted further down is a guess.
_S0001_BELOW_MM = 25.0
# One hip is bent: further down the grafted thigh leaves its femur.
_S0000_BELOW_MM = 70.0

# Visible Human bodies first: they are the donors of the others.
TASKS = (
    Task("vhm", "ts_s0011", below_mm=185),
    Task("vhf", "ts_s0010", below_mm=185),
    Task("ts_s0010", "vhm"),
    Task("ts_s0011", "vhf"),
    Task("ts_s0001", "vhf", below_mm=_S0001_BELOW_MM),
    Task("ts_s0006", "vhm"),
    Task("ts_s0000", "vhm", below_mm=_S0000_BELOW_MM),
    Task("ts_s0004", "vhf"),
    Task("ts_s0327", "vhm", validate=True),
    Task("open3d", "ts_s0010", validate=True),
    Task("ts_s0010", "vhf"),
    Task("ts_s0011", "vhm"),
    Task("ts_s0001", "vhm", below_mm=_S0001_BELOW_MM),
    Task("ts_s0006", "vhf"),
    Task("ts_s0000", "vhf", below_mm=_S0000_BELOW_MM),
    Task("vhm", "ts_s0006", below_mm=185),
    Task("vhf", "ts_s0001", below_mm=185),
)
_LENDERS = {"vhm": "ts_s0011", "vhf": "ts_s0010"}


class Workshop:
    """Reads, fills and finishes bodies; keeps the two filled Visible Human bodies at hand.

    Args:
        anatomy: folder with `labels.json`, `train/` and `validate/`.
        cache: folder where registrations are kept between runs, or None.
    """

    def __init__(self, anatomy: Path, cache: Path | None = None) -> None:
        names.check_names(anatomy / "labels.json")
        self._anatomy = anatomy
        self._cache = cache
        self._filled: dict[str, Labelled] = {}

    def bodies(self, tasks: tuple[Task, ...] = TASKS) -> Iterator[tuple[Task, Body]]:
        """Every task's body, in order."""
        for task in tasks:
            yield task, self.body(task)

    def body(self, task: Task) -> Body:
        """One prepared body."""
        if task.source in _LENDERS or task.source == "open3d":
            filled = self._visible_human(task.source, task.donor)
        else:
            filled = fill(self._read(task.source), self._lender(task.donor), DEEP_AND_THIGH, EVERYTHING, self._cache)
        heads = filled.heads[:, 2].mean()
        low = int(np.clip(heads - task.below_mm / SPACING_MM, 0, None))
        high = int(min(filled.high[2] - 1, heads + task.above_mm / SPACING_MM))
        return finish(filled, task.name, f"{task.source} with grafts from {task.donor}", (low, high), seed=len(task.name))

    def _lender(self, name: str) -> Labelled:
        if name not in self._filled:
            self._filled[name] = self._visible_human(name, _LENDERS[name])
        return self._filled[name]

    def _visible_human(self, name: str, donor: str) -> Labelled:
        body = self._read(name)
        if name in _LENDERS:
            body = with_shafts(fill_from_mirror(body, self._cache))
        filled = fill(body, self._read(donor), BONES_AND_ORGANS, BONES_AND_ORGANS, self._cache)
        return replace(filled, labels=bridge_femora(settle_bones(filled.labels, body.labels), filled.heads))

    def _read(self, name: str) -> Labelled:
        folder = "train" if (self._anatomy / "train" / f"{name}.nii.gz").exists() else "validate"
        return read_labelled(self._anatomy / folder / f"{name}.nii.gz")


def fill(target: Labelled, donor: Labelled, inside: Sequence[int], outside: Sequence[int], cache: Path | None = None) -> Labelled:
    """Register the donor and graft it."""
    return graft(target, warp_labels(donor.labels, _field(target, donor, cache), target.labels.shape), inside, outside)


def fill_from_mirror(body: Labelled, cache: Path | None = None) -> Labelled:
    """A muscle that is missing on one side, from the other."""
    present = {int(v) for v in np.unique(body.labels)}
    table = names.mirror_table()
    lacking = tuple(v for v in range(7, 53) if v not in present and int(table[v]) in present)
    if not lacking:
        return body
    return fill(body, mirrored(body), lacking, lacking, cache)


def _field(target: Labelled, donor: Labelled, cache: Path | None) -> Field:
    groups, weights = common_groups(target, donor)
    if cache is None:
        return register(target, donor, groups, weights)
    digest = hashlib.sha256(repr((VERSION, groups, weights, target.labels.shape, donor.labels.shape)).encode())
    if thighs(target, donor):
        digest.update(b"bent 2")
    for body in (target, donor):
        digest.update(body.labels.tobytes())
    path = cache / f"{digest.hexdigest()[:20]}.npy"
    if path.exists():
        return Field(np.load(path))
    field = register(target, donor, groups, weights)
    cache.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.npy")
    np.save(part, field.places)
    part.rename(path)
    return field
