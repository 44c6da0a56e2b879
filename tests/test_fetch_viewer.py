"""The 3-D view's library: named with its version in one place, and an installation does without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def fetched(folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """With these programs only."""
    command = [sys.executable, "-S", str(ROOT / "fetch_viewer.py"), "--to", str(folder)]
    return subprocess.run(command, env={**os.environ, "PATH": str(path)}, capture_output=True, text=True, timeout=120)


def test_lock_and_package_name_one_version_and_no_registry() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    (version,) = package["dependencies"].values()
    assert lock["packages"]["node_modules/@niivue/niivue"]["version"] == version
    assert all("resolved" not in one for one in lock["packages"].values())
    assert all("integrity" in one for name, one in lock["packages"].items() if name)


def test_without_npm_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    done = fetched(tmp_path / "viewer", tmp_path)
    assert (done.returncode, done.stderr.strip()) == (1, "no 3-D view in the review app: there is no npm")
    assert not (tmp_path / "viewer").exists()


def test_an_npm_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8", newline="\n")
    npm.chmod(0o755)
    viewer = tmp_path / "viewer"
    viewer.mkdir()
    (viewer / "niivue.js").write_text("older", encoding="utf-8", newline="\n")
    done = fetched(viewer, tmp_path)
    assert (done.returncode, done.stderr.strip()) == (1, "no 3-D view in the review app: npm did not get it")
    assert [p.name for p in viewer.iterdir()] == ["niivue.js"]
