"""Zip archives from outside: read in memory, refused where they could do harm."""

from __future__ import annotations

import errno
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

from gluteal_grade.errors import GradeError, Reason, RefusedInput, TransientFailure

MAX_MEMBERS = 500_000
MAX_MEMBER_BYTES = 4 << 30
MAX_TOTAL_BYTES = 40 << 30
# Deflate reaches about 1000; images some 2-50, blank slices more. Small archives cannot do harm at any ratio.
MAX_RATIO = 400
RATIO_FREE_BYTES = 256 << 20
_ENCRYPTED = 0x1
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError, KeyError, ValueError)


def safe_members(path: Path) -> list[zipfile.ZipInfo]:
    """The files in a zip, folders left out, in name order.

    Raises:
        RefusedInput: `unreadable_zip` (damaged, encrypted), `unsafe_zip` (a path that leaves the folder, or a zip bomb).
        TransientFailure: `read_failed`.
    """
    with _explained():
        archive = _archive(path, *_stamp(path))
        members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise RefusedInput(Reason.UNSAFE_ZIP, f"{len(members)} files, more than {MAX_MEMBERS}")
    for info in members:
        _check_name(info.filename)
        if info.flag_bits & _ENCRYPTED:
            raise RefusedInput(Reason.UNREADABLE_ZIP, "the zip is encrypted")
    _check_size(members)
    return sorted(members, key=lambda info: info.filename)


@contextmanager
def open_member(path: Path, name: str) -> Iterator[IO[bytes]]:
    """A stream of one file in a zip.

    Raises:
        RefusedInput: `unreadable_zip`.
        TransientFailure: `read_failed`.
    """
    with _explained(), _archive(path, *_stamp(path)).open(name) as stream:
        yield stream


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except GradeError:
        raise
    except _DAMAGE as error:
        raise RefusedInput(Reason.UNREADABLE_ZIP, f"{type(error).__name__} while unpacking") from error
    except OSError as error:
        if error.errno in (None, errno.EINVAL):  # bz2's own, or a seek to where a damaged directory points
            raise RefusedInput(Reason.UNREADABLE_ZIP, "damaged") from error
        raise TransientFailure(Reason.READ_FAILED, error.strerror or "cannot be read") from error


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, os.getpid()


@lru_cache(maxsize=2)
def _archive(path: Path, *_stamp: int) -> zipfile.ZipFile:
    """Kept open: parsing the directory of a large archive for every member would be quadratic.

    A changed file is a new entry; so is the same file in a forked process, for parent and child would share one read position.
    """
    return zipfile.ZipFile(path)


def _check_name(name: str) -> None:
    plain = name.replace("\\", "/")
    if plain.startswith("/") or ".." in PurePosixPath(plain).parts or (len(plain) > 1 and plain[1] == ":"):
        raise RefusedInput(Reason.UNSAFE_ZIP, "a path in the zip leaves its folder")


def _check_size(members: list[zipfile.ZipInfo]) -> None:
    total = sum(info.file_size for info in members)
    packed = sum(info.compress_size for info in members)
    largest = max((info.file_size for info in members), default=0)
    if total > MAX_TOTAL_BYTES or largest > MAX_MEMBER_BYTES or (total > RATIO_FREE_BYTES and total > MAX_RATIO * max(packed, 1)):
        raise RefusedInput(Reason.UNSAFE_ZIP, f"expands from {packed >> 20} to {total >> 20} MiB")
