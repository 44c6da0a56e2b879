"""One file to read, on disk or in a zip, and the walk that finds them.

Only file names and sizes are held; contents are opened on demand, so that a folder of any size costs little memory.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.io.zips import open_member, safe_members

_HASH_BLOCK = 1 << 20
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)


@dataclass(frozen=True, slots=True)
class FileRef:
    """Where one file is; cheap to keep and to pickle.

    Attributes:
        path: the file, or the zip that holds it.
        name: POSIX path relative to the input, for messages.
        size: bytes, unpacked.
        member: name inside the zip, None for a file on disk.
    """

    path: Path
    name: str
    size: int
    member: str | None = None

    @property
    def basename(self) -> str:
        """The last part of the name."""
        return PurePosixPath(self.name).name

    @property
    def folder(self) -> str:
        """The name without its last part, ``"."`` at the top."""
        return str(PurePosixPath(self.name).parent)

    def open(self) -> BinaryIO:
        """A seekable binary stream; the caller closes it.

        Raises:
            RefusedInput: `unreadable_zip`.
            TransientFailure: `read_failed`.
        """
        if self.member is not None:
            with open_member(self.path, self.member) as stream:
                return BytesIO(stream.read())
        try:
            return self.path.open("rb")
        except OSError as error:
            raise TransientFailure(Reason.READ_FAILED, error.strerror or "cannot be opened") from error

    def head(self, count: int) -> bytes:
        """The first `count` bytes, fewer if the file is shorter; same errors as `open`."""
        if self.member is not None:
            with open_member(self.path, self.member) as stream:
                return stream.read(count)
        with self.open() as stream:
            try:
                return stream.read(count)
            except OSError as error:
                raise TransientFailure(Reason.READ_FAILED, error.strerror or "cannot be read") from error

    def read(self) -> bytes:
        """All bytes; same errors as `open`."""
        with self.open() as stream:
            return stream.read()

    def sha256(self) -> str:
        """Hex digest of the bytes; same errors as `open`."""
        digest = hashlib.sha256()
        with self.open() as stream:
            while block := stream.read(_HASH_BLOCK):
                digest.update(block)
        return digest.hexdigest()


def single(path: Path) -> FileRef:
    """The reference to one file on disk, named by its last part."""
    return FileRef(path, path.name, path.stat().st_size)


def check_input(path: Path) -> None:
    """Refuse what is neither a file nor a folder before it is opened: a pipe would be waited for without end.

    Raises:
        RefusedInput: `input_not_found`, `not_an_image`.
        TransientFailure: `read_failed`.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno in _NOT_THERE:
            longer = error.errno == errno.ENAMETOOLONG
            raise RefusedInput(
                Reason.INPUT_NOT_FOUND, "a path longer than the system allows" if longer else "no such file or folder"
            ) from error
        raise TransientFailure(Reason.READ_FAILED, error.strerror or "cannot be opened") from error
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise RefusedInput(Reason.NOT_AN_IMAGE, "a pipe, socket or device, neither a file nor a folder")


class SameContent:
    """Is a file the one to leave out? Hashes only files of the same size."""

    def __init__(self, path: Path | None) -> None:
        self._file = single(path) if path is not None and path.is_file() else None
        self._digest: str | None = None

    def __call__(self, file: FileRef) -> bool:
        """True for the file itself and for every copy of it."""
        if self._file is None or file.size != self._file.size or not file.size:
            return False
        try:
            self._digest = self._digest or self._file.sha256()
            return file.sha256() == self._digest
        except (RefusedInput, TransientFailure):
            return False  # unreadable: opening it later gives the reason


def walk(
    root: Path,
    skip_folders: frozenset[str] = frozenset(),
    on_error: Callable[[str, TransientFailure], None] | None = None,
    on_skip: Callable[[str], None] | None = None,
) -> Iterator[FileRef]:
    """Every file below a folder, in a stable order; hidden ones and `skip_folders` left out.

    Links to folders are followed (annexed datasets are made of them), each real folder once, so loops end. A folder that cannot be
    opened is told to `on_error` by its path below the root, what is left out to `on_skip` by its own name.

    Raises:
        TransientFailure: `read_failed` for the root itself.
    """
    seen: set[tuple[int, int]] = set()
    pending = [(root, PurePosixPath())]
    while pending:
        folder, relative = pending.pop()
        try:
            status = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            failure = TransientFailure(Reason.READ_FAILED, f"folder: {error.strerror or 'cannot be opened'}")
            if folder == root:
                raise failure from error
            if on_error is not None:
                on_error(str(relative), failure)
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        folders = []
        for entry in entries:
            if entry.name.startswith("."):
                _tell(on_skip, entry.name)
                continue
            try:
                if entry.is_dir():
                    if entry.name.lower() in skip_folders:
                        _tell(on_skip, entry.name)
                    else:
                        folders.append((Path(entry.path), relative / entry.name))
                elif entry.is_file():
                    yield FileRef(Path(entry.path), str(relative / entry.name), entry.stat().st_size)
            except OSError:
                continue
        pending.extend(reversed(folders))


def _tell(on_skip: Callable[[str], None] | None, name: str) -> None:
    if on_skip is not None:
        on_skip(name)


def walk_parts(root: Path, parts: Sequence[str], on_error: Callable[[str, TransientFailure], None]) -> Iterator[FileRef]:
    """The files of some parts of a folder, named relative to the folder.

    Args:
        root: the folder.
        parts: POSIX paths below it, ``"."`` itself: of a folder, the files directly in it; or a file.
        on_error: is told of a part that cannot be read.

    `participants.tsv` of every folder above a part, up to the root, is yielded too.
    """
    tables = dict.fromkeys(above for part in parts for above in (PurePosixPath(part), *PurePosixPath(part).parents))
    seen = set()
    for name in (*parts, *(str(folder / "participants.tsv") for folder in tables)):
        path = root / name
        try:
            found = sorted(path.iterdir()) if path.is_dir() else [path] if path.exists() else []
            for file in found:
                relative = file.relative_to(root).as_posix()
                if file.is_file() and not file.name.startswith(".") and relative not in seen:
                    seen.add(relative)
                    yield FileRef(file, relative, file.stat().st_size)
        except OSError as error:
            on_error(name, TransientFailure(Reason.READ_FAILED, error.strerror or "cannot be opened"))


def walk_zip(path: Path, skip_folders: frozenset[str] = frozenset(), on_skip: Callable[[str], None] | None = None) -> Iterator[FileRef]:
    """Every file in a zip, read in memory, never unpacked to disk; what is left out is told to `on_skip`.

    Raises:
        RefusedInput: `unreadable_zip` or `unsafe_zip`.
    """
    for member in safe_members(path):
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        left_out = [p for n, p in enumerate(parts) if p.startswith(".") or (n < len(parts) - 1 and p.lower() in skip_folders)]
        if left_out:
            _tell(on_skip, left_out[0])
            continue
        yield FileRef(path, "/".join(parts), member.file_size, member.filename)
