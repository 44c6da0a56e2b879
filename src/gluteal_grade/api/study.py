"""`grade` and `read_study`: one study."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gluteal_grade.api.graded import Graded
from gluteal_grade.api.inputs import (
    Image,
    Kind,
    PathLike,
    advised,
    check_label_source,
    check_words,
    file_of,
    kinds_of,
    path_of,
    person_said,
    study_folder,
)
from gluteal_grade.config import Settings, load_settings
from gluteal_grade.io import Study, is_image, parse_kinds, save_image
from gluteal_grade.workflow import Job
from gluteal_grade.workflow import grade as run
from gluteal_grade.workflow import read_study as find_study


def grade(
    study_input: PathLike | Image | Mapping[str, PathLike | Image] | Study,
    *,
    labels: PathLike | Image | None = None,
    labelmap: PathLike | None = None,
    bundle: PathLike | None = None,
    kind: Kind = None,
    series: str | None = None,
    study: str | None = None,
    exclude: PathLike | Image | None = None,
    sex: str | None = None,
    metal: str | None = None,
    age: float | None = None,
    height_m: float | None = None,
    weight_kg: float | None = None,
    lean_kg: float | None = None,
    settings: Settings | Mapping[str, Any] | PathLike | None = None,
) -> Graded:
    """Grade one study: fat fraction, volume and grades per muscle and side. Nothing is written; see `Graded.write`.

    Args:
        study_input: folder, zip, DICOM or NIfTI file; a nibabel image (say its contrast with `kind`); images by contrast, e.g.
            `{"dixon_water": water, "dixon_fat": fat}`; or a study from `read_study`.
        labels: label map of the glutei on the grid of one series: a NIfTI or DICOM SEG file, or a nibabel image. Without it the shipped
            networks label.
        labelmap: numbering of `labels` or `bundle`: a shipped name (`"muscle_map"`) or a YAML file.
        bundle: segment with this MONAI bundle. A bundle runs code of its own: use only what you trust.
        kind: contrast of all series (`"t1"`, `"water"`, `"fat"`, `"ct"`...), or by file name or series id (`{"scan.nii.gz": "t1"}`).
        series: measure fat on this series (id from `inspect`).
        study: take this one of several studies (hash from `inspect`).
        exclude: mask in the space of the images, file or nibabel image: its voxels are not measured.
        sex: "M" or "F", for norms; without it PatientSex of the file.
        metal: which hips hold metal: "right", "left", "both", "none" or "auto" (header and picture decide).
        age, height_m, weight_kg, lean_kg: age in years, height, weight and lean mass of the body, for norms that depend on them; without
            them what the file says.
        settings: what differs from configs/default.yaml: a mapping (`{"fat.t1.lean_reference_ff": 0.06}`), a YAML file, or `Settings`.

    Returns:
        the graded study. One that cannot be graded has `result.status == "refused"`, a `refusal` with reason and advice, and no rows; a
        warning says so.

    Raises:
        RefusedInput: the input cannot be read, or holds several studies; with `reason`, `detail` and `advice`.
        TransientFailure: disk, network or memory: try again.
        ValueError: an unknown setting, contrast, numbering, side or sex.
        TypeError: neither path nor image.

    Examples:
        >>> import gluteal_grade as gg
        >>> graded = gg.grade("data/sample/healthy_dixon/dicom", labels="data/sample/healthy_dixon/labels.nii.gz")
        >>> print(graded.result.fat.method)
        dixon
    """
    check_words(sex=sex, metal=metal)
    numbering = check_label_source(labels, bundle, labelmap)
    chosen = load_settings(settings)
    with TemporaryDirectory(prefix="gluteal_grade_") as scratch, advised():
        beside = Path(scratch) / "beside"
        beside.mkdir()
        drawn, mask = file_of(labels, "labels", beside), file_of(exclude, "exclude", beside)
        found, kinds = _found(study_input, kind, study, tuple(path for path in (drawn, mask) if path is not None), Path(scratch))
        job = Job(
            found,
            chosen,
            labels=drawn,
            bundle=None if bundle is None else path_of(bundle, "bundle"),
            labelmap=numbering,
            kind=kinds,
            series=series,
            exclude=mask,
            sex=sex,
            metal=metal,
            person=person_said(age, height_m, weight_kg, lean_kg),
        )
        done = run(job)
    graded = Graded(done.result, done.images, job)
    if graded.refusal is not None:
        why = f"{graded.refusal.reason}: {graded.refusal.detail}"
        warnings.warn(f"study {graded.result.study} cannot be graded: {why}. {graded.refusal.advice}", stacklevel=2)
    return graded


def _found(given: Any, kind: Kind, study: str | None, leave_out: tuple[Path, ...], scratch: Path) -> tuple[Study, tuple[str, ...]]:
    """The study, and what was said of its contrasts."""
    kinds = kinds_of(kind)
    if isinstance(given, Study):
        if kinds or study:
            raise ValueError("kind and study are said to read_study, which found this study")
        return given, ()
    if is_image(given):
        path = save_image(given, scratch / "image.nii")
    elif isinstance(given, Mapping):
        if kinds:
            raise ValueError("kind: the images are named by their contrast already")
        folder = scratch / "images"
        folder.mkdir()
        path = study_folder(given, folder)
        kinds = tuple(f"{file.name}={file.name.split('.')[0]}" for file in sorted(folder.iterdir()))
    else:
        path = path_of(given, "study_input")
    return find_study(path, parse_kinds(kinds), leave_out, study), kinds


def read_study(study_input: PathLike, *, kind: Kind = None, study: str | None = None) -> Study:
    """Find one study and its series; voxels are read when they are used.

    Args:
        study_input: folder, zip, DICOM or NIfTI file.
        kind: contrast of all series, or by file name or series id.
        study: take this one of several studies (hash from `inspect`).

    Returns:
        the study; `study.series[n].load()` gives the voxels of a series and where they lie.

    Raises:
        RefusedInput: it cannot be read, or holds several studies.
        ValueError: an unknown contrast.

    Examples:
        >>> import gluteal_grade as gg
        >>> [series.kind.value for series in gg.read_study("data/sample/osteoarthritis_t1/dicom").series]
        ['t1']
    """
    with advised():
        return find_study(path_of(study_input, "study_input"), parse_kinds(kinds_of(kind)), (), study)
