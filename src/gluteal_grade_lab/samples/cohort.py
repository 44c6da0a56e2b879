"""A folder of small phantom studies with labels and a manifest, to try `gluteal-grade batch` on.

python scripts/make_cohort.py build/cohort --count 200 --bad 0.2 --jobs 2
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from gluteal_grade_lab.phantom.dicom_writer import write_dicom
from gluteal_grade_lab.phantom.nifti_writer import save_nifti
from gluteal_grade_lab.phantom.people import Visit, manifest_line, spec, visit, write_visit
from gluteal_grade_lab.phantom.spoilt import WAYS, spoil
from gluteal_grade_lab.phantom.stations import Cut, examined_in_stations, make_fine

_TIMES = 10


def make(folder: Path, count: int, bad: float = 0.0, jobs: int = 1, in_plane_mm: float = 3.0, slice_mm: float = 7.0) -> dict[str, str]:
    """Write the cohort; studies that are there stay.

    Returns:
        file or folder name of each bad study, and the way it is broken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spoilt = round(count * bad)
    visits = [visit(n) for n in range(count - spoilt)]
    missing = [v for v in visits if not (folder / v.name / "truth.json").exists()]
    with ProcessPoolExecutor(jobs) as pool:
        list(pool.map(partial(_write, folder, in_plane_mm, slice_mm), [v.number for v in missing]))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(manifest_line(visits[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(manifest_line(v) for v in visits)
    ways = list(WAYS)
    names = {}
    for n in range(spoilt):
        name = f"bad_{n:03d}_{ways[n % len(ways)]}"
        there = [p for p in (folder / name, folder / f"{name}.zip") if p.exists()]
        # other people's studies than those in the cohort, or the same study would be there twice
        made = there[0].name if there else _spoil_other(folder, ways[n % len(ways)], name, 100_000 + n, in_plane_mm, slice_mm)
        names[made] = ways[n % len(ways)]
    return names


def _write(folder: Path, in_plane_mm: float, slice_mm: float, number: int) -> None:
    write_visit(visit(number), folder, in_plane_mm, slice_mm)


def make_in_stations(folder: Path, count: int, in_plane_mm: float = 3.0, slice_mm: float = 7.0) -> None:
    """Write examinations in two stations, ten of each person with noise, brightness and place of the stations of their own.

    A label map lies on the voxels of the stitched stations.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[dict[str, str]] = []
    for first in range(0, count, _TIMES):
        numbers = range(first, min(first + _TIMES, count))
        lines += _examinations(folder, visit(first // _TIMES), numbers, (in_plane_mm, slice_mm))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def _examinations(folder: Path, v: Visit, numbers: Sequence[int], voxel_mm: tuple[float, float]) -> Iterator[dict[str, str]]:
    fine = None
    for number in numbers:
        name = f"{v.name}_e{number:04d}"
        if not (folder / name / "labels.nii.gz").exists():
            fine = fine or make_fine(spec(v, *voxel_mm))
            rng = np.random.default_rng([0x57A7, number])
            shift = (float(rng.choice([0, 0.5])), float(rng.choice([0, 0.5])), float(rng.choice([0, 0.5])))
            cut = Cut(float(rng.uniform(0.05, 0.3)), shift, float(rng.uniform(0.7, 1.5)))
            study = examined_in_stations(fine, cut, float(rng.uniform(20, 50)), number)
            study = replace(study, spec=replace(study.spec, name=f"Stations{number}", seed=number))
            write_dicom(study, folder / name / "dicom")
            save_nifti(study.labels, folder / name / "labels.nii.gz")
        line = manifest_line(v) | {"path": f"{name}/dicom", "labels": f"{name}/labels.nii.gz", "patient": f"person-{number}"}
        yield line


def _spoil_other(folder: Path, way: str, name: str, number: int, in_plane_mm: float, slice_mm: float) -> str:
    spare = folder / ".spare"
    good = write_visit(visit(number), spare, in_plane_mm, slice_mm)
    made = spoil(way, good, folder, name)
    for file in sorted(good.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    good.rmdir()
    spare.rmdir()
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=20, help="studies, the bad ones included")
    parser.add_argument("--bad", type=float, default=0.0, help="share of studies that cannot be graded")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--in-plane-mm", type=float, default=3.0)
    parser.add_argument("--slice-mm", type=float, default=7.0)
    parser.add_argument("--stations", action="store_true", help="each examination in two stations, ten of each person; no bad ones")
    chosen = parser.parse_args(arguments)
    if chosen.stations:
        make_in_stations(chosen.folder, chosen.count, chosen.in_plane_mm, chosen.slice_mm)
        print(f"{chosen.count} studies of two stations in {chosen.folder}, with manifest.csv")
        return
    bad = make(chosen.folder, chosen.count, chosen.bad, chosen.jobs, chosen.in_plane_mm, chosen.slice_mm)
    print(f"{chosen.count - len(bad)} good and {len(bad)} bad studies in {chosen.folder}, with manifest.csv")
