"""A phantom cohort with exact truth: fat fraction, grades and intervals, for docs/explanation/validation.md.

python scripts/validate.py --count 300 --jobs 2 --labels true,auto      # resumable: build/validation/records.jsonl
python scripts/validate.py --tables-only                                # tables and plots of what is there
python scripts/validate.py --tables-only --refit                        # the same after the width factors were changed
python scripts/validate.py --calibrate --count 60                       # other seeds: width factors for configs/default.yaml
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from gluteal_grade.config import load_settings
from gluteal_grade.grading.scales import load_scales
from gluteal_grade_lab.checkout import ROOT
from gluteal_grade_lab.validation.calibration import calibrate, calibrate_muscles, held_out
from gluteal_grade_lab.validation.design import CALIBRATION, design
from gluteal_grade_lab.validation.measured import Record, measured
from gluteal_grade_lab.validation.plots import bland_altman, interval_reliability
from gluteal_grade_lab.validation.refit import refitted
from gluteal_grade_lab.validation.rows import NAMES, as_core
from gluteal_grade_lab.validation.tables import every_table

BUILD = ROOT / "build" / "validation"


def one(seed: int, in_plane_mm: float, labels: tuple[str, ...], methods: tuple[str, ...]) -> Record:
    """One study, in a worker with one thread."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return measured(design(seed, in_plane_mm), labels, methods)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, then print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="studies, those already measured included")
    parser.add_argument("--first", type=int, default=0, help="first seed, counted within the cohort")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--labels", default="true", help="true, auto or true,auto")
    parser.add_argument("--no-metal", action="store_true", help="leave out the studies with an implant")
    parser.add_argument("--methods", default="dixon,t1", help="of dixon, t1, gmm3, kmeans3")
    parser.add_argument("--in-plane-mm", type=float, default=2.0, help="pixel size")
    parser.add_argument("--records", type=Path, help="JSON lines; one file a kind of run")
    parser.add_argument("--calibrate", action="store_true", help="use the calibration seeds and print width factors")
    parser.add_argument("--tables-only", action="store_true")
    parser.add_argument("--refit", action="store_true", help="intervals by the factors of configs/default.yaml as they are now")
    parser.add_argument("--plots", type=Path, help="folder for the plots")
    chosen = parser.parse_args(arguments)
    path = chosen.records or BUILD / ("calibration.jsonl" if chosen.calibrate else "records.jsonl")
    base = (CALIBRATION if chosen.calibrate else 0) + chosen.first
    if not chosen.tables_only:
        _measure(path, range(base, base + chosen.count), chosen)
    records = read_records(path)
    if chosen.refit:
        records = refitted(records, load_settings().uncertainty, load_scales())
    if chosen.calibrate and not chosen.refit:
        for title, part in (("mean over the label", records), ("core value", as_core(records))):
            print(title)
            _print_factors(part)
        print("core value, each muscle's outline by itself")
        for labels in ("true", "auto"):
            for muscle, factors in calibrate_muscles(as_core(records), labels, tuple(NAMES)).items():
                print(f"{labels} labels, {muscle}: {factors}")
            for which, found in held_out(as_core(records), labels, tuple(NAMES)).items():
                print(f"{labels} labels, judged by factors from other studies, {which}: {found}")
        return
    print(every_table(records))
    folder = chosen.plots or path.parent
    for labels in ("true", "auto"):
        for drawn in (
            bland_altman(records, labels, folder / f"bland_altman_{labels}.png"),
            interval_reliability(records, labels, folder / f"intervals_{labels}.png"),
        ):
            if drawn:
                print(f"wrote {drawn.name}")


def _measure(path: Path, seeds: range, chosen: argparse.Namespace) -> None:
    done = {record["seed"] for record in read_records(path)}
    todo = [s for s in seeds if s not in done and not (chosen.no_metal and design(s).metal != "none")]
    labels, methods = tuple(chosen.labels.split(",")), tuple(chosen.methods.split(","))
    start = time.perf_counter()
    with ProcessPoolExecutor(chosen.jobs) as pool:
        jobs = {pool.submit(one, seed, chosen.in_plane_mm, labels, methods): seed for seed in todo}
        for n, job in enumerate(as_completed(jobs), start=1):
            append_record(path, job.result())
            print(f"{n} of {len(todo)}: seed {jobs[job]}, {time.perf_counter() - start:.0f} s", flush=True)


def _print_factors(records: list[Record]) -> None:
    for labels in ("true", "auto"):
        try:
            found = calibrate(records, labels, tuple(NAMES))
        except ValueError as error:
            print(f"{labels} labels: {error}")
            continue
        for name, factors in found.items():
            print(f"{labels} labels, {name}: {factors}")


def read_records(path: Path) -> list[Record]:
    """All whole records, in order of their seeds, each seed once; a line that a stop cut short is skipped."""
    if not path.exists():
        return []
    found: dict[int, Record] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[record["seed"]] = record
    return [found[seed] for seed in sorted(found)]


def append_record(path: Path, record: Record) -> None:
    """Add one record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut_short = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as stream:
        stream.write(("\n" if cut_short else "") + json.dumps(record) + "\n")
