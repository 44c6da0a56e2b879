"""Speed and memory on this machine, one fresh process a line: `make bench`.

python scripts/bench.py            # markdown table
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gluteal_grade_lab.checkout import ROOT

PROGRAM = Path(sys.executable).parent / "gluteal-grade"
SAMPLES = ("healthy_dixon", "osteoarthritis_t1", "tha_mars")


def run(*arguments: str) -> tuple[float, float, int]:
    """Seconds, peak memory in MB and exit code of one command line in a fresh process."""
    # a child of a child, so that RUSAGE_CHILDREN holds this command alone
    code = (
        "import resource,subprocess,sys,time; t=time.perf_counter(); r=subprocess.run(sys.argv[1:],capture_output=True).returncode; "
        "print(time.perf_counter()-t, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss/1024, r)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    seconds, megabytes, status = done.stdout.split()
    return float(seconds), float(megabytes), int(status)


def line(name: str, *arguments: str, repeat: int = 1, expect: int = 0) -> None:
    """Print one row: the best of `repeat` runs."""
    runs = [run(*arguments) for _ in range(repeat)]
    assert all(status == expect for *_, status in runs), f"{name}: exit codes {[s for *_, s in runs]}"
    seconds, megabytes, _ = min(runs)
    print(f"| {name} | {seconds:.2f} | {megabytes:.0f} |", flush=True)


def main() -> None:
    """Print the table."""
    print("| what | seconds | peak MB |\n| --- | --- | --- |")
    line("`gluteal-grade --help`", str(PROGRAM), "--help", repeat=5)
    scratch = Path(tempfile.mkdtemp())
    try:
        for name in SAMPLES:
            study = ROOT / "data/sample" / name
            line(f"inspect {name}", str(PROGRAM), "inspect", str(study), repeat=2)
            line(
                f"grade {name}",
                str(PROGRAM),
                "grade",
                str(study),
                "-o",
                str(scratch / "out"),
                "--labels",
                str(study / "labels.nii.gz"),
                repeat=2,
            )
        many = scratch / "many"
        many.mkdir()
        for i in range(20_000):
            (many / f"{i}.bin").write_bytes(b"unrelated")
        line("20,000 unrelated files, refused", str(PROGRAM), "grade", str(many), "-o", str(scratch / "out"), expect=2)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"\n{time.strftime('%Y-%m-%d')}, {len(os.sched_getaffinity(0))} cores, Python {sys.version.split()[0]}")
