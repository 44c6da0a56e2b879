"""One phantom's examination for all tests that need a study which can be graded: to compute a body takes seconds, to rename it does not."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from functools import cache
from pathlib import Path

import pydicom
from pydicom.uid import generate_uid

from gluteal_grade_lab.phantom.people import visit, write_visit


@cache
def phantom_visit(in_plane_mm: float, slice_mm: float) -> Path:
    """`dicom/{water,fat}/NNN.dcm` and `labels.nii.gz`, made once for all workers of a run; not to be changed."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    made = Path(tempfile.gettempdir()) / f"gg_visits_{run}" / f"{in_plane_mm}_{slice_mm}"
    if not made.exists():
        scratch = made.with_name(f"{made.name}.{uuid.uuid4().hex}")
        whole = write_visit(visit(0), scratch, in_plane_mm, slice_mm)
        try:
            whole.rename(made)
        except OSError:  # another worker was as quick
            shutil.rmtree(whole)
        scratch.rmdir()
    return made


def another_visit(folder: Path, name: str, in_plane_mm: float, slice_mm: float) -> Path:
    """`folder/name`: the same body as another study of another patient, to do with as one likes."""
    source = phantom_visit(in_plane_mm, slice_mm)
    renamed(source / "dicom", folder / name / "dicom", seed=name, PatientID=f"ID-{name}")
    shutil.copy(source / "labels.nii.gz", folder / name)
    return folder / name


def renamed(source: Path, target: Path, *, seed: str, keep: int | None = None, **elements: object) -> Path:
    """Copies of DICOM files as another study.

    Args:
        source: `SERIES/NNN.dcm`.
        target: where the same files go.
        seed: other seed, other UIDs of study, series, images and frame of reference.
        keep: only so many images of each series.
        elements: by keyword, to set in all of them.
    """
    for file in sorted(source.rglob("*.dcm")):
        if keep is not None and int(file.stem) > keep:
            continue
        data = pydicom.dcmread(file)
        for keyword, value in elements.items():
            setattr(data, keyword, value)
        data.StudyInstanceUID = generate_uid(entropy_srcs=[seed, "study"])
        data.SeriesInstanceUID = generate_uid(entropy_srcs=[seed, file.parent.name])
        data.FrameOfReferenceUID = generate_uid(entropy_srcs=[seed, "frame"])
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[seed, file.parent.name, file.stem])
        path = target / file.parent.name / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        data.save_as(path)
    return target
