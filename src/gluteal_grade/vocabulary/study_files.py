"""The files of a graded study."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class StudyFile(StrEnum):
    """A file in a study's folder, equal to its name in the flat layout. Pictures are beside these: `overlay_*.png`.

    Attributes:
        bids: what follows the subject's prefix in BIDS derivatives; empty: in `figures/` under its own name.
        media_type: as which the review app gives it out; empty: not at all.
        link: words of its link in the review app; empty: no link.
        for_blinded: holds nothing that the program found, so that a blinded reader may have it.
    """

    bids: str
    media_type: str
    link: str
    for_blinded: bool

    def __new__(cls, name: str, bids: str = "", media_type: str = "", link: str = "", for_blinded: bool = False) -> Self:
        """A file, equal to its name."""
        file = str.__new__(cls, name)
        file._value_ = name
        file.bids, file.media_type, file.link, file.for_blinded = bids, media_type, link, for_blinded
        return file

    REPORT = "report.html", "", "text/html; charset=utf-8", "Report"
    IMAGE = "image.nii.gz", "desc-reference_image.nii.gz", "application/gzip", "Image", True
    LABELS = "labels.nii.gz", "desc-glutei_dseg.nii.gz", "application/gzip", "Labels"
    FAT_FRACTION = "fat_fraction.nii.gz", "desc-fatfraction_map.nii.gz", "application/gzip", "Fat map"
    EXCLUDED = "excluded.nii.gz", "desc-excluded_mask.nii.gz", "application/gzip"
    RESULT = "result.json", "desc-glutei_result.json", "application/json", "result.json"
    MUSCLES = "muscles.csv", "desc-glutei_morph.tsv", "text/csv; charset=utf-8", "muscles.csv"
    SLICES = "slices.csv", "desc-glutei_slices.tsv", "text/csv; charset=utf-8", "slices.csv"
    FHIR = "fhir.json", "desc-glutei_fhir.json", "application/fhir+json", "FHIR"
    IDENTITY = "identity.txt", "desc-glutei_identity.txt"


def is_study_file(name: str) -> bool:
    """Whether a file of this name is one of them: beside a `result.json` it is no input."""
    return any(name == file for file in StudyFile)
