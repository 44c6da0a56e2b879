"""Networks on the studies that `gluteal-grade review --training` kept back: Dice and volume against what readers vouched for.

python -m gluteal_grade_lab measure kept-back SET/kept_back                        # the shipped networks
python -m gluteal_grade_lab measure kept-back SET/kept_back --models OWN           # a folder with gluteal_locator and gluteal_hip
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gluteal_grade.config import Settings, load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io import discover, read_volume
from gluteal_grade.io.bids import parse_name
from gluteal_grade.measurement import plan_study
from gluteal_grade.segmentation import load_numbering, segmenter_of
from gluteal_grade.vocabulary import GLUTEI
from gluteal_grade_lab.training.metrics import Score, scores
from gluteal_grade_lab.validation.rows import markdown


def scored(folder: Path, settings: Settings) -> Iterator[tuple[str, tuple[Score, ...]]]:
    """Every study of a data set, labelled by the networks: its subject and session, and scores of each muscle against its label map.

    Args:
        folder: of the data set, one label map of the program's own numbering a session.
        settings: which networks.

    Raises:
        RefusedInput: `labels_not_found`: no label map; `labels_geometry`: one lies on another grid than the networks' labels; or what
            refuses a study.
    """
    maps = sorted(folder.rglob("*_dseg.nii.gz"))
    if not maps:
        raise RefusedInput(Reason.LABELS_NOT_FOUND, "no file named *_dseg.nii.gz under the data set")
    numbering = load_numbering("gluteal_grade")
    segmenter = segmenter_of(settings)
    for path in maps:
        name = parse_name(path.relative_to(folder).as_posix()).group
        images = tuple(found for found in path.parent.glob("*.nii.gz") if found != path)
        (study,) = discover(path.parent, None, (path,)).studies if images else ()
        found = segmenter.segment(study, plan_study(study, settings).for_labels).labels
        truth = read_volume(path).to_ras()
        truth = truth.with_array(numbering.translate(np.asarray(truth.array, np.int64)))
        if not found.grid.matches(truth.grid):
            raise RefusedInput(Reason.LABELS_GEOMETRY, f"{name}: the networks' labels lie on another grid than the label map")
        yield name, scores(Volume(found.array, truth.affine), truth, surface=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="kept_back/ of a data set")
    parser.add_argument("--models", type=Path, help="folder with gluteal_locator and gluteal_hip, instead of the shipped ones")
    chosen = parser.parse_args(arguments)
    settings = load_settings()
    if chosen.models is not None:
        settings = settings.model_copy(update={"segmentation": settings.segmentation.model_copy(update={"models": chosen.models})})
    rows, every = [], []
    for name, found in scored(chosen.folder, settings):
        by_muscle = {m: [s.dice for s in found if s.muscle is m and np.isfinite(s.dice)] for m in GLUTEI}
        every.append(by_muscle)
        rows.append([name, *(_mean(by_muscle[m]) for m in GLUTEI)])
    rows.append(["all", *(_mean([d for one in every for d in one[m]]) for m in GLUTEI)])
    print(markdown(["Dice", *(m.short for m in GLUTEI)], rows))


def _mean(values: list[float]) -> str:
    return f"{np.mean(values):.3f}" if values else "–"
