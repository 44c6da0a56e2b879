"""Where the results of one study lie in the output: a flat folder a study, or BIDS derivatives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from gluteal_grade.io import parse_name
from gluteal_grade.vocabulary import StudyFile

RESULT, MUSCLES, IMAGE, REPORT, IDENTITY = StudyFile.RESULT, StudyFile.MUSCLES, StudyFile.IMAGE, StudyFile.REPORT, StudyFile.IDENTITY
SUMMARY_PICTURE = "overlay_summary.png"
DICOM = "dicom"  # folder of the DICOM objects in a study's folder
SR_PRIOR = "sr_prior.dcm"  # in it, the report with the change since the patient's earlier study
FAT_MAP = "fat_*.dcm"  # in it, the series of the fat map
STITCHED = "stitched_*.dcm"  # in it, the images that were stitched of several stations

_HASH = re.compile(r"[0-9a-f]{12}")
_SUBJECT = re.compile(r"sub-[A-Za-z0-9]+")
_SESSION = re.compile(r"ses-[A-Za-z0-9]+")


class Layout(StrEnum):
    """How the output is arranged."""

    FLAT = "flat"  # OUT/<study>/
    BIDS = "bids"  # OUT/sub-<label>[/ses-<label>]/ with anat/ and figures/


@dataclass(frozen=True)
class Place:
    """The folder of one study and the names of its files.

    Attributes:
        folder: POSIX path below the output.
        prefix: BIDS entities of its files, e.g. ``"sub-01_ses-2"``; empty in the flat layout.
    """

    folder: str
    prefix: str = ""

    def rename(self, name: str) -> str:
        """Where a file of the flat layout lies in this folder.

        Raises:
            ValueError: neither a picture nor a `StudyFile`.

        Examples:
            >>> from gluteal_grade.report import place_at
            >>> place_at("sub-01/ses-2").rename("labels.nii.gz")
            'anat/sub-01_ses-2_desc-glutei_dseg.nii.gz'
        """
        if not self.prefix:
            return name
        if name.endswith((".png", ".html")):
            return f"figures/{self.prefix}_{name}"
        return f"anat/{self.prefix}_{StudyFile(name).bids}"

    def names(self, out: Path) -> list[str]:
        """The files that are there, by their names in the flat layout; none if the folder cannot be read."""
        try:
            if not self.prefix:
                return [path.name for path in (out / self.folder).iterdir()]
            pictures = (out / self.folder / "figures").glob(f"{self.prefix}_*.*")
            found = [path.name.removeprefix(f"{self.prefix}_") for path in pictures]
            return [*found, *(file.value for file in StudyFile if file.bids and self.find(out, file).exists())]
        except OSError:
            return []

    def identity(self, out: Path) -> tuple[str, ...]:
        """Lines that name the patient, where the user asked for them when the study was graded."""
        try:
            return tuple(self.find(out, IDENTITY).read_text(encoding="utf-8").splitlines())
        except (OSError, ValueError):
            return ()

    def has_result(self, out: Path) -> bool:
        """Whether the study's folder holds a complete result."""
        return self.find(out, RESULT).is_file()

    def has_dicom(self, out: Path) -> bool:
        """DICOM objects lie with it."""
        return any((out / self.folder / DICOM).glob("*.dcm"))

    def find(self, out: Path, name: str) -> Path:
        """Path of a file of the flat layout."""
        return out / self.folder / self.rename(name)


def place_for(layout: Layout, study: str, name: str = "") -> Place:
    """Where a study goes.

    Args:
        layout: of the output.
        study: its hash.
        name: a path in which a BIDS subject and session may stand; without one the hash is the subject.
    """
    if layout is Layout.FLAT:
        return Place(study)
    parts = [part for part in PurePosixPath(parse_name(name).group).parts if _SUBJECT.fullmatch(part) or _SESSION.fullmatch(part)]
    if not parts or not parts[0].startswith("sub-"):
        parts = [f"sub-{study}"]
    return place_at("/".join(parts))


def place_at(folder: str) -> Place:
    """Of a folder that a table names."""
    return Place(folder, folder.replace("/", "_") if _SUBJECT.fullmatch(folder.split("/")[0]) else "")


def places(out: Path) -> Iterator[Place]:
    """Every study with a result in the output, in the order of its folder's name."""
    for folder in sorted(p for p in out.iterdir() if p.is_dir() and not p.is_symlink()):
        if _HASH.fullmatch(folder.name) and (folder / RESULT).is_file():
            yield Place(folder.name)
        elif _SUBJECT.fullmatch(folder.name):
            sessions = sorted(p for p in folder.iterdir() if p.is_dir() and _SESSION.fullmatch(p.name))
            for one in [folder, *sessions]:
                place = place_at(one.relative_to(out).as_posix())
                if place.find(out, RESULT).is_file():
                    yield place
