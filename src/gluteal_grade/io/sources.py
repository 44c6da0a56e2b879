"""What a BIDS dataset keeps beside its images: the same examinations once more, as they came from the scanner, and programs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from gluteal_grade.io.files import FileRef

SOURCE_FOLDERS = ("sourcedata", "code", "tmp_dcm2bids")
DATASET = "dataset_description.json"


def without_sources(files: Iterable[FileRef]) -> tuple[list[FileRef], list[FileRef]]:
    """Files without those in `SOURCE_FOLDERS` beside a `dataset_description.json`, and those; each in the order given."""
    every = list(files)
    datasets = {PurePosixPath(file.folder) for file in every if file.basename == DATASET}
    beside = [dataset / name for dataset in datasets for name in SOURCE_FOLDERS]
    kept: list[FileRef] = []
    left: list[FileRef] = []
    for file in every:
        (left if any(PurePosixPath(file.folder).is_relative_to(one) for one in beside) else kept).append(file)
    return kept, left
