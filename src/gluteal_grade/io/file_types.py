"""What a file is, from its first bytes; the name counts only where the bytes leave it open."""

from __future__ import annotations

import re
import struct
from enum import StrEnum
from pathlib import PurePosixPath

HEAD_BYTES = 352  # a NIfTI-1 header with its extension flag; DICOM's magic ends at 132


class FileType(StrEnum):
    """What the loader can do with a file."""

    DICOM = "dicom"
    NIFTI = "nifti"
    ZIP = "zip"
    EMPTY = "empty"
    OTHER = "other"


_DICOM_SUFFIXES = {".dcm", ".ima", ".dicom", ".dic"}
_NIFTI1_MAGIC = b"n+1\x00"
_NIFTI2_MAGIC = b"n+2\x00\r\n\x1a\n"
_VALUE_REPRESENTATIONS = {b"UL", b"UI", b"CS", b"DA", b"TM", b"SH", b"LO", b"OB", b"US", b"DT", b"IS", b"DS", b"ST", b"SQ", b"PN"}


def sniff(name: str, head: bytes) -> FileType:
    """The type of a file.

    Args:
        name: file name, for what the bytes cannot tell.
        head: its first `HEAD_BYTES` bytes, or all of them.
    """
    if not head:
        return FileType.EMPTY
    if head[128:132] == b"DICM":
        return FileType.DICOM
    lower = name.lower()
    if lower.endswith((".nii", ".nii.gz")) or _is_nifti(head):
        return FileType.NIFTI
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return FileType.ZIP
    if looks_like_dicom_name(name) and _starts_like_dicom(head):
        return FileType.DICOM
    return FileType.OTHER


def claims_to_be_image(name: str) -> bool:
    """True if the name promises an image, so that unreadable content is worth a word to the user."""
    lower = name.lower()
    return lower.endswith((".nii", ".nii.gz")) or PurePosixPath(lower).suffix in _DICOM_SUFFIXES


def looks_like_dicom_name(name: str) -> bool:
    """True for .dcm, .ima, no suffix, and UIDs as names (their "suffix" is a number)."""
    suffix = PurePosixPath(name.lower()).suffix
    return suffix in _DICOM_SUFFIXES or suffix == "" or re.fullmatch(r"\.\d+", suffix) is not None


def _is_nifti(head: bytes) -> bool:
    if len(head) < HEAD_BYTES:
        return False
    return head[344:348] == _NIFTI1_MAGIC or head[4:12] == _NIFTI2_MAGIC


def _starts_like_dicom(head: bytes) -> bool:
    """A data set without preamble: a first element in group 0002 or 0008 with a sane VR or length (either byte order)."""
    if len(head) < 16:
        return False
    for order in "<>":
        group, element, length = struct.unpack(f"{order}HHL", head[:8])
        if group in (0x0002, 0x0008) and element <= 0x0100 and (head[4:6] in _VALUE_REPRESENTATIONS or length <= 128):
            return True
    return False
