"""The output folder of one study: written under another name, then renamed, so that it is complete or not there."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gluteal_grade.errors import not_writable
from gluteal_grade.geometry import Volume
from gluteal_grade.io import save_volume
from gluteal_grade.pipeline import Graded
from gluteal_grade.report.html import write_report
from gluteal_grade.report.layout import DICOM, IDENTITY, IMAGE, MUSCLES, REPORT, RESULT, SUMMARY_PICTURE, Place
from gluteal_grade.report.look import Look
from gluteal_grade.report.overlay import write_overlays
from gluteal_grade.report.tables import write_csv, write_slices, write_tsv
from gluteal_grade.vocabulary import StudyFile

_LEVELS = 2047  # of the 99.9th percentile: finer than a screen, and noise beyond it only costs room
_INT16 = np.iinfo(np.int16)


def write_study(
    graded: Graded, out: Path, place: Place | None = None, more: Callable[[Path], object] | None = None, look: Look | None = None
) -> Path:
    """Write `OUT/<study>/`, replacing an earlier result of the same study.

    Args:
        graded: what to write.
        out: the output folder; made if it is not there.
        place: where in it, and how files are called; None: the flat layout.
        more: writes further files into the folder before it appears.
        look: theme of the pictures, and lines that name the patient; None: print, de-identified.

    Returns:
        the study's folder: `result.json`, `muscles.csv`, `slices.csv` and `report.html` always; `image.nii.gz`, `labels.nii.gz`,
        `fat_fraction.nii.gz` and `overlay_*.png` where there are images; `excluded.nii.gz` where voxels were left out (beside metal,
        by the user).

    Raises:
        TransientFailure: `output_not_writable`.
    """
    place = place or Place(graded.result.study)
    final = out / place.folder
    scratch = out / f".{graded.result.study}.{uuid.uuid4().hex[:8]}.partial"
    try:
        scratch.mkdir(parents=True)
        try:
            _write_files(graded, scratch, place, look or Look())
            if more is not None:
                more(scratch)
            _put_in_place(scratch, final, place)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise not_writable(error) from error
    return final


def _write_files(graded: Graded, folder: Path, place: Place, look: Look) -> None:
    """Every file where it belongs below the folder."""

    def path(name: str) -> Path:
        found = folder / place.rename(name)
        found.parent.mkdir(exist_ok=True)
        return found

    path(RESULT).write_text(graded.result.to_json(), encoding="utf-8", newline="\n")
    (write_tsv if place.prefix else write_csv)(graded.result, path(MUSCLES))
    write_slices(graded.result, path(StudyFile.SLICES), tabs=bool(place.prefix))
    if graded.images:
        save_volume(stored_image(graded.images.image), path(IMAGE))
        save_volume(graded.images.labels, path(StudyFile.LABELS))
        save_volume(graded.images.fat_fraction, path(StudyFile.FAT_FRACTION))
        if (excluded := graded.images.excluded) is not None:
            save_volume(excluded.with_array(excluded.array.astype(np.uint8)), path(StudyFile.EXCLUDED))
        for picture in write_overlays(graded.result, graded.images, folder, look):
            picture.rename(path(picture.name))
    if look.lines:
        path(IDENTITY).write_text("".join(f"{line}\n" for line in look.lines), encoding="utf-8", newline="\n")
    write_report(graded.result, path(SUMMARY_PICTURE), path(REPORT), identity=look.lines)


def _put_in_place(scratch: Path, final: Path, place: Place) -> None:
    if not place.prefix:
        _replace(scratch, final)
        return
    # a BIDS subject's folder may hold sessions too: its parts are replaced one by one, the one with the result last
    final.mkdir(parents=True, exist_ok=True)
    for part in (DICOM, "figures", "anat"):
        if (scratch / part).exists():
            _replace(scratch / part, final / part, aside=scratch / f"{part}.old")
        else:
            shutil.rmtree(final / part, ignore_errors=True)


def _replace(scratch: Path, final: Path, aside: Path | None = None) -> None:
    """Put the finished folder in place; the earlier one is moved aside first, as a folder cannot be overwritten in one step."""
    aside = aside or scratch.with_suffix(".old")
    if final.exists():
        final.rename(aside)
    scratch.rename(final)
    shutil.rmtree(aside, ignore_errors=True)


def stored_image(image: Volume) -> Volume:
    """The image as int16.

    Whole numbers that fit (CT in HU, most MR) stay what they are; others are scaled, as MR signal has no unit. What is not finite becomes
    the smallest finite value.
    """
    values = np.asarray(image.array)
    if values.dtype.kind in "iu" and (not values.size or (values.min() >= _INT16.min and values.max() <= _INT16.max)):
        return image.with_array(values.astype(np.int16))
    finite = np.isfinite(values)
    if not finite.all():
        values = np.where(finite, values, values[finite].min() if finite.any() else 0)
    if not _fits(values):
        top = float(np.percentile(np.abs(values).ravel()[::7], 99.9)) or float(np.abs(values).max())
        values = np.clip(np.rint(values * (_LEVELS / top)) if top else values, _INT16.min, _INT16.max)
    return image.with_array(values.astype(np.int16))


def _fits(values: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> bool:
    sample = values.ravel()[:4096]
    if values.dtype.kind == "f" and (sample != np.rint(sample)).any():
        return False
    return bool(values.min() >= _INT16.min and values.max() <= _INT16.max and (values == np.rint(values)).all())
