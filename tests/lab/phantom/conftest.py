"""Small phantoms shared by the tests of this folder."""

from __future__ import annotations

import pytest

from gluteal_grade.vocabulary import Muscle, SeriesKind, Side
from gluteal_grade_lab.phantom.body import Body, BodyParameters, build_body
from gluteal_grade_lab.phantom.fatfield import FatField, FatPrescription, Pattern
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.signal import Protocol, Technique, opposed_and_in_phase_te_ms
from gluteal_grade_lab.phantom.study import PhantomStudy, PhantomStudySpec, SeriesSpec, make_study

FACTORS = ((Side.LEFT, Muscle.GLUTEUS_MAXIMUS, 0.8), (Side.LEFT, Muscle.GLUTEUS_MEDIUS, 0.75), (Side.LEFT, Muscle.GLUTEUS_MINIMUS, 0.6))
FAT = (
    (Side.RIGHT, Muscle.GLUTEUS_MAXIMUS, FatPrescription(0.12)),
    (Side.RIGHT, Muscle.GLUTEUS_MEDIUS, FatPrescription(0.07)),
    (Side.RIGHT, Muscle.GLUTEUS_MINIMUS, FatPrescription(0.15, Pattern.STREAKY)),
    (Side.LEFT, Muscle.GLUTEUS_MAXIMUS, FatPrescription(0.35, Pattern.STREAKY)),
    (Side.LEFT, Muscle.GLUTEUS_MEDIUS, FatPrescription(0.30, Pattern.POSTERIOR)),
    (Side.LEFT, Muscle.GLUTEUS_MINIMUS, FatPrescription(0.60, Pattern.POSTERIOR)),
)


@pytest.fixture(scope="session")
def body() -> Body:
    return build_body(BodyParameters("M", volume_factors=FACTORS, implant_side=Side.LEFT, seed=5))


@pytest.fixture(scope="session")
def fat(body: Body) -> FatField:
    return FatField(body, FAT, seed=5)


def small_spec(**changes: object) -> PhantomStudySpec:
    """A whole pelvis on coarse voxels, every Dixon image and an oblique T1."""
    opposed, in_phase = opposed_and_in_phase_te_ms(1.5)
    dixon = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=14, te_ms=opposed, field_t=1.5, flip_deg=2)
    t1 = Protocol(Technique.SPIN_ECHO, tr_ms=550, te_ms=11, field_t=1.5)
    tilted = axial_grid((-195, -165, -40), (195, 105, 40), (4, 4, 8), tilt_deg=(12, -7, 5))
    series = (
        SeriesSpec(SeriesKind.DIXON_WATER, "water", dixon, snr=60),
        SeriesSpec(SeriesKind.DIXON_FAT, "fat", dixon, snr=60),
        SeriesSpec(SeriesKind.DIXON_OPPOSED_PHASE, "opposed", dixon, snr=60),
        SeriesSpec(SeriesKind.DIXON_IN_PHASE, "in", Protocol(Technique.SPOILED_GRADIENT_ECHO, 14, in_phase, 1.5, flip_deg=2), snr=60),
        SeriesSpec(SeriesKind.T1, "t1", t1, snr=20, bias_percent=10, void_mm=8, grid=tilted, supersample=(1, 1, 1)),
        SeriesSpec(SeriesKind.CT, "ct"),
    )
    values = {
        "name": "Small",
        "body": BodyParameters("M", volume_factors=FACTORS, implant_side=Side.LEFT, seed=5),
        "fat": FAT,
        "grid": axial_grid((-197, -168, -137), (197, 108, 142), (3, 3, 6)),
        "series": series,
        "supersample": (3, 3, 3),
        "seed": 5,
    }
    return PhantomStudySpec(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def study() -> PhantomStudy:
    return make_study(small_spec())
