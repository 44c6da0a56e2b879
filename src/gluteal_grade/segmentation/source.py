"""Where labels come from: a label map, a lab's bundle, or the shipped networks."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gluteal_grade.config import SegmentationSettings, Settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.segmentation.bundle import HIP, LOCATOR, BundleSegmenter, shipped_models
from gluteal_grade.segmentation.card import read_card
from gluteal_grade.segmentation.classfolder import FolderSegmenter, class_files
from gluteal_grade.segmentation.labbundle import LabBundleSegmenter
from gluteal_grade.segmentation.labelmap import LabelMapSegmenter
from gluteal_grade.segmentation.numbering import load_numbering
from gluteal_grade.segmentation.protocol import Segmenter
from gluteal_grade.segmentation.segread import SegSegmenter, may_be_seg

OWN_NUMBERING = "gluteal_grade"


def segmenter_of(settings: Settings, labels: Path | None = None, bundle: Path | None = None, labelmap: str | None = None) -> Segmenter:
    """The segmenter for what was given; torch is first needed when a study is segmented.

    Args:
        settings: of the networks and the checks.
        labels: label map, DICOM Segmentation (a file, or a folder with one), or a folder with one NIfTI for each muscle; wins over
            `bundle`.
        bundle: a lab's MONAI bundle.
        labelmap: numbering of either, a shipped name or a YAML file.

    Raises:
        ValueError: `labelmap` names no numbering.
        RefusedInput: `labels_numbering`: masks of a folder whose names contradict themselves.
    """
    if labels is None and bundle is None:
        return BundleSegmenter(settings.segmentation, settings.checks)
    name = labelmap or OWN_NUMBERING
    numbering = load_numbering(name)
    if labels is not None and labels.is_dir() and class_files(labels):
        return FolderSegmenter(labels)
    if labels is not None and may_be_seg(labels):
        return SegSegmenter(labels, numbering if labelmap else None, Path(name).stem if labelmap else "")
    if labels is not None:
        return LabelMapSegmenter(labels, numbering, Path(name).stem, assumed=labelmap is None)
    assert bundle is not None
    return LabBundleSegmenter(bundle, numbering if labelmap else None, settings.segmentation, settings.checks)


def check_device(settings: SegmentationSettings) -> None:
    """Whether the device that is asked for is there; loads torch only where that may not be so.

    Raises:
        TransientFailure: `device_missing`.
    """
    if settings.device in ("cpu", "auto"):
        return
    from gluteal_grade.segmentation.device import device_of

    device_of(settings)


def model_hash(settings: Settings, bundle: Path | None = None) -> str:
    """12 hex digits of what the networks are: weights and how they are run. Label maps belong to the input, not to this.

    Raises:
        RefusedInput: `no_segmenter`, `bundle_unreadable`.
    """
    digest = hashlib.sha256()
    if bundle is not None:
        if not bundle.is_dir():
            raise RefusedInput(Reason.BUNDLE_UNREADABLE, "no such folder")
        for path in sorted(p for p in bundle.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            digest.update(path.relative_to(bundle).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:12]
    folder = settings.segmentation.models or shipped_models()
    for name in (LOCATOR, HIP):
        if not (folder / name).is_dir():
            raise RefusedInput(Reason.NO_SEGMENTER, f"there is no bundle {name}")
        card = read_card(folder / name)
        if card.sha256 is None:
            raise RefusedInput(Reason.NO_SEGMENTER, f"{name} has no models/model.pt")
        digest.update(f"{name} {card.sha256} {card.config_sha256}\n".encode())
    return digest.hexdigest()[:12]
