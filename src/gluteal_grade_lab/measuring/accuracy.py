"""Grade the sample studies with their true labels and compare with their exact truth: the README's accuracy table.

python scripts/accuracy.py            # markdown table
python scripts/accuracy.py --all      # every muscle and region too
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.grading.scales import load_scales
from gluteal_grade.io import discover
from gluteal_grade.pipeline import grade_study
from gluteal_grade.result.models import StudyResult
from gluteal_grade.segmentation.labelmap import LabelMapSegmenter
from gluteal_grade.segmentation.numbering import load_numbering
from gluteal_grade_lab.checkout import ROOT

SAMPLES = ROOT / "data" / "sample"


@dataclass(frozen=True)
class Row:
    """One muscle or region of one sample study against its truth."""

    study: str
    method: str
    name: str
    whole: bool
    volume_error_percent: float
    ff_error_points: float  # against the continuous anatomy
    ff_error_on_labels_points: float  # against the fat in the labelled voxels
    quartile: int | None
    true_quartile: int | None
    edge_distance_points: float


def graded_sample(study: str) -> StudyResult:
    """The program's result with the sample's own labels."""
    folder = SAMPLES / study
    segmenter = LabelMapSegmenter(folder / "labels.nii.gz", load_numbering("gluteal_grade"), "gluteal_grade")
    return grade_study(discover(folder).studies[0], load_settings(), segmenter).result


def compare(study: str) -> Iterator[Row]:
    """Grade one sample study and yield a row per muscle and region."""
    result = graded_sample(study)
    truth = {(t["side"], t["muscle"], t["region"]): t for t in json.loads((SAMPLES / study / "truth.json").read_text())["truth"]}
    quartile = load_scales().scales["quartile"].active
    for m in result.muscles:
        if (m.side, m.muscle, m.region) not in truth:
            continue  # a region by rule: the phantom has no truth of its own for it
        exact, on_labels = (truth[m.side, m.muscle, m.region][key] for key in ("continuous", "on_labels"))
        yield Row(
            study=study,
            method=result.fat.method if result.fat else "-",
            name=f"{m.side} {m.muscle.removeprefix('gluteus_')} {m.region}",
            whole=m.region == "whole",
            volume_error_percent=100 * (m.volume_ml / exact["volume_ml"] - 1),
            ff_error_points=100 * (m.fat_fraction - exact["fat_fraction"]),
            ff_error_on_labels_points=100 * (m.fat_fraction - on_labels["fat_fraction"]),
            quartile=m.grade("quartile"),
            true_quartile=quartile.grade(exact["fat_fraction"]),
            edge_distance_points=100 * abs(quartile.nearest_edge(exact["fat_fraction"])),
        )


def summary(rows: list[Row]) -> str:
    """One markdown line: worst volume error, RMSE and worst FF error, quartile grades right."""
    ff = np.array([r.ff_error_points for r in rows])
    volume = max(abs(r.volume_error_percent) for r in rows)
    right = sum(r.quartile == r.true_quartile for r in rows)
    cells = (
        rows[0].study,
        rows[0].method,
        f"{volume:.1f} %",
        f"{np.sqrt((ff**2).mean()):.2f}",
        f"{np.abs(ff).max():.2f}",
        f"{right} of {len(rows)}",
    )
    return "| " + " | ".join(cells) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--all", action="store_true", help="print every muscle and region too")
    every = parser.parse_args(arguments).all
    print("| sample study | fat by | worst volume error | FF RMSE, points | worst FF error, points | Quartile grades right |")
    print("| --- | --- | --- | --- | --- | --- |")
    details = []
    for study in ("healthy_dixon", "osteoarthritis_t1", "tha_mars"):
        rows = list(compare(study))
        print(summary([r for r in rows if r.whole]))
        details += rows
    if every:
        print()
        for r in details:
            print(
                f"{r.study:18} {r.name:26} volume {r.volume_error_percent:+6.2f} %  FF {r.ff_error_points:+6.2f} "
                f"(on labels {r.ff_error_on_labels_points:+6.2f})  Quartile {r.quartile} true {r.true_quartile}"
            )
