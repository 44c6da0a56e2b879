"""Batches: studies an hour with one and two workers, against the networks alone, and what ledger and tables cost. Part of `make bench`.

python scripts/bench_cohort.py                    # both tables; some ten minutes
python scripts/bench_cohort.py --tables-only      # simulated cohorts of 10,000 and 100,000 studies
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.ledger import Key, Ledger, opened
from gluteal_grade.cohort.norms import NormsOptions, compute_norms, write_norms
from gluteal_grade.cohort.summary import summarise
from gluteal_grade.cohort.task import Because, Outcome, State
from gluteal_grade.grading import load_norms
from gluteal_grade.io.study import Person
from gluteal_grade.report.layout import MUSCLES, RESULT
from gluteal_grade_lab.checkout import ROOT
from gluteal_grade_lab.samples.cohort import make

PROGRAM = Path(sys.executable).parent / "gluteal-grade"


def throughput(cohort: Path, count: int) -> None:
    """Studies an hour, automatic labels, and the share of the networks."""
    make(cohort, count, in_plane_mm=1.6, slice_mm=5.0, jobs=2)
    print("| workers | studies an hour | seconds a study | networks alone | ratio |\n| --- | --- | --- | --- | --- |")
    for jobs in (1, 2):
        out = Path(tempfile.mkdtemp())
        try:
            start = time.perf_counter()
            # the manifest names label maps: without it the networks label
            subprocess.run([PROGRAM, "batch", f"{cohort}/p*", "-o", out, "-j", str(jobs), "--no-pictures", "-q"], check=False)
            each = (time.perf_counter() - start) / count
            found = [json.loads(path.read_text())["provenance"]["seconds"] for path in out.glob(f"*/{RESULT}")]
            bare = sum(s["segment"] for s in found) / len(found) / jobs
            print(f"| {jobs} | {3600 / each:.0f} | {each:.2f} | {bare:.2f} | {each / bare:.2f} |", flush=True)
        finally:
            shutil.rmtree(out, ignore_errors=True)


def tables(count: int, template: Path) -> None:
    """A simulated cohort: its ledger written entry by entry, the plan of a resumed batch, tables and pages, and norms of it."""
    out = Path(tempfile.mkdtemp())
    rng = random.Random(1)
    names = [f"{rng.getrandbits(48):012x}" for _ in range(count)]
    try:
        result = json.loads((template / RESULT).read_text())
        head, *lines = (line.split(",") for line in (template / MUSCLES).read_text().splitlines())
        for name in names:
            folder = out / name
            folder.mkdir()
            factor = rng.lognormvariate(0, 0.15)
            (folder / MUSCLES).write_text(_varied(head, lines, name, factor))
            (folder / RESULT).write_text(_result(result, name, factor))
        entries = [Entry(f"site/{name}", out / name) for name in names]
        key = Key("c", "m")
        prints = {e.key: e.key for e in entries}
        with opened(out) as ledger:
            begun = _seconds(lambda: ledger.begin(entries, prints, dict.fromkeys(prints, Because.NEW), key))
            written = _seconds(lambda: _fill(ledger, entries, names))
            planned = _seconds(lambda: ledger.ended(key))
            size = (out / "ledger.sqlite").stat().st_size / 2**20
            summed = _seconds(lambda: summarise(out, ledger, pictures=False))
        peaks = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]
        fitted = _seconds(lambda: write_norms(compute_norms([out], NormsOptions("bench")), load_norms(), out / "norms"))
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        told = (
            f"{count:,}",
            f"{begun:.1f}",
            f"{1000 * written / count:.2f}",
            f"{planned:.1f}",
            f"{size:.0f}",
            f"{summed:.1f}",
            f"{fitted:.1f}",
        )
        print(f"| {' | '.join(told)} | {peaks[0]:.0f}, {peaks[1]:.0f} |", flush=True)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _varied(head: list[str], lines: list[list[str]], name: str, factor: float) -> str:
    """The template's table as of another study, its volumes and fat so many times as large."""
    at = {column: head.index(column) for column in ("study", "volume_ml", "fat_fraction", "fat_fraction_core")}
    rows = [head]
    for line in lines:
        row = list(line)
        row[at["study"]] = name
        for column, place in at.items():
            if column != "study" and row[place] != "NaN":
                row[place] = f"{float(row[place]) * factor:.4f}"
        rows.append(row)
    return "\n".join(map(",".join, rows)) + "\n"


def _result(template: dict[str, Any], name: str, factor: float) -> str:
    """As much of `result.json` as the tables read, of another study."""
    muscles = [
        {key: m[key] for key in ("side", "muscle", "region", "status", "reason", "detail")}
        | {"fat_fraction": m["fat_fraction"] and round(round(m["fat_fraction"], 4) * factor, 4)}
        for m in template["muscles"]
    ]
    made_by = template["provenance"] | {"input_hash": name, "config_hash": "c", "model_hash": "m", "libraries": {}, "seconds": {}}
    told = {key: template[key] for key in ("status", "refusal", "fat", "fat_beside_metal", "segmentation", "notes")}
    return json.dumps(told | {"study": name, "muscles": muscles, "provenance": made_by})


def _fill(ledger: Ledger, entries: list[Entry], names: list[str]) -> None:
    for n, (entry, name) in enumerate(zip(entries, names, strict=True)):
        ledger.started(entry.key, "host:1")
        person = Person(
            f"patient {n}", 20.0 + n % 600 / 10, "tha" if n % 2 else "control", height_m=1.5 + n % 50 / 100, weight_kg=50.0 + n % 50
        )
        ledger.finished(
            entry.key,
            (Outcome(name, State.GRADED, folder=name, input_hash=name, sex="FM"[n % 2], person=person, method="dixon", automatic=True),),
            500.0,
        )


def _seconds(what: Callable[[], object]) -> float:
    """Of the processor: what else the machine does is not in it."""
    start = time.process_time()
    what()
    return time.process_time() - start


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=12, help="studies of the throughput")
    parser.add_argument("--tables-only", action="store_true")
    parser.add_argument("--cohort", type=Path, default=ROOT / "build" / "bench_cohort")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000])
    chosen = parser.parse_args(arguments)
    if not chosen.tables_only:
        throughput(chosen.cohort, chosen.count)
        print()
    sample = Path(tempfile.mkdtemp())
    try:
        study = ROOT / "data/sample/healthy_dixon"
        subprocess.run([PROGRAM, "grade", study, "-o", sample, "--labels", study / "labels.nii.gz", "-q"], check=True)
        template = next(sample.glob(f"*/{MUSCLES}")).parent
        told = (
            "ledger, ms a study",
            "plan of a resumed batch",
            "ledger, MB",
            "tables and pages, s",
            "norms, s",
            "peak MB before, after norms",
        )
        print(f"| studies | CPU seconds: begin | {' | '.join(told)} |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for size in chosen.sizes:
            tables(size, template)
    finally:
        shutil.rmtree(sample, ignore_errors=True)
