"""The shipped segmenter with any two bundles of its make."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from gluteal_grade.config import load_settings
from gluteal_grade.segmentation.bundle import HIP, LOCATOR, BundleSegmenter
from gluteal_grade_lab.training.evaluate.workbench import Model


def model_of(locator: Path, hip: Path, folder: Path) -> Model:
    """A model for the workbench.

    Args:
        locator: folder of a bundle.
        hip: folder of a bundle.
        folder: gets one link to each, as the segmenter takes its two bundles from one folder by their names.

    Raises:
        FileNotFoundError: a bundle has no weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, bundle in ((LOCATOR, locator), (HIP, hip)):
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(bundle.resolve(), target_is_directory=True)
        files += [link / "models" / "model.pt", link / "configs" / "metadata.json", link / "configs" / "inference.json"]
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise FileNotFoundError(f"{missing[0].relative_to(folder)} is missing")
    settings = load_settings()
    used = settings.segmentation.model_dump_json(exclude={"models"}) + settings.checks.model_dump_json()
    return Model(partial(make_segmenter, folder.resolve()), tuple(files), used)


def make_segmenter(folder: Path) -> BundleSegmenter:
    """The segmenter with the shipped settings and the bundles of a folder."""
    settings = load_settings()
    return BundleSegmenter(settings.segmentation.model_copy(update={"models": folder}), settings.checks)
