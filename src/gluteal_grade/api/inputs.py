"""What a Python user gives, as what the program works on: paths, contrasts, images as files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gluteal_grade.config import METAL_SIDES
from gluteal_grade.errors import GradeError
from gluteal_grade.io import Person, height_of, is_image, mass_of, number_of, parse_kinds, save_image
from gluteal_grade.segmentation import load_numbering
from gluteal_grade.system import linked

PathLike = str | os.PathLike[str]
Image = Any  # a nibabel image, which has no types
Kind = str | Mapping[str, str] | None


@contextmanager
def advised() -> Iterator[None]:
    """Errors of the program say what to do about them, in the words of the Python face (`--kind` is `kind=`)."""
    try:
        yield
    except GradeError as error:
        advice = re.sub(r"--([a-z]+)(-([a-z]+))?", lambda found: f"`{found[1]}{'_' + found[3] if found[3] else ''}=`", error.advice)
        error.add_note(advice)
        raise


def path_of(given: object, what: str) -> Path:
    """A path that the user gave.

    Raises:
        TypeError: it is none.
    """
    if isinstance(given, str | os.PathLike):
        return Path(given).expanduser()
    hint = "; an array does not say where it lies in the patient" if hasattr(given, "__array__") and not is_image(given) else ""
    raise TypeError(f"{what}: give a path or a nibabel image, not a {type(given).__name__}{hint}")


def file_of(given: PathLike | Image | None, what: str, folder: Path) -> Path | None:
    """A label map or a mask as a file; an image is written to the folder."""
    if given is None or not is_image(given):
        return None if given is None else path_of(given, what)
    return save_image(given, folder / f"{what}.nii")


def study_folder(images: Mapping[str, PathLike | Image], folder: Path) -> Path:
    """Images by contrast (`{"dixon_water": ..., "dixon_fat": ...}`) as a folder of files that are called by it.

    Raises:
        ValueError: an unknown contrast.
        TypeError: neither image nor path.
    """
    kinds_of(dict.fromkeys(images, "t1"))
    for kind, image in images.items():
        name = str(parse_kinds([kind]))
        if is_image(image):
            save_image(image, folder / f"{name}.nii")
        else:
            file = path_of(image, kind)
            if not file.is_file():
                raise ValueError(f"{kind}: no file {file.name}; give a NIfTI file or a nibabel image for each contrast")
            linked(file, folder / f"{name}{''.join(file.suffixes[-2:]) or '.nii'}")
    return folder


def kinds_of(kind: Kind) -> tuple[str, ...]:
    """Contrasts as the command line has them: `"t1"`, or `{"scan.nii.gz": "t1"}` by file name or series id.

    Raises:
        ValueError: an unknown contrast.
    """
    if kind is None:
        return ()
    told = (kind,) if isinstance(kind, str) else tuple(f"{name}={one}" for name, one in kind.items())
    parse_kinds(told)
    return told


def check_words(*, sex: str | None, metal: str | None) -> None:
    """Of what is said of one patient.

    Raises:
        ValueError: another word.
    """
    if sex not in (None, "M", "F"):
        raise ValueError(f"sex: 'M' or 'F', not {sex!r}")
    if metal is not None and metal not in METAL_SIDES:
        raise ValueError(f"metal: {', '.join(METAL_SIDES)}, not {metal!r}")


def person_said(age: float | None, height_m: float | None, weight_kg: float | None, lean_kg: float | None) -> Person:
    """What is said of the patient's age and body.

    Raises:
        ValueError: what no person has.
    """
    asked = {
        "age": (age, number_of),
        "height_m": (height_m, height_of),
        "weight_kg": (weight_kg, mass_of),
        "lean_kg": (lean_kg, mass_of),
    }
    for name, (value, read) in asked.items():
        if value is not None and read(str(value)) != value:
            raise ValueError(f"{name}: no person has {value!r}")
    return Person(age_years=age, height_m=height_m, weight_kg=weight_kg, lean_kg=lean_kg)


def check_label_source(labels: object, bundle: PathLike | None, labelmap: PathLike | None, *, exclusive: bool = True) -> str | None:
    """The numbering of `labels` or `bundle`.

    Raises:
        ValueError: both are given, or neither and a numbering, or the numbering is unknown.
    """
    if exclusive and labels is not None and bundle is not None:
        raise ValueError("labels and bundle exclude each other: the labels are made by one of the two")
    if labelmap is None:
        return None
    if labels is None and bundle is None:
        raise ValueError("labelmap: names the numbering of labels or bundle, which is missing")
    load_numbering(str(labelmap))
    return str(labelmap)
