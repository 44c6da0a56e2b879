"""Studies that cannot be graded, made of one that can: each way of being broken, and the reason a batch must give for it."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np

from gluteal_grade.errors import Reason


def _empty_folder(good: Path, bad: Path) -> None:  # noqa: ARG001
    bad.mkdir()


def _text_only(good: Path, bad: Path) -> None:  # noqa: ARG001
    bad.mkdir()
    (bad / "report.txt").write_text("no image here")


def _empty_files(good: Path, bad: Path) -> None:
    for file in _dicom(good):
        target = bad / file.relative_to(good)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()


def _cut_files(good: Path, bad: Path) -> None:
    shutil.copytree(good, bad)
    for file in _dicom(bad):
        file.write_bytes(file.read_bytes()[:-2000])


def _garbage_nifti(good: Path, bad: Path) -> None:  # noqa: ARG001
    bad.mkdir()
    (bad / "water.nii.gz").write_bytes(b"this is no gzip stream")


def _broken_zip(good: Path, bad: Path) -> None:
    whole = bad.with_suffix(".whole")
    with zipfile.ZipFile(whole, "w") as packed:
        for file in _dicom(good):
            packed.write(file, file.relative_to(good))
    bad.with_suffix(".zip").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    whole.unlink()


def _missing_slice(good: Path, bad: Path) -> None:
    shutil.copytree(good, bad)
    for series in sorted({file.parent for file in _dicom(bad)}):
        files = sorted(series.glob("*.dcm"))
        files[len(files) // 2].unlink()


def _labels_elsewhere(good: Path, bad: Path) -> None:
    shutil.copytree(good, bad)
    image = nib.load(bad / "labels.nii.gz")
    affine = np.array(image.affine)
    affine[:3, 3] += 25.0
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), affine), bad / "labels.nii.gz")


def _no_labels(good: Path, bad: Path) -> None:
    shutil.copytree(good, bad)
    (bad / "labels.nii.gz").unlink()


def _one_image_only(good: Path, bad: Path) -> None:
    shutil.copytree(good, bad)
    for file in _dicom(bad):
        if file.name != "001.dcm":
            file.unlink()


def _dicom(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.dcm"))


WAYS: dict[str, tuple[Callable[[Path, Path], None], frozenset[Reason]]] = {
    "empty_folder": (_empty_folder, frozenset({Reason.NO_IMAGES})),
    "text_only": (_text_only, frozenset({Reason.NO_IMAGES})),
    "empty_files": (_empty_files, frozenset({Reason.EMPTY_FILE})),
    "cut_files": (_cut_files, frozenset({Reason.TRUNCATED_PIXELS, Reason.NO_GRADABLE_SERIES})),
    "garbage_nifti": (_garbage_nifti, frozenset({Reason.UNREADABLE_NIFTI})),
    "broken_zip": (_broken_zip, frozenset({Reason.UNREADABLE_ZIP})),
    "missing_slice": (_missing_slice, frozenset({Reason.UNEVEN_SLICES, Reason.NO_GRADABLE_SERIES, Reason.LABELS_GEOMETRY})),
    "labels_elsewhere": (_labels_elsewhere, frozenset({Reason.LABELS_GEOMETRY})),
    "no_labels": (_no_labels, frozenset({Reason.LABELS_NOT_FOUND})),
    "one_image": (_one_image_only, frozenset({Reason.SINGLE_SLICE, Reason.NO_GRADABLE_SERIES, Reason.LABELS_GEOMETRY})),
}


def spoil(way: str, good: Path, folder: Path, name: str) -> str:
    """Make a broken study called after `name`.

    Args:
        way: a key of `WAYS`.
        good: folder of a study, as `people.write_visit` makes it.
        folder: where to.
        name: of the new folder or file.

    Returns:
        its file or folder name.
    """
    WAYS[way][0](good, folder / name)
    return name if (folder / name).exists() else f"{name}.zip"
