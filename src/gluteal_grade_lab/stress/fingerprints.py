r"""Fingerprints of everything that is graded, to prove that two versions of the program give the same results byte for byte.

python -m gluteal_grade_lab stress fingerprints --inputs DIR --out FILE.json [--count 100] \
  [--doors grade,networks,batch,watch,remeasured] [--work DIR]
python -m gluteal_grade_lab stress fingerprints --compare BEFORE.json AFTER.json [--common]

Only the command line (`python -m gluteal_grade`, with this process's environment) and, for corrected labels, the review server's HTTP
are used, so the same program grades with every version. DIR is what `stress fingerprint-inputs` made, once. The doors:

grade       each sample and the real CT with given labels, and every fourth phantom, with one command each
networks    the samples and the CT, labelled by the shipped networks
batch       all phantoms through a manifest, one worker
watch       every fourth phantom (others than of `grade`) copied into a folder, `watch --once`
remeasured  three corrected label maps, sent to `gluteal-grade review`

Of each (door, study): status; sha256 of muscles.csv, of result.json without `provenance`, and of the decompressed labels.nii.gz and
fat_fraction.nii.gz. Of `batch` and `watch` also the tables: cohort.csv and refusals.csv as they are (they hold no times or paths; of a
refusal's source the study's own name is taken), studies.csv without patient (a pseudonym made with a secret of the folder) and
without version and hashes (provenance), changes.csv without patient and with its lines sorted, as their order follows the pseudonyms.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from gluteal_grade_lab.labelmaps import GLUTEAL_ANATOMY

DOORS = ("grade", "networks", "batch", "watch", "remeasured")
CORRECTED = ("k0_g0", "k5_g0", "k8_g0")
NOT_COMPARED = ("patient", "version", "config_hash", "model_hash", "input_hash")
STATES = {0: "graded", 3: "partly_graded", 2: "refused", 1: "failed"}
Prints = dict[str, dict[str, str]]
Line = dict[str, str]


def command(*arguments: object) -> list[str]:
    """A command line of the program under test."""
    return [sys.executable, "-m", "gluteal_grade", *map(str, arguments)]


def run(*arguments: object) -> int:
    """Run one; its exit code."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=False)
    if done.returncode not in STATES:
        raise SystemExit(f"{arguments}: exit code {done.returncode}\n{done.stderr}")
    return done.returncode


