"""Studies pushed by dcmtk's storescu over parallel associations while they are graded, results back in an Orthanc.

python scripts/make_cohort.py build/cohort200 --count 200 --jobs 2 --in-plane-mm 4 --slice-mm 8
python -m scripts.push_test build/cohort200 build/push --count 60 --associations 4
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from gluteal_grade_lab.orthanc import Orthanc, free_port

PROGRAM = Path(sys.executable).parent / "gluteal-grade"


def main(arguments: Sequence[str] | None = None) -> None:
    """Push, wait, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cohort", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--associations", type=int, default=4)
    chosen = parser.parse_args(arguments)
    chosen.work = chosen.work.absolute()
    shutil.rmtree(chosen.work, ignore_errors=True)
    chosen.work.mkdir(parents=True)
    studies = sorted(p / "dicom" for p in chosen.cohort.glob("p*_v0") if (p / "dicom").is_dir())[: chosen.count]
    port = free_port()
    with Orthanc(chosen.work / "orthanc") as pacs:
        (chosen.work / "pacs.yaml").write_text(
            f"out: out\nlocal: {{ae_title: GG, port: {port}, peers: [STORESCU]}}\nreceive: {{inbox: inbox, quiet_s: 3, min_free_gb: 1}}\n"
            f"pacs: {{ae_title: ORTHANC, host: 127.0.0.1, port: {pacs.dicom_port}, timeout_s: 20}}\nretry: {{attempts: 3, first_s: 1}}\n"
        )
        command = [PROGRAM, "pacs", "receive", "--config", chosen.work / "pacs.yaml", "--grade", "--log", chosen.work / "log.jsonl"]
        service = subprocess.Popen([*command, "--stop-after-quiet", "20"])
        _listening(port)
        start = time.perf_counter()
        parts = [studies[n :: chosen.associations] for n in range(chosen.associations)]
        with ThreadPoolExecutor(chosen.associations) as pool:
            codes = list(pool.map(lambda part: _push(part, port), parts))
        pushed = time.perf_counter() - start
        try:
            code = service.wait(3600)
        except KeyboardInterrupt:
            service.send_signal(signal.SIGTERM)
            raise
        seconds = time.perf_counter() - start
        steps = [json.loads(line) for line in (chosen.work / "log.jsonl").read_text().splitlines()]
        graded = Counter(s["study"] for s in steps if s["step"] == "graded")
        found = requests.get(f"{pacs.dicomweb_url}/series", headers={"Accept": "application/dicom+json"}, timeout=60).json()
        modalities = Counter(one["00080060"]["Value"][0] for one in found)
    with (chosen.work / "out" / "studies.csv").open() as stream:
        states = Counter(row["state"] for row in csv.DictReader(stream))
    database = sqlite3.connect(chosen.work / "out" / "ledger.sqlite")
    rows = database.execute("SELECT study FROM attempts WHERE NOT taken_over").fetchall()
    twice = sum(count > 1 for count in Counter(study for (study,) in rows).values())
    database.close()
    print(
        f"storescu exit codes {sorted(set(itertools.chain(codes)))}, service {code}; pushed in {pushed:.0f} s, all done in {seconds:.0f} s"
    )
    print(f"{len(graded)} of {len(studies)} studies graded, {twice} more than once; states {dict(states)}")
    print(f"series in the PACS {dict(modalities)}")
    if len(graded) != len(studies) or twice or modalities["SEG"] != states["graded"] + states["partly_graded"]:
        sys.exit(1)


def _listening(port: int) -> None:
    end = time.monotonic() + 60
    while subprocess.run(["echoscu", "-aet", "STORESCU", "-aec", "GG", "127.0.0.1", str(port)], capture_output=True).returncode:
        if time.monotonic() > end:
            raise SystemExit("the receiver does not answer")
        time.sleep(0.2)


def _push(studies: list[Path], port: int) -> int:
    command = ["storescu", "-aet", "STORESCU", "-aec", "GG", "--scan-directories", "--recurse", "127.0.0.1", str(port)]
    return subprocess.run([*command, *map(str, studies)], capture_output=True).returncode
