"""Build hook: what is built carries the commit it was built from, in `commit.txt`; a wheel also what the 3-D view is drawn with.

NiiVue is fetched by npm (`fetch_viewer.py`): for a wheel into it, for an editable install into the checkout's `build/viewer`.
Where that cannot be, everything is built without it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_VIEWER = Path("build/viewer/niivue.js")
_PLACE = {"wheel": "gluteal_grade/_shipped/commit.txt", "sdist": "commit.txt"}


class CommitHook(BuildHookInterface[Any]):
    """Adds both. The commit is not written for an editable install, which reads the checkout, nor where it is not known."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to what is built."""
        root = Path(self.root)
        if self.target_name == "wheel" and _fetched(root) and version != "editable":
            for path in (root / _VIEWER, root / "LICENSE.niivue"):
                build_data["force_include"][str(path)] = f"gluteal_grade/_shipped/viewer/{path.name}"
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


def _fetched(root: Path) -> bool:
    """Whether the 3-D view's library is there now."""
    try:
        subprocess.run([sys.executable, str(root / "fetch_viewer.py")], check=False, timeout=180)
    except (OSError, subprocess.SubprocessError):
        return False
    return (root / _VIEWER).is_file()


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
