"""Faults injected into small sound studies, one each, and what the program makes of them.

python -m gluteal_grade_lab fuzz --count 400 --seed 1 --out build/fuzz

Fault and place are drawn by the seed; the same seed gives the same cases. Writes `fuzz.csv` (a line a case) and `fuzz.md` (the table), and
keeps the inputs of what ended badly (silently changed, traceback, hang, memory) in `kept/`. Exit code 1 if there are any.
"""

from __future__ import annotations

import argparse
import csv
import math
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from gluteal_grade_lab.fuzz import containers, headers, labelmaps, pixels
from gluteal_grade_lab.fuzz.headers import Fault
from gluteal_grade_lab.fuzz.judge import Ending, Told, judge
from gluteal_grade_lab.fuzz.running import apart, graded
from gluteal_grade_lab.fuzz.seeds import Case, Seed, make_seeds

BAD = (Ending.SILENT, Ending.TRACEBACK, Ending.HANG, Ending.MEMORY)
FAULTS: dict[str, dict[str, Fault]] = {
    "dicom": {**headers.FAULTS, **pixels.FAULTS, **containers.DICOM, **labelmaps.FAULTS},
    "enhanced": {**headers.FAULTS, **containers.DICOM, **labelmaps.FAULTS},
    "nifti": {**containers.NIFTI, **labelmaps.FAULTS},
    "zip": containers.ZIP,
}
_WEIGHTS = {"dicom": 3, "enhanced": 1, "nifti": 2, "zip": 1}


@dataclass(frozen=True)
class Line:
    """One case: number, seed, fault, how it ended and with what change."""

    number: int
    seed: str
    fault: str
    ending: Ending
    fat_points: float
    volume_percent: float
    reason: str
    seconds: float
    peak_mb: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to repeat one")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--limit-s", type=float, default=120.0, help="longer is a hang")
    parser.add_argument("--memory-mb", type=float, default=2000.0)
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    lines = []
    for line in cases(range(chosen.first, chosen.first + chosen.count), chosen.seed, chosen.limit_s, chosen.memory_mb, chosen.out / "kept"):
        lines.append(line)
        if line.ending in BAD or line.number % 25 == 0:
            print(f"{line.number} {line.seed}, {line.fault}: {line.ending} {line.reason}", flush=True)
        _write(lines, chosen.out)
    print(table(lines))
    raise SystemExit(any(line.ending in BAD for line in lines))


def cases(numbers: range, seed: int, limit_s: float, memory_mb: float, kept: Path | None = None) -> Iterator[Line]:
    """Make and grade each case; those that end badly are kept."""
    with tempfile.TemporaryDirectory(prefix="gg_fuzz_") as scratch:
        seeds = make_seeds(Path(scratch) / "seeds")
        sound = {one.name: _sound(one, Path(scratch)) for one in seeds}
        for number in numbers:
            rng = Random(f"{seed} {number}")
            one = rng.choices(seeds, [_WEIGHTS[s.form] for s in seeds])[0]
            name = rng.choice(sorted(FAULTS[one.form]))
            case = one.copy(Path(scratch) / str(number))
            FAULTS[one.form][name](case, rng)
            told, seconds = apart(partial(graded, case), limit_s)
            ending, fat, volume = judge(sound[one.name], told, memory_mb)
            if ending in BAD and kept is not None:
                shutil.copytree(Path(scratch) / str(number), kept / str(number), symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(Path(scratch) / str(number))
            yield Line(number, one.name, name, ending, fat, volume, told.refusal or told.error, seconds, told.peak_mb)


def _sound(seed: Seed, scratch: Path) -> Told:
    case: Case = seed.copy(scratch / f"sound_{seed.name}")
    told = graded(case)
    if not told.numbers:
        raise AssertionError(f"the sound seed {seed.name} is not graded: {told.refusal or told.error}")
    return told


def table(lines: Sequence[Line]) -> str:
    """Counts of every kind of fault by ending, in Markdown."""
    kinds: dict[str, Counter[Ending]] = defaultdict(Counter)
    for line in lines:
        kinds[line.fault.split()[0].rstrip("s")][line.ending] += 1
        kinds["all"][line.ending] += 1
    rows = ["| fault of | cases | " + " | ".join(Ending) + " |", "| --- |" + " ---: |" * (1 + len(Ending))]
    for kind in [*sorted(set(kinds) - {"all"}), "all"]:
        counts = kinds[kind]
        rows.append(f"| {kind} | {counts.total()} | " + " | ".join(str(counts[e]) for e in Ending) + " |")
    most = max((line.peak_mb for line in lines), default=0.0)
    longest = max((line.seconds for line in lines), default=0.0)
    rows += ["", f"Most memory {most:.0f} MB, longest case {longest:.1f} s."]
    bad = [line for line in lines if line.ending in BAD]
    rows += [f"- {n.number}: {n.seed}, {n.fault}: {n.ending} {n.reason}{_change(n)}" for n in bad]
    return "\n".join(rows) + "\n"


def _change(line: Line) -> str:
    return "" if math.isnan(line.fat_points) else f"({line.fat_points:.1f} points, {line.volume_percent:.1f} % volume)"


def _write(lines: Sequence[Line], out: Path) -> None:
    with (out / "fuzz.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(Line.__dataclass_fields__)
        writer.writerows([getattr(line, name) for name in Line.__dataclass_fields__] for line in lines)
    (out / "fuzz.md").write_text(table(lines), encoding="utf-8")
