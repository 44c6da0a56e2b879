"""Receiving: MB/s on loopback beside dcmtk's storescp, and how long a result takes apart from grading. Part of `make bench`.

python -m scripts.bench_receive
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from gluteal_grade_lab.orthanc import Orthanc, free_port
from gluteal_grade_lab.phantom.people import visit, write_visit

PROGRAM = Path(sys.executable).parent / "gluteal-grade"
IMAGES, REPEATS, QUIET_S = 500, 3, 1.0
_NO_DELAY = {"TCP_NODELAY": "1"}  # for dcmtk: without it each image waits for the network's acknowledgement, 12 MB/s


def images(folder: Path) -> float:
    """Write 512 x 512 images of 16 bits; MB in all."""
    rng = np.random.default_rng(1)
    study, series = generate_uid(), generate_uid()
    for n in range(IMAGES):
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = MRImageStorage
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        data.StudyInstanceUID, data.SeriesInstanceUID, data.Modality, data.PatientID = study, series, "MR", "X"
        data.Rows = data.Columns = 512
        data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
        data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
        data.PixelData = rng.integers(0, 4096, (512, 512), dtype=np.uint16).tobytes()
        data.save_as(folder / f"{n:04d}.dcm", enforce_file_format=True)
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


def pushed(port: int, folder: Path) -> float:
    """Seconds that storescu takes."""
    start = time.perf_counter()
    command = ["storescu", "-aet", "STORESCU", "-aec", "GG", "+sd", "127.0.0.1", str(port), str(folder)]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | _NO_DELAY)
    return time.perf_counter() - start


def await_peer(port: int) -> None:
    """Until somebody answers C-ECHO."""
    end = time.monotonic() + 60
    while subprocess.run(["echoscu", "-aet", "STORESCU", "-aec", "GG", "127.0.0.1", str(port)], capture_output=True).returncode:
        if time.monotonic() > end:
            raise SystemExit("nobody answers")
        time.sleep(0.1)


def settings(root: Path, port: int, more: str = "") -> Path:
    """A `pacs.yaml`."""
    path = root / "pacs.yaml"
    path.write_text(
        f"out: out\nlocal: {{ae_title: GG, port: {port}, peers: [STORESCU]}}\n"
        f"receive: {{inbox: inbox, quiet_s: {QUIET_S}, min_free_gb: 0}}\n{more}"
    )
    return path


def throughput(root: Path) -> None:
    """Both receivers in turn, the best of some."""
    source = root / "source"
    source.mkdir()
    megabytes = images(source)
    print("| receiver | MB/s |\n| --- | --- |")
    best = {}
    for name in ("storescp (dcmtk)", "pacs receive"):
        seconds = []
        for n in range(REPEATS):
            place, port = root / f"{name[:4]}{n}", free_port()
            place.mkdir()
            if name.startswith("storescp"):
                command = ["storescp", "-aet", "GG", "-od", str(place), str(port)]
            else:
                command = [str(PROGRAM), "pacs", "receive", "--config", str(settings(place, port))]
            server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | _NO_DELAY)
            await_peer(port)
            seconds.append(pushed(port, source))
            server.terminate()
            server.wait()
            shutil.rmtree(place)
        best[name] = megabytes / min(seconds)
        print(f"| {name} | {best[name]:.0f} |", flush=True)
    ours, theirs = best["pacs receive"], best["storescp (dcmtk)"]
    print(f"\n{IMAGES} images of 512 x 512, {megabytes:.0f} MB; ratio {ours / theirs:.2f} (ours are on the disk before the answer)")


def latency(root: Path) -> None:
    """From the last image of a study to its results in a PACS, apart from waiting for quiet and from grading."""
    study = write_visit(visit(0), root / "one", 4.0, 8.0) / "dicom"
    port = free_port()
    with Orthanc(root / "orthanc") as pacs:
        more = f"pacs: {{ae_title: ORTHANC, host: 127.0.0.1, port: {pacs.dicom_port}}}\n"
        log = root / "log.jsonl"
        command: list[str | Path] = [PROGRAM, "pacs", "receive", "--config", settings(root, port, more), "--grade"]
        command += ["--log", log, "--stop-after-quiet", "6"]
        service = subprocess.Popen(command)
        await_peer(port)
        subprocess.run(
            ["storescu", "-aet", "STORESCU", "-aec", "GG", "+sd", "+r", "127.0.0.1", str(port), str(study)], check=True, capture_output=True
        )
        last = time.time()
        while not any('"sent"' in line for line in log.read_text().splitlines()):
            time.sleep(0.02)
        total = time.time() - last
        service.wait(120)
    grading = json.loads(next((root / "out").glob("*/result.json")).read_text())["provenance"]["seconds"]
    rest = total - QUIET_S - sum(grading.values())
    print(f"\nlast image to results in the PACS: {total:.1f} s, of it {QUIET_S:.0f} s quiet and {sum(grading.values()):.1f} s grading;")
    print(f"the rest {rest:.1f} s: start of a worker, models, pictures, DICOM objects, sending")


def main() -> None:
    """Print both."""
    root = Path(tempfile.mkdtemp())
    try:
        throughput(root)
        latency(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)
