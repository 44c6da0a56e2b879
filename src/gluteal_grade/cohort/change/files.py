"""Files that are whole or not there: written under another name in the same folder, then renamed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gluteal_grade.errors import Reason, TransientFailure


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name to write to; becomes `path` at the end of the block, or vanishes if that raises.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    scratch = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield scratch
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        raise not_writable(error) from error


def not_writable(error: OSError) -> TransientFailure:
    """The failure to tell, without the path."""
    return TransientFailure(
        Reason.OUTPUT_NOT_WRITABLE, f"{type(error).__name__}: {os.strerror(error.errno) if error.errno else 'no errno'}"
    )
