"""Make the sample studies in data/sample: three synthetic pelves with their exact truth. Same bytes on every run.

Usage: python scripts/make_sample_data.py [OUT] [--only NAME]
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gluteal_grade.vocabulary import Muscle, SeriesKind, Side
from gluteal_grade_lab.checkout import ROOT
from gluteal_grade_lab.phantom.body import BodyParameters
from gluteal_grade_lab.phantom.dicom_writer import write_dicom
from gluteal_grade_lab.phantom.fatfield import FatPrescription, Pattern, both_sides
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.nifti_writer import save_nifti
from gluteal_grade_lab.phantom.signal import Protocol, Technique
from gluteal_grade_lab.phantom.study import PhantomStudySpec, SeriesSpec, make_study
from gluteal_grade_lab.phantom.vendors import Vendor

MAXIMUS, MEDIUS, MINIMUS = Muscle.GLUTEUS_MAXIMUS, Muscle.GLUTEUS_MEDIUS, Muscle.GLUTEUS_MINIMUS
SUPERSAMPLE = (3, 3, 3)


def healthy_dixon() -> tuple[PhantomStudySpec, Vendor, tuple[str, ...]]:
    """A healthy man of 32 at 3 T: low-flip-angle 3-D multi-echo Dixon, oblique by some degrees, and a localizer."""
    # flip 2 degrees at TR 14 ms: T1 weighting raises a true FF of 10 % to 10.4 %, not more
    dixon = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=14.0, te_ms=1.15, field_t=3.0, flip_deg=2.0)
    scout = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=8.6, te_ms=4.0, field_t=3.0, flip_deg=20.0)
    named: dict[str, Any] = {"protocol_name": "t1_vibe_q-dixon_tra_pelvis", "sequence_name": "*fl3d6", "bandwidth_hz": 1080.0}
    planes = (
        axial_grid((-200, -165, -4), (200, 110, 20), (2.5, 2.5, 8)),
        axial_grid((-200, -30, -150), (200, -6, 150), (2.5, 8, 2.5)),
        axial_grid((62, -165, -150), (86, 110, 150), (8, 2.5, 2.5)),
    )
    series = (
        *(
            SeriesSpec(SeriesKind.LOCALIZER, "localizer", scout, snr=25, grid=grid, supersample=(2, 2, 2), sequence_name="*fl2d1")
            for grid in planes
        ),
        SeriesSpec(SeriesKind.DIXON_WATER, "dixon_water", dixon, snr=60, bias_percent=8, counts_per_sigma=1.2, **named),
        SeriesSpec(SeriesKind.DIXON_FAT, "dixon_fat", dixon, snr=60, bias_percent=8, counts_per_sigma=1.2, **named),
    )
    grid = axial_grid((-198, -166, -137), (198, 106, 143), (1.2, 1.2, 4.0), tilt_deg=(4.0, 2.0, 3.0))
    fat = both_sides(FatPrescription(0.125), FatPrescription(0.075), FatPrescription(0.08))
    spec = PhantomStudySpec("Healthy", BodyParameters("M", seed=11), fat, grid, series, SUPERSAMPLE, seed=11, age_years=32)
    return spec, Vendor.SIEMENS, ("deflated", "deflated", "rle", "jpegls", "jpegls")


def osteoarthritis_t1() -> tuple[PhantomStudySpec, Vendor, tuple[str, ...]]:
    """A woman of 68 with osteoarthritis of the left hip at 1.5 T: axial T1 TSE; the left glutei are smaller and fatter."""
    t1 = Protocol(Technique.SPIN_ECHO, tr_ms=550.0, te_ms=11.0, field_t=1.5)
    factors = tuple((Side.LEFT, m, f) for m, f in ((MAXIMUS, 0.80), (MEDIUS, 0.80), (MINIMUS, 0.74)))
    body = BodyParameters("F", subcutaneous_fat_mm=30, volume_factors=factors, seed=22)
    fat = (
        (Side.RIGHT, MAXIMUS, FatPrescription(0.18, Pattern.STREAKY)),
        (Side.RIGHT, MEDIUS, FatPrescription(0.15)),
        (Side.RIGHT, MINIMUS, FatPrescription(0.16, Pattern.STREAKY)),
        (Side.LEFT, MAXIMUS, FatPrescription(0.33, Pattern.STREAKY)),
        (Side.LEFT, MEDIUS, FatPrescription(0.215, Pattern.STREAKY)),
        (Side.LEFT, MINIMUS, FatPrescription(0.38, Pattern.STREAKY)),
    )
    grid = axial_grid((-205, -170, -127), (205, 108, 132), (1.1, 1.1, 4.2))
    series = (
        SeriesSpec(SeriesKind.T1, "t1_tse_tra", t1, snr=24, bias_percent=15, counts_per_sigma=1.4, sequence_name="TSE", bandwidth_hz=180.0),
    )
    return PhantomStudySpec("Osteoarthritis", body, fat, grid, series, SUPERSAMPLE, seed=22, age_years=68), Vendor.PHILIPS, ("jpegls",)


def tha_mars() -> tuple[PhantomStudySpec, Vendor, tuple[str, ...]]:
    """A man of 71 after replacement of the right hip at 1.5 T: T1 with metal-artifact reduction, and a plain STIR."""
    t1 = Protocol(Technique.SPIN_ECHO, tr_ms=600.0, te_ms=9.0, field_t=1.5)
    stir = Protocol(Technique.INVERSION_RECOVERY, tr_ms=4200.0, te_ms=38.0, ti_ms=190.0, field_t=1.5)
    factors = tuple((Side.RIGHT, m, f) for m, f in ((MAXIMUS, 0.90), (MEDIUS, 0.78), (MINIMUS, 0.66)))
    body = BodyParameters("M", subcutaneous_fat_mm=24, volume_factors=factors, implant_side=Side.RIGHT, seed=33)
    fat = (
        (Side.RIGHT, MAXIMUS, FatPrescription(0.185, Pattern.STREAKY)),
        (Side.RIGHT, MEDIUS, FatPrescription(0.32, Pattern.POSTERIOR)),
        (Side.RIGHT, MINIMUS, FatPrescription(0.45, Pattern.POSTERIOR)),
        (Side.LEFT, MAXIMUS, FatPrescription(0.16, Pattern.STREAKY)),
        (Side.LEFT, MEDIUS, FatPrescription(0.14)),
        (Side.LEFT, MINIMUS, FatPrescription(0.17, Pattern.STREAKY)),
    )
    grid = axial_grid((-202, -168, -138), (202, 108, 144), (1.1, 1.1, 4.2))
    coarse = axial_grid((-202, -168, -138), (202, 108, 144), (1.7, 1.7, 6.0))
    series = (
        SeriesSpec(
            SeriesKind.T1,
            "t1_tse_WARP_tra",
            t1,
            snr=20,
            counts_per_sigma=1.4,
            bias_percent=10,
            void_mm=7,
            bandwidth_hz=651.0,
            protocol_name="t1_tse_WARP_SEMAC_tra",
            sequence_name="*tse2d1_7",
        ),
        SeriesSpec(
            SeriesKind.STIR,
            "stir_tra",
            stir,
            snr=18,
            counts_per_sigma=1.4,
            bias_percent=10,
            void_mm=22,
            grid=coarse,
            supersample=(3, 3, 3),
            bandwidth_hz=250.0,
            protocol_name="t2_stir_tra",
            sequence_name="*tir2d1_11",
        ),
    )
    return (
        PhantomStudySpec("Arthroplasty", body, fat, grid, series, SUPERSAMPLE, seed=33, age_years=71),
        Vendor.SIEMENS,
        ("jpegls", "jpegls"),
    )


STUDIES = {"healthy_dixon": healthy_dixon, "osteoarthritis_t1": osteoarthritis_t1, "tha_mars": tha_mars}


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the studies and say what they weigh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "data" / "sample")
    parser.add_argument("--only", choices=sorted(STUDIES))
    options = parser.parse_args(arguments)
    total = 0
    for name, build in STUDIES.items():
        if options.only not in (None, name):
            continue
        start = time.perf_counter()
        spec, vendor, transfer = build()
        study = make_study(spec)
        folder = options.out / name
        shutil.rmtree(folder, ignore_errors=True)
        write_dicom(study, folder / "dicom", vendor, transfer)
        save_nifti(study.labels, folder / "labels.nii.gz")
        (folder / "truth.json").write_text(json.dumps(study.truth_dict(), indent=1) + "\n", encoding="utf-8")
        size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
        total += size
        print(f"{name}: {spec.grid.shape} voxels, {size / 1e6:.2f} MB, {time.perf_counter() - start:.1f} s")
        for part in study.truth:
            c, v = part.continuous, part.on_labels
            print(
                f"  {part.part!s:40s} {c.volume_ml:7.1f} ml ({100 * (v.volume_ml / c.volume_ml - 1):+.2f} %)"
                f"  FF {c.fat_fraction:.4f} (on labels {100 * (v.fat_fraction - c.fat_fraction):+.2f})"
                f"  > 0.5: {c.fat_area_fraction:.3f}  {part.grades} {'TOUCHES BORDER' if part.touches_border else ''}"
            )
    print(f"total {total / 1e6:.2f} MB")
