"""Build hook: a wheel or source archive carries the commit it was built from, in `commit.txt`."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PLACE = {"wheel": "gluteal_grade/_shipped/commit.txt", "sdist": "commit.txt"}


class CommitHook(BuildHookInterface[Any]):
    """Writes the commit; nothing for an editable install, which reads the checkout, and nothing where it is not known."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file to what is built."""
        commit = _commit(Path(self.root))
        if version == "editable" or commit is None:
            return
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
            file.write(f"{commit}\n")
        self._file = Path(file.name)
        build_data["force_include"][file.name] = _PLACE[self.target_name]

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's form
        """Remove the temporary file."""
        if hasattr(self, "_file"):
            self._file.unlink()


def _commit(root: Path) -> str | None:
    """Of a checkout, `-dirty` behind it where tracked files were changed; of an unpacked source archive, the one it carries."""
    carried = root / "commit.txt"
    if not (root / ".git").exists():
        return (carried.read_text().strip() or None) if carried.exists() else None
    command = ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None
