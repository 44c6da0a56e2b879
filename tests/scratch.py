"""Folders that a test process makes once and keeps until it ends; `tmp_path` is for what one test needs."""

import atexit
import shutil
from pathlib import Path
from tempfile import mkdtemp


def kept_folder(prefix: str) -> Path:
    """A new folder, deleted when this process ends, after what was registered later has stopped."""
    folder = Path(mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