def sha256(data: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def of_folder(folder: Path, replaced: str = "") -> dict[str, str]:
    """Fingerprint of a study's result folder; `replaced` is a random name that counts as if it were always the same."""
    text = (folder / "result.json").read_text(encoding="utf-8")
    result = json.loads(text.replace(replaced, "RANDOM") if replaced else text)
    result.pop("provenance")
    found = {"study": result["study"], "status": result["status"], "result": sha256(json.dumps(result, sort_keys=True).encode())}
    found["grades"] = " ".join(str(g["grade"]) for m in result["muscles"] if m["region"] == "whole" for g in m["grades"][:1])
    for name in ("muscles.csv", "labels.nii.gz", "fat_fraction.nii.gz"):
        if (path := folder / name).exists():
            data = path.read_bytes()
            found[name] = sha256(gzip.decompress(data) if name.endswith(".gz") else data)
    return found


def name_of(source: str) -> str:
    """A study's own name, of the path that a table says it came from."""
    parts = Path(source).parts
    return parts[parts.index("watched_in") + 1] if "watched_in" in parts[:-1] else parts[-1]


def of_batch(door: str, out: Path, count: int) -> Prints:
    """Fingerprints of every study and table of a batch's output."""
    found: Prints = {}
    for name in ("studies", "refusals", "changes", "cohort"):
        with (out / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        if name == "cohort":
            text = (out / "cohort.csv").read_bytes()
        else:
            kept = [{k: v for k, v in row.items() if k not in NOT_COMPARED} for row in rows]
            lines = [json.dumps(row | ({"source": name_of(row["source"])} if "source" in row else {})) for row in kept]
            text = "\n".join(sorted(lines)).encode()
        found[f"{door}/{count} studies: {name}.csv"] = {"sha256": sha256(text), "lines": str(len(rows))}
        for row in rows if name in ("studies", "refusals") else ():
            study, key = row["study"], f"{door}/{name_of(row['source'])}"
            state = row["state"] + (f": {row['reason']}" if row["reason"] else "")
            folder = out / study if study and (out / study / "result.json").exists() else None
            found[key] = (of_folder(folder) if folder else {}) | {"state": state}
    return found


def grade(key: str, work: Path, config: Path, study: Path, *more: object) -> Prints:
    """Fingerprint of one study through `grade`."""
    out = work / key
    code = run("grade", study, "-o", out, "--config", config, "-q", *more)
    folders = [path.parent for path in out.glob("*/result.json")]
    return {key: (of_folder(folders[0]) if folders else {}) | {"exit": STATES[code]}}


def samples(door: str, inputs: Path, work: Path, config: Path) -> Prints:
    """The samples and the real CT, with given labels or labelled by the networks."""
    found: Prints = {}
    for folder in sorted(path for path in (inputs / "sample").iterdir() if path.is_dir()):
        labels = ("--labels", folder / "labels.nii.gz") if door == "grade" else ()
        found |= grade(f"{door}/sample {folder.name}", work, config, folder / "dicom", *labels)
    ct = inputs / "ct"
    given: tuple[object, ...] = ("--labels", ct / "pelvis_ct_labels_right.nii.gz", "--labelmap", GLUTEAL_ANATOMY) if door == "grade" else ()
    return found | grade(f"{door}/real ct", work, config, ct / "pelvis_ct.nii.gz", *given)


def graded(inputs: Path, work: Path, config: Path, lines: list[Line]) -> Prints:
    """Phantoms one by one, with what the manifest says of them."""
    found = samples("grade", inputs, work, config)
    for line in lines:
        said = [text for name in ("labels", "kind", "sex", "metal") if line[name] for text in (f"--{name}", line[name])]
        found |= grade(f"grade/{Path(line['path']).name}", work, config, Path(line["path"]), *said)
    return found


def batched(door: str, work: Path, config: Path, lines: list[Line]) -> Prints:
    """Phantoms through a manifest."""
    manifest = work / f"{door}.csv"
    with manifest.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    run("batch", manifest, "-o", work / door, "--config", config, "-j", 1, "--no-pictures", "-q")
    return of_batch(door, work / door, len(lines))


def watched(work: Path, config: Path, lines: list[Line]) -> Prints:
    """Phantoms copied into a folder that is watched until all are graded."""
    for path in (Path(line["path"]) for line in lines):
        target = work / "watched_in" / path.name
        shutil.copytree(path, target) if path.is_dir() else shutil.copy(path, target)
    look = ("--once", "--quiet-seconds", 0, "--every", 0.2, "--labels", "labels.nii.gz")
    run("watch", work / "watched_in", "-o", work / "watch", "--config", config, "-j", 1, "-q", *look)
    return of_batch("watch", work / "watch", len(lines))


def remeasured(inputs: Path, work: Path, config: Path, lines: list[Line]) -> Prints:
    """Corrected label maps sent to the review server, as its page sends them; the one place that knows its addresses and folders.

    Sign in by the link that the server prints, take the token of the page, POST the file to /studies/STUDY/labels, and ask
    /studies/STUDY/corrections until it is done. The result then lies in OUT/review/corrected/STUDY/ID/.
    """
    out = work / "first"
    first = batched("first", work, config, lines)
    found: Prints = {}
    asked = command("review", out, "--reader", "fingerprints", "--port", 0, "--config", config)
    with subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            link = server.stdout.readline().split(": ", 1)[1].strip()
            address = link.split("/enter")[0].rstrip("/")
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
            page = browser.open(link).read().decode()
            token = re.findall(r'data-csrf="([0-9a-f]+)"', page)[0]
            headers = {"Content-Type": "application/octet-stream", "Accept": "application/json", "X-Review-Token": token}
            for name in (Path(line["path"]).name for line in lines):
                study = first[f"first/{name}"]["study"]
                body = (inputs / "corrected" / f"{name}.nii.gz").read_bytes()
                browser.open(urllib.request.Request(f"{address}/studies/{study}/labels", body, headers)).read()
                told: dict[str, Any] = {"state": "waiting"}
                while told["state"] in ("waiting", "running"):
                    time.sleep(0.5)
                    told = json.loads(browser.open(f"{address}/studies/{study}/corrections").read())[0]
                folder = out / "review" / "corrected" / study / told["id"]
                measured = of_folder(folder, told["id"]) if folder.exists() else {}
                found[f"remeasured/{name}"] = measured | {"state": told["state"], "rows": sha256(json.dumps(told["rows"]).encode())}
        finally:
            server.send_signal(signal.SIGTERM)
    return found


def chosen_lines(inputs: Path, count: int) -> tuple[list[Line], list[Line]]:
    """`count` lines of the manifest, spread over all of it, and those of the corrected studies; paths are absolute."""
    folder = (inputs / "phantoms").absolute()
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        lines = [row | {"path": str(folder / row["path"]), "labels": str(folder / row["labels"])} for row in csv.DictReader(stream)]
    count = min(count, len(lines))
    return [lines[n * len(lines) // count] for n in range(count)], [line for line in lines if Path(line["path"]).name in CORRECTED]


def measure(inputs: Path, work: Path, doors: list[str], count: int, out: Path) -> None:
    """Write all fingerprints, and beside them what is not compared; anew after each door, so that a run cut short leaves something."""
    config = work / "no_pictures.yaml"
    config.write_text("report: {pictures: none}\n", encoding="utf-8")
    lines, corrected = chosen_lines(inputs, count)
    where = subprocess.run([sys.executable, "-c", "import gluteal_grade; print(gluteal_grade.__file__)"], capture_output=True, text=True)
    found: Prints = {}
    seconds: dict[str, dict[str, float]] = {}
    about = {"program": where.stdout.strip(), "python": sys.version.split()[0], "seconds": seconds}
    for door in ("help", *doors):
        start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        if door == "help":
            run("--help")
        elif door == "grade":
            found |= graded(inputs, work, config, lines[0::4])
        elif door == "networks":
            found |= samples(door, inputs, work, config)
        elif door == "batch":
            found |= batched(door, work, config, lines)
        elif door == "watch":
            found |= watched(work, config, lines[2::4])
        else:
            found |= remeasured(inputs, work, config, corrected)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        seconds[door] = {"wall": round(time.perf_counter() - start, 1), "cpu": round(cpu, 1)}
        out.write_text(json.dumps({"about": about, "fingerprints": found}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(f"{door}: {seconds[door]}", file=sys.stderr, flush=True)
    print(f"{len(found)} fingerprints in {out}")


def compare(before: Path, after: Path, *, common: bool) -> int:
    """Print what differs; 1 if anything does."""
    a, b = (json.loads(path.read_text(encoding="utf-8"))["fingerprints"] for path in (before, after))
    keys = sorted(a.keys() & b.keys() if common else a.keys() | b.keys())
    rows = [
        (key, field, a.get(key, {}).get(field, "-")[:24], b.get(key, {}).get(field, "-")[:24])
        for key in keys
        for field in sorted(a.get(key, {}).keys() | b.get(key, {}).keys())
        if a.get(key, {}).get(field) != b.get(key, {}).get(field)
    ]
    for row in [("what", "field", before.stem, after.stem), *rows] if rows else []:
        print("{:<44} {:<20} {:<24} {:<24}".format(*row))
    same = len(keys) - len({row[0] for row in rows})
    print(f"{same} of {len(keys)} identical" + (" (those that are in both files)" if common else ""))
    return 0 if keys and same == len(keys) else 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=Path, help="what `stress fingerprint-inputs` made")
    parser.add_argument("--out", type=Path, help="fingerprints go here")
    parser.add_argument("--count", type=int, default=100, help="phantoms")
    parser.add_argument("--doors", default=",".join(DOORS), help="some of them, with commas")
    parser.add_argument("--work", type=Path, help="keep results here (emptied first); without it they are thrown away")
    parser.add_argument("--compare", type=Path, nargs=2, metavar="FILE")
    parser.add_argument("--common", action="store_true", help="compare only what both files hold: a part against the whole")
    told = parser.parse_args(arguments)
    if told.compare:
        sys.exit(compare(*told.compare, common=told.common))
    doors = told.doors.split(",")
    if not (told.inputs and told.out) or not set(doors) <= set(DOORS):
        parser.error("--inputs and --out are needed, and doors of " + ", ".join(DOORS))
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as many threads everywhere: sums in the same order
    if told.work and told.work.exists():
        if any(told.work.iterdir()) and not (told.work / "no_pictures.yaml").exists():
            parser.error(f"{told.work} holds something else")
        shutil.rmtree(told.work)
    work = (told.work or Path(tempfile.mkdtemp(prefix="fingerprints_"))).absolute()
    work.mkdir(parents=True, exist_ok=True)
    try:
        measure(told.inputs, work, doors, told.count, told.out)
    finally:
        if not told.work:
            shutil.rmtree(work, ignore_errors=True)
