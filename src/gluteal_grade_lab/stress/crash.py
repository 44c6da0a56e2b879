"""A cohort graded in one go against the same cohort killed and resumed: same table, nothing lost, nothing graded twice.

python scripts/make_cohort.py build/cohort200 --count 200 --jobs 2
python scripts/crash_test.py build/cohort200 build/crash --kills 5 --jobs 2
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "gluteal-grade"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both and compare."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cohort", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="take an uninterrupted run that is there")
    chosen = parser.parse_args(arguments)
    whole, killed = chosen.out / "whole", chosen.out / "killed"
    command = [PROGRAM, "batch", chosen.cohort, "--labels", "labels.nii.gz", "-j", str(chosen.jobs), "--no-pictures", "-q", "-o"]
    if not (chosen.keep and (whole / "cohort.csv").exists()):
        shutil.rmtree(whole, ignore_errors=True)
        start = time.perf_counter()
        code = subprocess.run([*command, whole]).returncode
        seconds = time.perf_counter() - start
        print(f"in one go: exit code {code}, {seconds:.0f} s, {3600 * _graded(whole) / seconds:.0f} studies an hour", flush=True)
    _memory(whole)
    shutil.rmtree(killed, ignore_errors=True)
    rng = random.Random(chosen.seed)
    total = _duration(whole)
    for n in range(chosen.kills):
        process = subprocess.Popen([*command, killed])
        wait = rng.uniform(0.1, 0.3) * total
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        print(f"kill {n + 1} after {wait:.1f} s: {_graded(killed)} graded so far", flush=True)
    code = subprocess.run([*command, killed]).returncode
    same = (whole / "cohort.csv").read_bytes() == (killed / "cohort.csv").read_bytes()
    rows = _rows(killed)
    computed = Counter(study for study, state, taken in rows if state in ("graded", "partly") and not taken)
    ended = {study for study, state, _ in rows if study}
    print(f"killed {chosen.kills} times: exit code {code}, cohort.csv {'identical' if same else 'DIFFERS'}, {len(ended)} studies ended,")
    print(f"taken over {sum(taken for *_, taken in rows)}, graded twice {sum(count > 1 for count in computed.values())},"
          f" states {dict(Counter(state for _, state, _ in rows))}")  # fmt: skip
    if not same or any(count > 1 for count in computed.values()) or ended != {s for s, *_ in _rows(whole) if s}:
        sys.exit(1)


def _rows(out: Path) -> list[tuple[str, str, int]]:
    if not (out / "ledger.sqlite").exists():
        return []
    database = sqlite3.connect(out / "ledger.sqlite")
    try:
        return database.execute("SELECT study, state, taken_over FROM attempts").fetchall()
    finally:
        database.close()


def _graded(out: Path) -> int:
    return sum(state in ("graded", "partly") for _, state, _ in _rows(out))


def _duration(out: Path) -> float:
    database = sqlite3.connect(out / "ledger.sqlite")
    first, last = database.execute("SELECT julianday(MIN(started)), julianday(MAX(ended)) FROM attempts").fetchone()
    database.close()
    return float(last - first) * 86400


def _memory(out: Path) -> None:
    """How each worker's peak grew after its first twenty studies."""
    database = sqlite3.connect(out / "ledger.sqlite")
    peaks: dict[str, list[float]] = defaultdict(list)
    for worker, peak in database.execute("SELECT worker, peak_mb FROM attempts WHERE peak_mb IS NOT NULL ORDER BY ended"):
        peaks[worker].append(peak)
    database.close()
    for values in peaks.values():
        if len(values) > 20:
            print(f"a worker's peak memory: {values[19]:.0f} MB after 20 studies, {values[-1]:.0f} MB after {len(values)}"
                  f" ({100 * (values[-1] / values[19] - 1):+.1f} %)", flush=True)  # fmt: skip
