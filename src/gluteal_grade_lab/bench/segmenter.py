"""Our two looks against networks of the size that peers use, on the same volumes: seconds and peak memory. Part of `make bench`.

    python scripts/bench_segmenter.py                  table; slow peers are measured on some windows and extrapolated
    python scripts/bench_segmenter.py --full           every window (an hour)
    python scripts/bench_segmenter.py --case dixon

Volumes are noisy phantoms of a whole pelvis. The peers are built with MONAI, with random weights (the time does not depend on them):
a 3-D full-resolution U-Net at 1.5 mm, windows of 128 voxels, overlap 0.5; a 2-D one slice by slice, windows of 256 pixels, overlap 0.9.
No mirroring, no ensemble, labels back by nearest neighbour: what those cost comes on top. Each runs in a process of its own, whose peak
memory is given.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.geometry import Volume, upright_grid
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.checkout import ROOT
from gluteal_grade_lab.phantom.body import BodyParameters
from gluteal_grade_lab.phantom.fatfield import FatPrescription, both_sides
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.signal import Protocol, Technique
from gluteal_grade_lab.phantom.study import PhantomStudySpec, SeriesSpec, make_study

MODELS = ROOT / "models"
CLASSES = 7
LIMIT_S, LIMIT_MB, FASTER_3D, FASTER_2D = 10, 3072, 5, 20


@dataclass(frozen=True)
class Case:
    """One volume of the table."""

    name: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    kind: SeriesKind


CASES = {
    "dixon": Case("Dixon 320x320x40", (320, 320, 40), (1.25, 1.25, 6.0), SeriesKind.DIXON_WATER),
    "t1": Case("T1 512x512x60", (512, 512, 60), (0.8, 0.8, 4.5), SeriesKind.T1),
    "3d": Case("3-D 256x256x120", (256, 256, 120), (1.6, 1.6, 2.2), SeriesKind.T1),
}


def volume_of(case: Case) -> Volume:
    """A whole pelvis, sampled at 2.5 mm, read linearly on the case's grid, with noise of its own."""
    protocol = Protocol(Technique.SPIN_ECHO, tr_ms=550.0, te_ms=11.0, field_t=1.5)
    if case.kind is SeriesKind.DIXON_WATER:
        protocol = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=14.0, te_ms=1.15, field_t=3.0, flip_deg=2.0)
    coarse = axial_grid((-205, -170, -140), (205, 120, 145), (2.5, 2.5, 2.5))
    fat = both_sides(*(FatPrescription(0.12),) * 3)
    series = (SeriesSpec(case.kind, "bench", protocol, snr=0),)
    phantom = make_study(PhantomStudySpec("Bench", BodyParameters("F", seed=3), fat, coarse, series, (1, 1, 1), seed=3)).images[0].volume
    extent = np.array(case.shape) * case.spacing_mm
    affine = np.diag([*case.spacing_mm, 1.0])
    affine[:3, 3] = coarse.to_world((np.array(coarse.shape) - 1) / 2) - (extent - case.spacing_mm) / 2
    image = phantom.with_array(phantom.array.astype(np.float32)).resampled(Volume(np.empty(case.shape, np.uint8), affine).grid)
    rng = np.random.default_rng(1)
    noise = 0.02 * float(image.array.max()) * rng.standard_normal((2, *case.shape), np.float32)
    return image.with_array(np.hypot(image.array + noise[0], noise[1]))


