"""How long the review app lets a reader wait: 2,000 studies on loopback, a fifth of them read, measured by asking.

    python scripts/bench_review.py OUT [--studies 2000] [--rounds 30]

OUT holds a few graded studies; their results are repeated under other hashes in a temporary folder beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from gluteal_grade.grading.scales import known_scales
from gluteal_grade.review.model import Decision, Item, Key, Session
from gluteal_grade.review.store import Store
from gluteal_grade.vocabulary import GLUTEI, Side

READERS = ("bench", "other")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(dir=options.out.parent, prefix="bench_review_"))
    try:
        studies = repeat(options.out, folder, options.studies)
        rows = decide(folder, studies[: options.studies // 5])
        with running(folder) as (address, started_s):
            print(f"{len(studies)} studies, {rows} decisions; ready after {started_s:.1f} s\n")
            print("| request | p50 ms | p95 ms | max ms |\n| --- | --- | --- | --- |")
            with httpx.Client(base_url=address, timeout=60) as client:
                measure(client, studies, options.rounds)
    finally:
        shutil.rmtree(folder)


def repeat(source: Path, folder: Path, count: int) -> list[str]:
    """So many studies; their volumes are links to one file."""
    originals = [p.parent for p in sorted(source.glob("*/result.json"))]
    studies = []
    for n in range(count):
        original, study = originals[n % len(originals)], uuid.UUID(int=random.Random(n).getrandbits(128)).hex[:12]
        (folder / study).mkdir()
        result = json.loads((original / "result.json").read_text())
        result["study"] = study
        if n % 5 == 0:
            result["muscles"][0]["status"] = "needs_review"
        (folder / study / "result.json").write_text(json.dumps(result, indent=2))
        for path in original.iterdir():
            if path.is_file() and path.name != "result.json":
                os.link(path, folder / study / path.name)
        studies.append(study)
    lines = [f"{study},P{n:05d},0" for n, study in enumerate(studies)]
    (folder / "studies.csv").write_text("\n".join(["study,patient,days", *lines]) + "\n")
    return studies


def decide(folder: Path, studies: list[str]) -> int:
    """Every grade of these studies by two readers, and finished."""
    store, rows = Store(folder), 0
    for study in studies:
        keys = [Key(Item.GRADE, muscle, side, scale.key) for muscle in GLUTEI for side in Side for scale in known_scales()]
        for reader in READERS:
            made = [Decision(str(uuid.uuid4()), study, key, "1", "1") for key in keys]
            finished = Decision(str(uuid.uuid4()), study, Key(Item.FINISHED), "yes")
            rows += store.add(Session(reader), [*made, finished], "0" * 16)
    store.close()
    return rows


@contextmanager
def running(folder: Path, *more: str) -> Iterator[tuple[str, float]]:
    """The server with these options more, and how long it took to answer."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "gluteal_grade", "review", str(folder), "--reader", READERS[0], "--port", "0", *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    address = process.stdout.readline().split(": ", 1)[1].strip().rstrip("/")
    try:
        yield address, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def measure(client: httpx.Client, studies: list[str], rounds: int) -> None:
    """One line a kind of request."""
    any_study = random.Random(1)
    report("worklist, first page", rounds, lambda: client.get("/"))
    report("worklist, any page", rounds, lambda: client.get("/", params={"page": any_study.randint(1, len(studies) // 100)}))
    report("worklist, filters", rounds, lambda: client.get("/", params={"needs_review": 1, "unread": 1}))
    report("worklist, text", rounds, lambda: client.get("/", params={"text": "P001"}))
    report("study page, any", rounds, lambda: client.get(f"/studies/{any_study.choice(studies)}"))
    report("export page", rounds, lambda: client.get("/export"))
    report("volumes of a study, from disk", max(3, rounds // 3), lambda: client.get(f"/studies/{any_study.choice(studies)}/stack"))
    one = studies[7]
    about = client.get(f"/studies/{one}/stack").json()
    time.sleep(3)  # the study after it is read meanwhile
    report("volumes of a study, in memory", rounds, lambda: client.get(f"/studies/{one}/stack"))
    report("slice", 3 * rounds, lambda: client.get(f"/studies/{one}/slices/{any_study.randrange(about['slices'])}"))
    csrf = re.search(r'data-csrf="([0-9a-f]+)"', client.get("/").text)
    assert csrf
    headers = {"X-Review-Token": csrf[1]}
    report("decision stored", rounds, lambda: client.post("/api/decisions", json=batch(any_study.choice(studies)), headers=headers))


def batch(study: str) -> dict[str, object]:
    """One grade."""
    decision = {"id": str(uuid.uuid4()), "item": "grade", "muscle": "gluteus_medius", "side": "left", "part": "quartile", "value": "2"}
    return {"reader": READERS[0], "read": 1, "blinded": False, "study": study, "result_hash": "0" * 16, "decisions": [decision]}


def report(name: str, rounds: int, ask: Callable[[], httpx.Response]) -> None:
    """Ask so often; print how long it took."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = ask()
        times.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    p95 = statistics.quantiles(times, n=20, method="inclusive")[18]
    print(f"| {name} | {statistics.median(times):.0f} | {p95:.0f} | {max(times):.0f} |", flush=True)
