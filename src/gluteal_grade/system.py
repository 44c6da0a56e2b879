"""What operating systems do each in their own way: locks, limits, memory, flushing. No other module asks which system it runs on.

What a system lacks is either done another way or left out, as said at each function. `tests/test_system.py` runs the program without
everything that Windows and macOS lack.
"""

from __future__ import annotations

import errno
import mmap
import os
import platform
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_BINARY = getattr(os, "O_BINARY", 0)  # Windows would write a carriage return before every line feed
_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_RESIDENT, _DATA = 1, 5  # fields of /proc/self/statm
_MB = 2**20


def lock(handle: int) -> bool:
    """Hold an open file for this process alone, without waiting; the system lets go of it when the process ends, however it ends.

    Returns:
        False where another one holds it.

    Raises:
        OSError: the file system knows no locks.
    """
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            _first_byte(handle, "LK_NBLCK")
    except OSError as error:
        if isinstance(error, BlockingIOError) or error.errno in _HELD:
            return False
        raise
    return True


def unlock(handle: int) -> None:
    """Let go of it, also where a forked process has the file open too."""
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_UN)
    else:
        _first_byte(handle, "LK_UNLCK")


def _first_byte(handle: int, mode: str) -> None:
    import msvcrt

    library: Any = msvcrt
    os.lseek(handle, 0, os.SEEK_SET)
    library.locking(handle, getattr(library, mode), 1)


def open_for_locking(path: Path) -> int:
    """A file that is there, or is made, and holds nothing; close it with `os.close`. Child processes do not get it."""
    return os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o644)


def write_through(path: Path, parts: tuple[bytes | memoryview, ...], mode: int = 0o600) -> None:
    """Write a new file, and return when it is on the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, mode)
    try:
        left = [memoryview(part) for part in parts]
        while left:
            done = os.writev(handle, left) if hasattr(os, "writev") else os.write(handle, left[0])
            while left and done >= len(left[0]):
                done -= len(left.pop(0))
            if left:
                left[0] = left[0][done:]
        flush(handle)
    finally:
        os.close(handle)


def flush(handle: int) -> None:
    """Onto the disk. macOS leaves data in the drive's own memory unless it is asked in its own way."""
    if fcntl is not None and hasattr(fcntl, "F_FULLFSYNC"):
        with suppress(OSError):  # a file system that cannot
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
    os.fsync(handle)


def flush_folder(path: Path) -> None:
    """Names in a folder onto the disk; Windows opens no folders, its file systems keep a journal of names."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        if fcntl is not None:
            raise
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def wanted_soon(path: Path) -> None:
    """Ask the system to read a file ahead; a hint, where there is such a thing.

    Raises:
        OSError: it cannot be opened.
    """
    if not hasattr(os, "posix_fadvise"):
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)
    finally:
        os.close(handle)


def linked(source: Path, target: Path) -> None:
    """The file under another name: a link, or a copy where users may make none."""
    try:
        target.symlink_to(source.absolute())
    except (OSError, NotImplementedError):
        shutil.copyfile(source, target)


def read_by_others(path: Path) -> bool:
    """Whether the mode bits let others read it; Windows has none, its access lists are not looked at."""
    return fcntl is not None and bool(path.stat().st_mode & 0o077)


def node() -> str:
    """The name of this machine."""
    return platform.node() or "this machine"


def cores() -> int:
    """That this process may use, or that the machine has where that cannot be told."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_mb() -> float | None:
    """Of the machine; None where it cannot be told."""
    if hasattr(os, "sysconf"):
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _MB
        except (ValueError, OSError):
            return None
    import psutil

    return float(psutil.virtual_memory().total) / _MB


def peak_mb() -> float:
    """Most memory that this process has held."""
    if resource is not None:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / _MB if sys.platform == "darwin" else most / 1024
    import psutil

    held = psutil.Process().memory_info()
    return float(getattr(held, "peak_wset", held.rss)) / _MB


def resident_mb() -> float:
    """Memory that this process holds now; the most it has held where that cannot be told."""
    return _of_statm(_RESIDENT) or peak_mb()


def limit_growth(mb: float) -> None:
    """An allocation that takes the process that far beyond what it holds fails; no bound where the system has none (Windows)."""
    if resource is None:
        return
    limit = int((_of_statm(_DATA) + mb) * _MB)
    with suppress(ValueError, OSError):  # beyond a limit that was set before
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def step_back(steps: int) -> None:
    """Let other processes go first, where it can be asked for."""
    if hasattr(os, "nice"):
        os.nice(steps)


def _of_statm(field: int) -> float:
    """A size of this process, MB; 0 where it cannot be had (not Linux). See proc(5)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[field])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * mmap.PAGESIZE / _MB