def starts(size: int, window: int, overlap: float) -> list[int]:
    """Where windows begin along an axis, as MONAI's sliding window has them; `size` is at least `window`."""
    step = max(1, int(window * (1 - overlap)))
    count = -(-(size - window) // step) + 1
    return [min(n * step, size - window) for n in range(count)]


def ours(image: Volume, limit: int) -> dict[str, Any]:
    """The shipped bundles, twice: the first study loads libraries and weights."""
    del limit
    from gluteal_grade_lab.training.evaluate.models import make_segmenter

    seconds, labels = [], image
    for _ in range(2):
        begin = time.perf_counter()
        labels = make_segmenter(MODELS).segment_volume(image, False)
        seconds.append(time.perf_counter() - begin)
    values = np.unique(labels.array[labels.array > 0])
    return {"seconds": seconds[1], "first": seconds[0], "note": f"{len(values)} labels" if len(np.unique(values // 10)) < 6 else ""}


def peer_3d(image: Volume, limit: int) -> dict[str, Any]:
    """A DynUNet 32-64-128-256-320 on the whole volume at 1.5 mm."""
    begin = time.perf_counter()
    corners = image.grid.corners_mm()
    grid = upright_grid(corners.min(axis=0), corners.max(axis=0), 1.5)
    fine = image.resampled(grid).array
    fine = np.pad(fine, [(0, max(0, 128 - n)) for n in fine.shape])
    places = [(slice(i, i + 128), slice(j, j + 128), slice(k, k + 128)) for i in starts(fine.shape[0], 128, 0.5)
              for j in starts(fine.shape[1], 128, 0.5) for k in starts(fine.shape[2], 128, 0.5)]  # fmt: skip
    network = dynunet(3, (32, 64, 128, 256, 320))
    labels, result = _slide(fine, places, network, limit, begin)
    back = Volume(labels[tuple(slice(0, n) for n in grid.shape)], grid.affine)
    begin = time.perf_counter()
    back.resampled(image.grid, labels=True)
    return result | {"seconds": result["seconds"] + time.perf_counter() - begin}


def peer_2d(image: Volume, limit: int) -> dict[str, Any]:
    """A 2-D DynUNet 32-64-128-256-512-512 on every slice."""
    begin = time.perf_counter()
    fine = np.pad(image.array, [(0, max(0, 256 - n)) for n in image.shape[:2]] + [(0, 0)])
    places = [(slice(i, i + 256), slice(j, j + 256), k) for k in range(fine.shape[2])
              for i in starts(fine.shape[0], 256, 0.9) for j in starts(fine.shape[1], 256, 0.9)]  # fmt: skip
    return _slide(fine, places, dynunet(2, (32, 64, 128, 256, 512, 512)), 12 * limit, begin)[1]


def dynunet(dimensions: int, filters: tuple[int, ...]) -> Any:
    """MONAI's nnU-Net, random weights."""
    from monai.networks.nets.dynunet import DynUNet

    kernels, strides = [3] * len(filters), [1] + [2] * (len(filters) - 1)
    return DynUNet(dimensions, 1, CLASSES, kernels, strides, strides[1:], filters=filters, norm_name="instance").eval()


def _slide(fine: np.ndarray, places: list[Any], network: Any, limit: int, begin: float) -> tuple[np.ndarray, dict[str, Any]]:
    """Run the windows, the first `limit` of them if there are more; sums and arg-max over the whole volume as in earnest.

    Returns:
        labels, and the seconds since `begin`, the windows left out counted at the median of those measured.
    """
    import torch

    score = np.zeros((CLASSES, *fine.shape), np.float32)
    count = np.zeros(fine.shape, np.float32)
    each = []
    with torch.inference_mode():
        for place in places[:limit]:
            tick = time.perf_counter()
            found = network(torch.from_numpy(np.ascontiguousarray(fine[place]))[None, None])[0].numpy()
            score[(slice(None), *place)] += found
            count[place] += 1
            each.append(time.perf_counter() - tick)
    labels = (score / np.maximum(count, 1)).argmax(axis=0).astype(np.uint8)
    usual = float(np.median(each[1:] or each))  # the first one warms up
    seconds = time.perf_counter() - begin + (len(places) - len(each)) * usual
    return labels, {"seconds": seconds, "windows": len(places), "measured": len(each)}


RUNNERS: dict[str, Callable[[Volume, int], dict[str, Any]]] = {"ours": ours, "3d": peer_3d, "2d": peer_2d}


def in_child(runner: str, path: Path, limit: int) -> dict[str, Any]:
    """Run one of `RUNNERS` in a fresh process."""
    command = [
        sys.executable,
        "-m",
        "gluteal_grade_lab",
        "bench",
        "segmenter",
        "--child",
        runner,
        "--volume",
        str(path),
        "--windows",
        str(limit),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"seconds": float("nan"), "megabytes": float("nan"), "note": done.stderr.strip().splitlines()[-1][:120]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def child(runner: str, path: Path, limit: int) -> None:
    """What the fresh process does: print JSON."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    with np.load(path) as held:
        image = Volume(held["array"], held["affine"])
    found = RUNNERS[runner](image, limit)
    print(json.dumps(found | {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def row(case: Case, found: dict[str, dict[str, Any]]) -> str:
    """One line of the table."""
    mine = found["ours"]
    cells = [case.name, f"{mine['seconds']:.1f}", f"{mine.get('first', float('nan')):.1f}", f"{mine['megabytes']:.0f}"]
    met = mine["seconds"] < LIMIT_S and mine["megabytes"] < LIMIT_MB
    for name, wanted in (("3d", FASTER_3D), ("2d", FASTER_2D)):
        peer = found[name]
        ratio = peer["seconds"] / mine["seconds"]
        met = met and ratio >= wanted
        part = "" if peer.get("measured") == peer.get("windows") else f" ({peer['measured']} of {peer['windows']} windows measured)"
        cells += [f"{peer['seconds']:.0f}{part}", f"{peer['megabytes']:.0f}", f"{ratio:.1f}"]
    return "| " + " | ".join([*cells, ("met" if met else "**missed**") + (f" ({mine['note']})" if mine.get("note") else "")]) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--case", choices=sorted(CASES), action="append")
    parser.add_argument("--windows", type=int, default=4, help="windows of the 3-D peer to measure; twelve times as many of the 2-D one")
    parser.add_argument("--full", action="store_true", help="every window")
    parser.add_argument("--child", choices=sorted(RUNNERS), help=argparse.SUPPRESS)
    parser.add_argument("--volume", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        child(options.child, options.volume, options.windows)
        return
    header = "volume, ours s, first study s, ours MB, 3-D peer s, MB, times slower, 2-D peer s, MB, times slower, targets"
    print("| " + header.replace(", ", " | ") + " |")
    print("|" + " --- |" * 11)
    with tempfile.TemporaryDirectory() as folder:
        for name in options.case or CASES:
            image = volume_of(CASES[name])
            path = Path(folder) / "volume.npz"
            np.savez(path, array=image.array, affine=image.affine)
            found = {runner: in_child(runner, path, 10**9 if options.full else options.windows) for runner in RUNNERS}
            print(row(CASES[name], found), flush=True)
    print(
        f"\nTargets: under {LIMIT_S} s and {LIMIT_MB} MB, {FASTER_3D} and {FASTER_2D} times faster than the peers. Windows not measured "
        f"are counted at the median of those that were. {len(os.sched_getaffinity(0))} cores, {time.strftime('%Y-%m-%d')}."
    )
