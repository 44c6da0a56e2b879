"""One batch at a time writes to an output folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gluteal_grade import system
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
        handle = system.open_for_locking(out / name)
    except OSError as error:
        raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, error.strerror or "the lock cannot be written") from error
    try:
        try:
            held = system.lock(handle)
        except OSError as error:  # a file system without locks
            raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, f"no lock: {error.strerror}") from error
        if not held:
            raise TransientFailure(Reason.OUTPUT_IN_USE, "another one is running")
        yield
    finally:
        os.close(handle)
