"""Our bias correction against N4 and none, on the T1 sample studies: fat-fraction error and seconds.

python -m scripts.compare_bias
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable

import numpy as np
import SimpleITK as sitk

from gluteal_grade.anatomy import REGIONS, Muscle, Part, Region, Side, label_value
from gluteal_grade.config import load_settings
from gluteal_grade.errors import RefusedInput
from gluteal_grade.fat.bias import correct_bias
from gluteal_grade.fat.body import body_mask, depth_mm
from gluteal_grade.fat.t1 import find_anchors
from gluteal_grade.geometry import Volume
from gluteal_grade.io import discover
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.study import SeriesKind
from scripts.accuracy import SAMPLES

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
    """N4 (Tustison 2010) in the body on a grid of about 4 mm, three levels of 50 iterations, field applied at full resolution."""
    del depth
    full, mask = (sitk.GetImageFromArray(np.ascontiguousarray(a.T)) for a in (image.array.astype(np.float32), body.astype(np.uint8)))
    for one in (full, mask):
        one.SetSpacing(image.spacing_mm)
    shrink = [max(1, round(4 / s)) for s in image.spacing_mm]
    n4_filter = sitk.N4BiasFieldCorrectionImageFilter()
    n4_filter.SetMaximumNumberOfIterations([50, 50, 50])
    n4_filter.Execute(sitk.Shrink(full, shrink), sitk.Shrink(mask, shrink))
    log_field = sitk.GetArrayFromImage(n4_filter.GetLogBiasFieldAsImage(full)).T
    return image.array / np.exp(np.where(body, log_field, 0))


def errors(study: str, correct: Corrector) -> tuple[list[float], float]:
    """Fat-fraction errors (points) of the six muscles, and the correction's seconds."""
    series = next(s for s in discover(SAMPLES / study).studies[0].series if s.kind is SeriesKind.T1)
    image, labels = series.load(), read_volume(SAMPLES / study / "labels.nii.gz").to_ras()
    body = body_mask(image)
    depth = depth_mm(body, image.spacing_mm)
    start = time.perf_counter()
    corrected = np.asarray(correct(image, body, depth), np.float32)
    seconds = time.perf_counter() - start
    try:
        anchors = find_anchors(image.with_array(corrected), body, depth, T1)
    except RefusedInput:
        return [math.nan], seconds
    fraction = (corrected - anchors.muscle) / (anchors.fat - anchors.muscle)
    fraction[corrected < T1.void_below_muscle * anchors.muscle] = np.nan
    truth = {
        (t["side"], t["muscle"]): t for t in json.loads((SAMPLES / study / "truth.json").read_text())["truth"] if t["region"] == "whole"
    }
    found = []
    for side in Side:
        for muscle in Muscle:
            values = [label_value(Part(muscle, region, side)) for region in (Region.WHOLE, *REGIONS[muscle])]
            mean = float(np.nanmean(fraction[np.isin(labels.array, values)]))
            found.append(100 * (mean - truth[side, muscle]["continuous"]["fat_fraction"]))
    return found, seconds


def main() -> None:
    """Print the table."""
    print("| sample study | correction | FF RMSE, points | worst FF error, points | seconds |\n| --- | --- | --- | --- | --- |")
    for study in ("osteoarthritis_t1", "tha_mars"):
        for name, correct in (("ours", ours), ("N4", n4), ("none", nothing)):
            e, seconds = errors(study, correct)
            rmse, worst = math.sqrt(float(np.mean(np.square(e)))), max(map(abs, e))
            print(f"| {study} | {name} | {rmse:.2f} | {worst:.2f} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
