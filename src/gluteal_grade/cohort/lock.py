"""One batch at a time writes to an output folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gluteal_grade.errors import Reason, TransientFailure

LOCK = ".batch.lock"


@contextmanager
def locked(out: Path, name: str = LOCK) -> Iterator[None]:
    """Hold the folder, made if it is not there; the system lets go of it when the process ends, however it ends.

    Raises:
        TransientFailure: `output_in_use`, `output_not_writable`.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, error.strerror or "the lock cannot be written") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TransientFailure(Reason.OUTPUT_IN_USE, "another one is running") from None
        except OSError as error:  # a file system without locks
            raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, f"no lock: {error.strerror}") from error
        yield
    finally:
        os.close(handle)
