"""Our bias correction against N4 (SimpleITK), both one after the other, and none: fat-fraction error and seconds on phantoms.

python -m scripts.compare_bias --people 6 --bias 0 30 60 --cache FOLDER

All share the anchors of `fat/t1.py`, pooled. `N4` runs in the body on a grid of about 4 mm, three levels of 50 iterations from a mesh of
4 x 4 x 4; `N4 smooth` has a mesh of 2 x 2 x 2 on a grid of about 6 mm, tissue only.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.errors import RefusedInput
from gluteal_grade.fat.anchors import find_anchors
from gluteal_grade.fat.bias import correct_bias
from gluteal_grade.fat.n4 import n4_corrected
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging.body import body_mask, depth_mm
from gluteal_grade.vocabulary import REGIONS, Part, Region, SeriesKind, label_value
from gluteal_grade_lab.measuring.t1_people import people

T1 = load_settings().fat.t1
Corrector = Callable[[Volume, np.ndarray, np.ndarray], np.ndarray]


def ours(image: Volume, body: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """`fat/bias.py`."""
    return correct_bias(image, body, depth, T1.bias)


def nothing(image: Volume, body: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """No correction."""
    del body, depth
    return image.array


def n4(image: Volume, body: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """N4 as `fat.t1.bias.method: n4` has it."""
    del depth
    return n4_corrected(image, body)


def n4_smooth(image: Volume, body: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """N4, smoother and in tissue only."""
    del depth
    tissue = body & (image.array > 0.25 * np.median(image.array[body]))
    return n4_corrected(image, tissue, 6.0, 5)


def n4_then_ours(image: Volume, body: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """N4 as a first stage."""
    return ours(image.with_array(n4(image, body, depth)), body, depth)


WAYS: dict[str, Corrector] = {
    "ours": ours,
    "N4": n4,
    "N4 smooth": n4_smooth,
    "N4, then ours": n4_then_ours,
    "none": nothing,
}


def errors(image: Volume, labels: Volume, truth: dict[Part, tuple[float, float]], correct: Corrector) -> tuple[list[float], float]:
    """Fat-fraction errors (points) of the muscles, none where refused, and the correction's seconds."""
    body = body_mask(image)
    depth = depth_mm(body, image.spacing_mm)
    start = time.perf_counter()
    corrected = np.asarray(correct(image, body, depth), np.float32)
    seconds = time.perf_counter() - start
    try:
        anchors = find_anchors(image.with_array(corrected), body, depth, T1)
    except RefusedInput:
        return [], seconds
    fraction = (corrected - anchors.muscle) / (anchors.fat - anchors.muscle)
    fraction[corrected < T1.void_below_muscle * anchors.muscle] = np.nan
    found = []
    for part, (exact, _) in truth.items():
        values = [label_value(Part(part.muscle, region, part.side)) for region in (Region.WHOLE, *REGIONS[part.muscle])]
        found.append(100 * (float(np.nanmean(fraction[np.isin(labels.array, values)])) - exact))
    return found, seconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--bias", type=float, nargs="+", default=[0, 30, 60])
    parser.add_argument("--ways", nargs="+", default=list(WAYS))
    parser.add_argument("--cache", type=Path)
    chosen = parser.parse_args(arguments)
    found: dict[tuple[str, float], list[float]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    refused: dict[str, int] = defaultdict(int)
    for one in people(chosen.first, chosen.people, chosen.cache):
        for bias in chosen.bias:
            image = one.image(SeriesKind.T1, bias, snr=15 + 5 * (one.seed % 5))
            for name in chosen.ways:
                e, s = errors(image, one.labels, one.truth, WAYS[name])
                found[name, bias] += e
                seconds[name].append(s)
                refused[name] += not e
                print(one.seed, bias, name, np.round(e, 1), f"{s:.1f} s", file=sys.stderr, flush=True)
    print("| correction | " + " | ".join(f"FF RMSE, bias {b:g} %" for b in chosen.bias) + " | worst | refused | seconds |")
    print("| --- " * (len(chosen.bias) + 4) + "|")
    for name in chosen.ways:
        rmse = [math.sqrt(float(np.mean(np.square(found[name, b])))) if found[name, b] else math.nan for b in chosen.bias]
        worst = max((abs(e) for b in chosen.bias for e in found[name, b]), default=math.nan)
        cells = [name, *(f"{r:.2f}" for r in rmse), f"{worst:.2f}", str(refused[name]), f"{np.median(seconds[name]):.1f}"]
        print("| " + " | ".join(cells) + " |")
