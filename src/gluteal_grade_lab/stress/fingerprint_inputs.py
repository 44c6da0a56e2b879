"""The studies that `stress fingerprints` grades: phantoms of many contrasts, the samples, a real CT. Made once, then kept.

python -m gluteal_grade_lab stress fingerprint-inputs build/fingerprint_inputs
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.vocabulary import GLUTEI, LABEL_VALUES, Muscle, SeriesKind, Side
from gluteal_grade_lab.phantom.body import BodyParameters
from gluteal_grade_lab.phantom.dicom_writer import write_dicom
from gluteal_grade_lab.phantom.enhanced_writer import write_enhanced_dixon
from gluteal_grade_lab.phantom.fatfield import FatPrescription, Pattern, Prescriptions
from gluteal_grade_lab.phantom.grids import axial_grid, hip_grid
from gluteal_grade_lab.phantom.nifti_writer import save_nifti
from gluteal_grade_lab.phantom.signal import Protocol, Technique, opposed_and_in_phase_te_ms
from gluteal_grade_lab.phantom.spoilt import WAYS, spoil
from gluteal_grade_lab.phantom.study import PhantomStudy, PhantomStudySpec, SeriesSpec, make_study
from gluteal_grade_lab.phantom.swapped import Swap, SwapKind, swapped_voxels, with_swap
from gluteal_grade_lab.phantom.vendors import Vendor

ROOT = Path(__file__).parents[1]
K, GRE, SE = SeriesKind, Technique.SPOILED_GRADIENT_ECHO, Technique.SPIN_ECHO
COLUMNS = ("path", "labels", "kind", "sex", "metal", "group", "operated_side", "patient", "date")
CORRECTED = ("k0_g0", "k5_g0", "k8_g0")  # studies with a corrected label map
PARTS = [(side, muscle) for side in Side for muscle in GLUTEI]


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--groups", type=int, default=9, help="of ten studies each; ten broken studies come on top")
    chosen = parser.parse_args(arguments)
    for name in ("phantoms", "corrected"):
        (chosen.folder / name).mkdir(parents=True, exist_ok=True)
    lines = []
    for group in range(chosen.groups):
        for (name, study), how in studies_of(group):
            lines.append(write(chosen.folder, name, study, how, group))
        print(f"group {group} made", flush=True)
    lines += broken(chosen.folder, chosen.groups)
    with (chosen.folder / "phantoms" / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(lines, key=lambda line: line["path"]))
    shutil.copytree(ROOT / "data/sample", chosen.folder / "sample", dirs_exist_ok=True)
    shutil.copytree(ROOT.parent / "shared/data/ct", chosen.folder / "ct", dirs_exist_ok=True)
    print(f"{len(lines)} phantoms, the samples and the CT in {chosen.folder}")


def studies_of(group: int) -> Iterator[tuple[tuple[str, PhantomStudy], str]]:
    """Name, study and how it is written, of the ten of a group: three people, whose series make several studies."""
    fat_and_water = make_study(spec(group, 0, _dixon(3.0) if group % 2 else _dixon(1.5), (4.5, 4.5, 8.0 + group % 3)))
    yield part(fat_and_water, f"k0_g{group}", K.DIXON_WATER, K.DIXON_FAT), "siemens"
    four = (K.DIXON_WATER, K.DIXON_FAT, K.DIXON_IN_PHASE, K.DIXON_OPPOSED_PHASE)
    yield part(fat_and_water, f"k1_g{group}", *four), "enhanced" if group % 2 else "philips"
    yield part(fat_and_water, f"k2_g{group}", K.DIXON_IN_PHASE, K.DIXON_OPPOSED_PHASE), "ge"
    yield part(fat_and_water, f"k3_g{group}", K.DIXON_WATER, K.DIXON_FAT), "map"
    yield part(fat_and_water, f"k4_g{group}", K.DIXON_WATER, K.DIXON_FAT), "swapped"
    others = make_study(spec(group, 1, _spin_echoes(), (4.0, 4.0, 6.0 + group % 4), one_hip=group % 4 == 3))
    yield part(others, f"k5_g{group}", K.T1), ("siemens", "philips", "ge")[group % 3]
    yield part(others, f"k6_g{group}", (K.PD, K.T2, K.T1)[group % 3], K.STIR), "siemens"
    yield part(others, f"k7_g{group}", K.CT), "siemens"
    metal = make_study(spec(group, 2, _beside_metal(), (4.0, 4.0, 7.0), operated=tuple(Side)[group % 2]))
    yield part(metal, f"k8_g{group}", K.T1, K.STIR), "siemens"
    yield part(metal, f"k9_g{group}", K.T1, K.DIXON_WATER, K.DIXON_FAT), "siemens"


def part(study: PhantomStudy, name: str, *kinds: SeriesKind) -> tuple[str, PhantomStudy]:
    """A study of its own that holds these series."""
    images = tuple(image for image in study.images if image.spec.kind in kinds)
    group, kind = int(name.split("_g")[1]), int(name[1])
    return name, replace(study, spec=replace(study.spec, name=name, seed=100 * group + kind), images=images)


def spec(
    group: int,
    person: int,
    series: tuple[SeriesSpec, ...],
    spacing: tuple[float, float, float],
    operated: Side | None = None,
    *,
    one_hip: bool = False,
) -> PhantomStudySpec:
    """A person of a group; where `group` is odd, the top of the glutei is out of view."""
    rng = np.random.default_rng([0xF1, group, person])
    factors = tuple((side, muscle, float(rng.uniform(0.7, 1.05))) for side, muscle in PARTS)
    sex = "MF"[(group + person) % 2]
    body = BodyParameters(sex, float(rng.uniform(0.94, 1.06)), float(rng.uniform(12, 40)), factors, operated, seed=10 * group + person)
    top = 60.0 if group % 4 == 1 else 148.0
    tilt = (4.0, 2.0, 3.0) if group % 3 == 2 else (0.0, 0.0, 0.0)
    grid: Grid = axial_grid((-212.0, -178.0, -138.0), (212.0, 112.0, top), spacing, tilt_deg=tilt)
    if one_hip:
        grid = hip_grid(Side.RIGHT, (3.0, 3.0, 6.0))
    return PhantomStudySpec(f"P{group}{person}", body, _fat(rng), grid, series, (2, 2, 2), seed=group, age_years=40 + 5 * group)


def _fat(rng: np.random.Generator) -> Prescriptions:
    patterns = tuple(Pattern)
    means = np.minimum(0.85, 0.04 + rng.gamma(1.5, 0.11, len(PARTS)))
    chosen = rng.integers(len(patterns), size=len(PARTS))
    return tuple((side, m, FatPrescription(float(f), patterns[c])) for (side, m), f, c in zip(PARTS, means, chosen, strict=True))


def _dixon(field_t: float) -> tuple[SeriesSpec, ...]:
    opposed, in_phase = opposed_and_in_phase_te_ms(field_t)
    named = {"protocol_name": "t1_vibe_dixon_tra", "snr": 40.0, "bias_percent": 10.0}
    flip = {K.DIXON_IN_PHASE: 20.0, K.DIXON_OPPOSED_PHASE: 20.0}  # bright fat, or in phase does not tell which half a voxel is on

    def one(kind: SeriesKind, name: str, te_ms: float) -> SeriesSpec:
        return SeriesSpec(kind, name, Protocol(GRE, 12.0, te_ms, field_t, flip_deg=flip.get(kind, 5.0)), **named)  # type: ignore[arg-type]

    return (
        one(K.DIXON_WATER, "water", opposed),
        one(K.DIXON_FAT, "fat", opposed),
        one(K.DIXON_IN_PHASE, "in_phase", in_phase),
        one(K.DIXON_OPPOSED_PHASE, "opposed_phase", opposed),
    )


def _spin_echoes() -> tuple[SeriesSpec, ...]:
    return (
        SeriesSpec(K.T1, "t1_tse_tra", Protocol(SE, 600.0, 11.0, 1.5), snr=30, bias_percent=12),
        SeriesSpec(K.T2, "t2_tse_tra", Protocol(SE, 4500.0, 90.0, 1.5), snr=25),
        SeriesSpec(K.PD, "pd_tse_tra", Protocol(SE, 3000.0, 30.0, 1.5), snr=30),
        _stir(0.0),
        SeriesSpec(K.CT, "pelvis_ct", None),
    )


def _stir(void_mm: float) -> SeriesSpec:
    protocol = Protocol(Technique.INVERSION_RECOVERY, 4200.0, 38.0, 1.5, ti_ms=190.0)
    return SeriesSpec(K.STIR, "stir_tra", protocol, snr=20, bias_percent=8, void_mm=void_mm)


def _beside_metal() -> tuple[SeriesSpec, ...]:
    t1 = Protocol(SE, 600.0, 9.0, 1.5)
    words = {"protocol_name": "t1_tse_WARP_SEMAC_tra", "bandwidth_hz": 651.0}
    mars = SeriesSpec(K.T1, "t1_tse_WARP_tra", t1, snr=22, bias_percent=10, void_mm=7, **words)  # type: ignore[arg-type]
    return mars, _stir(22.0), *(replace(one, void_mm=24) for one in _dixon(1.5)[:2])


def write(folder: Path, name: str, study: PhantomStudy, how: str, group: int) -> dict[str, str]:
    """Write one study; its line of the manifest."""
    target = folder / "phantoms" / name
    target.mkdir(parents=True, exist_ok=True)
    if how in ("map", "swapped"):
        water, fat = (study.image(kind) for kind in (K.DIXON_WATER, K.DIXON_FAT))
        w, f = (image.array.astype(np.float32) for image in (water, fat))
        if how == "map":
            share = np.where(w + f > 10, 100 * f / np.maximum(w + f, 1), 0)
            save_nifti(fat.with_array(np.rint(share).astype(np.int16)), target / "fat_fraction_map.nii.gz")
        else:
            kind = (SwapKind.NONE, SwapKind.WHOLE, SwapKind.LEG, SwapKind.SLAB, SwapKind.BLOB)[group % 5]
            swap = Swap(kind, between_mm=(-40.0, 20.0), centre_mm=(95.0, 0.0, 20.0), radius_mm=60.0, seed=group)
            w, f = with_swap(w, f, swapped_voxels(swap, water.grid))
            save_nifti(water.with_array(w), target / "water.nii.gz")
            save_nifti(fat.with_array(f), target / "fat.nii.gz")
    elif how == "enhanced":
        write_enhanced_dixon(study, target / "dicom" / "enhanced.dcm")
    else:
        write_dicom(study, target / "dicom", Vendor(how))
    save_nifti(study.labels, target / "labels.nii.gz")
    if name in CORRECTED:
        save_nifti(_corrected(study.labels), folder / "corrected" / f"{name}.nii.gz")
    operated = study.spec.body.implant_side
    person = {
        "sex": study.spec.body.sex,
        "group": "tha" if operated else "control",
        "operated_side": operated.value if operated else "none",
    }
    visit = {"patient": f"{name[:2]}_{group // 2}", "date": f"202{group % 2}-03-0{1 + group % 9}"}
    said = {"kind": "fat_fraction" if how == "map" else "", "metal": operated.value if operated and name[1] == "9" and group % 2 else ""}
    return {"path": name, "labels": f"{name}/labels.nii.gz"} | person | visit | said


def _corrected(labels: Volume) -> Volume:
    """Without the lower half of the left medius."""
    mine = np.isin(labels.array, [v for v, p in LABEL_VALUES.items() if p.muscle is Muscle.GLUTEUS_MEDIUS and p.side is Side.LEFT])
    low = np.arange(labels.array.shape[2]) < np.flatnonzero(mine.any(axis=(0, 1))).mean()
    return labels.with_array(np.where(mine & low, 0, labels.array).astype(labels.array.dtype))


def broken(folder: Path, group: int) -> list[dict[str, str]]:
    """Ten studies that cannot be graded, each broken in another way."""
    whole = make_study(spec(group, 0, _dixon(3.0)[:2], (5.0, 5.0, 10.0)))
    lines = []
    for number, way in enumerate(WAYS):
        name, spare = f"z{number}_{way}", folder / "spare"
        own = replace(whole, spec=replace(whole.spec, name=name, seed=9000 + number))
        write_dicom(own, spare / "dicom")
        save_nifti(own.labels, spare / "labels.nii.gz")
        for old in (folder / "phantoms").glob(f"{name}*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        made = spoil(way, spare, folder / "phantoms", name)
        shutil.rmtree(spare)
        lines.append({"path": made, "labels": f"{name}/labels.nii.gz"})
    return lines
