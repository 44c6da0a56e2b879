"""A cohort of phantom people at low resolution: two groups, both sexes, some examined twice; for the tests and benchmarks of batches."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from gluteal_grade.vocabulary import GLUTEI, Muscle, SeriesKind, Side
from gluteal_grade_lab.phantom.body import BodyParameters
from gluteal_grade_lab.phantom.dicom_writer import write_dicom
from gluteal_grade_lab.phantom.fatfield import FatPrescription
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.nifti_writer import save_nifti
from gluteal_grade_lab.phantom.signal import Protocol, Technique
from gluteal_grade_lab.phantom.study import PhantomStudySpec, SeriesSpec, make_study

_FIRST_DAY = datetime.date(2024, 1, 8)
_BOX = ((-212.0, -178.0, -138.0), (212.0, 112.0, 148.0))
_PARTS = [(side, muscle) for side in Side for muscle in GLUTEI]


@dataclass(frozen=True)
class Visit:
    """One examination of one person.

    Attributes:
        number: of the examination in its cohort, from 0; every fourth person comes a second time.
        person: number of the person.
        visit: 0 or 1.
        sex: "M" or "F".
        age: years.
        group: `control` or `tha`; of the second, the operated side has the fatter medius and minimus.
        operated: side, None for a control.
        date: of the examination.
    """

    number: int
    person: int
    visit: int
    sex: Literal["M", "F"]
    age: int
    group: str
    operated: Side | None
    date: datetime.date

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"p{self.person:04d}_v{self.visit}"


def visit(number: int) -> Visit:
    """The examination of this number: of five, the last is the second visit of the one before it."""
    block, place = divmod(number, 5)
    second = place == 4
    person = 4 * block + (3 if second else place)
    rng = np.random.default_rng([0xC0407, person])
    sex: Literal["M", "F"] = "F" if rng.random() < 0.5 else "M"
    operated = (Side.LEFT, Side.RIGHT)[int(rng.integers(2))] if person % 2 else None
    date = _FIRST_DAY + datetime.timedelta(days=int(rng.integers(300)) + (int(rng.integers(300, 500)) if second else 0))
    age = int(rng.integers(45, 85)) + second
    return Visit(number, person, int(second), sex, age, "tha" if operated else "control", operated, date)


def spec(v: Visit, in_plane_mm: float = 3.0, slice_mm: float = 7.0) -> PhantomStudySpec:
    """Water and fat of one examination; the person's body is the same at both."""
    rng = np.random.default_rng([0xC0408, v.person])
    factors = tuple((side, muscle, float(rng.uniform(0.75, 1.05))) for side, muscle in _PARTS)
    body = BodyParameters(sex=v.sex, size=float(rng.uniform(0.94, 1.06)), subcutaneous_fat_mm=float(rng.uniform(12, 40)),
                          volume_factors=factors, seed=v.person)  # fmt: skip
    base = dict(zip(_PARTS, 0.06 + rng.gamma(1.5, 0.05, len(_PARTS)), strict=True))
    fat = []
    for side, muscle in _PARTS:
        more = 0.12 if side is v.operated and muscle is not Muscle.GLUTEUS_MAXIMUS else 0.0
        fat.append((side, muscle, FatPrescription(float(min(0.85, base[side, muscle] + more * (1 + 0.5 * v.visit))))))
    dixon = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=14.0, te_ms=1.15, field_t=3.0, flip_deg=2.0)
    series = (
        SeriesSpec(SeriesKind.DIXON_WATER, "water", dixon, bias_percent=10),
        SeriesSpec(SeriesKind.DIXON_FAT, "fat", dixon, bias_percent=10),
    )
    grid = axial_grid(*_BOX, (in_plane_mm, in_plane_mm, slice_mm))
    return PhantomStudySpec(f"Cohort{v.number}", body, tuple(fat), grid, series, (2, 2, 2), seed=v.number, age_years=v.age)


def write_visit(v: Visit, folder: Path, in_plane_mm: float = 3.0, slice_mm: float = 7.0) -> Path:
    """Write `folder/<name>/` with `dicom/`, `labels.nii.gz` and `truth.json`."""
    study = make_study(spec(v, in_plane_mm, slice_mm))
    target = folder / v.name
    write_dicom(study, target / "dicom")
    save_nifti(study.labels, target / "labels.nii.gz")
    (target / "truth.json").write_text(json.dumps(study.truth_dict()), encoding="utf-8")
    return target


def manifest_line(v: Visit) -> dict[str, str]:
    """What a manifest says of it; paths beside the manifest."""
    return {
        "path": f"{v.name}/dicom",
        "labels": f"{v.name}/labels.nii.gz",
        "sex": v.sex,
        "age": str(v.age),
        "group": v.group,
        "operated_side": v.operated.value if v.operated else "none",
        "patient": f"person-{v.person}",
        "date": v.date.isoformat(),
    }
